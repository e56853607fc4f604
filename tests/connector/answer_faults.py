"""Faults that change an answer on its way out: another answer, other JSON, cut or slow bytes."""
import base64
import json
import time

import graphql_api
from http_side import Answer

HTML = b"<!DOCTYPE html><html><body><h1>%s</h1></body></html>\n"
TIMED_OUT = b'{"Message":"operation has timed out"}'
DIRECTOR_DOWN = graphql_api.NO_TOKEN + (
    "while calling director for CSR one time token: Post \"http://compass-director:3000/graphql\": "
    "dial tcp 10.0.0.1:3000: connect: connection refused")
DEFAULT_FIELDS = {"sign": "clientCertificate", "configuration": "subject"}
CHUNK = b" " * 65536


def instead(fault):
    """The answer of a layer in front, for the stage 'gateway'."""
    if fault.kind == "status":
        return Answer(fault["status"], fault["body"].encode(), fault["content_type"],
                      dict(fault["headers"]))
    if fault.kind == "redirect":
        return Answer(fault["status"], b"", None, {"Location": fault["location"]})
    if fault.kind == "huge_body":
        return Answer(200, content_type="application/json", body_size=fault["size"])
    if fault.kind == "busy_429":
        return Answer(429, b"local_rate_limited", "text/plain",
                      {"x-local-rate-limit": "gateway", "Retry-After": fault["retry_after"]})
    return {
        "html_200": Answer(200, HTML % b"It works", "text/html"),
        "html_404": Answer(404, HTML % b"Not found", "text/html"),
        "empty_400": Answer(400),
        "error_422": Answer(422, graphql_api.errors_body([{
            "message": "no operation provided",
            "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]), "application/json"),
        "error_500": Answer(500, b'{"message":"Internal Server Error"}', "application/json"),
        "error_502": Answer(502, b"", None),
        "error_503": Answer(503, TIMED_OUT),
    }[fault.kind]


def change(fault, answer, operation):
    """Changes the answer, for the stage 'answer'."""
    kind = fault.kind
    if kind == "content_type":
        answer.content_type = fault["value"]
    elif kind == "date":
        answer.date_offset += fault["seconds"]
    elif kind == "trailing_bytes":
        answer.body += fault["text"].encode()
    elif kind == "truncated_json":
        answer.body = answer.body[:-fault["bytes"]]
    elif kind == "not_json":
        answer.body = fault["text"].encode()
    elif kind == "empty_body":
        answer.body = b""
    elif kind == "duplicate_names":
        answer.body = b'{"data":{"result":null},' + answer.body[1:]
    elif kind == "director_down":
        answer.body = graphql_api.errors_body([{"message": DIRECTOR_DOWN, "path": ["result"]}])
    else:
        answer.body = _dump(_change_json(fault, json.loads(answer.body), operation))


def _dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _change_json(fault, document, operation):
    kind = fault.kind
    if kind == "errors_200":
        errors = [{"message": fault["message"], "path": ["result"]}]
        return {"errors": errors, "data": document["data"] if fault["keep_data"] else None}
    if kind == "data_null":
        return {"data": None}
    if kind == "data_missing":
        return {}
    if kind == "result_null":
        return {"data": {alias: None for alias in document["data"] or {}}}
    if kind == "result_missing":
        return {"data": {}}
    _change_field(document.get("data"), fault["field"] or DEFAULT_FIELDS.get(operation), fault)
    return document


def _change_field(value, field, fault):
    """Wherever the field is below value."""
    if not isinstance(value, dict):
        return
    if field in value:
        if fault.kind == "field_missing":
            del value[field]
        else:
            value[field] = _changed(fault, value[field])
    for inner in value.values():
        _change_field(inner, field, fault)


def _changed(fault, value):
    if fault.kind == "field_null":
        return None
    if fault.kind == "field_value":
        return fault["value"]
    if fault.kind == "huge_field":
        return "A" * fault["size"]
    if fault.kind == "bad_base64":
        return value[:40] + "!" + value[41:]
    text = base64.b64decode(value)
    if fault["how"] == "label":
        text = text.replace(b"BEGIN CERTIFICATE", b"BEGIN", 1)
    elif fault["how"] == "body":
        text = text[:100] + b"!!!!" + text[104:]
    else:
        text = b"-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n-----END CERTIFICATE-----\n"
    return base64.b64encode(text).decode()


class Cut(Exception):
    """how: close, close_notify or reset."""


def send(stream, answer, faults):
    """Writes the answer; raises Cut when the connection is to end with it."""
    data = answer.head() + answer.body
    start = 0
    for fault in faults:
        if fault.kind == "lose_answer":
            raise Cut("close")
        if fault.kind == "cut":
            stream.write(data[start:fault["after"]])
            raise Cut(fault["how"])
        if fault.kind == "pause":
            stream.write(data[start:fault["after"]])
            start = fault["after"]
            fault.wait()
        if fault.kind == "drip":
            for position in range(start, len(data)):
                stream.write(data[position:position + 1])
                time.sleep(1 / fault["bytes_per_second"])
            start = len(data)
    if data[start:]:
        stream.write(data[start:])
    for _ in range((answer.body_size or 0) // len(CHUNK)):
        stream.write(CHUNK)
    if answer.body_size:
        stream.write(CHUNK[:answer.body_size % len(CHUNK)])

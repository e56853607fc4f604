"""From a request to its answer: the layers in front of the Connector, then its own HTTP."""
import json

import answer_faults
import certificates
from answer_faults import Cut
from graphql_api import errors_body
from http_side import EMPTY_JSON, Answer
from identities import STRIPPED, NotIdentified, caller_of

BUFFER_LIMIT = 2097152
JSON = "application/json"
JSON_KINDS = {list: "array", str: "string", int: "number", float: "number", bool: "bool"}


class BadBody(Exception):
    """json request body could not be decoded: ..."""


def open_call(connector, connection, request):
    call = connector.journal.call(connection, request)
    call.operation = _operation(connector, request)
    token = _token(request)
    call.token_sha256 = certificates.sha256(token.encode()) if token else None
    call.faults = connector.faults.take(call.operation)
    return call


def answer(connector, call, certificate, request):
    """Raises Cut when the connection is to end without an answer."""
    for fault in call.faults:
        if fault.kind in ("close", "reset"):
            raise Cut(fault.kind)
        if fault.kind == "stall":
            fault.wait()
    given = None
    if call.side != "inner":
        given = _gateway(connector, certificate, request)
    for fault in call.faults:
        if fault.stage == "gateway":
            given = answer_faults.instead(fault)
    if given is None:
        given = _connector(connector, call, request)
        for fault in call.faults:
            if fault.stage == "answer":
                answer_faults.change(fault, given, call.operation)
    given.date_offset += connector.settings.date_offset
    return given


def _operation(connector, request):
    try:
        parameters = _parameters(request)
    except BadBody:
        return "invalid"
    return connector.api.operation_of(parameters.get("query") or "",
                                      parameters.get("operationName"))


def _token(request):
    return request.headers.get("connector-token") or request.query.get("token", [""])[0]


def _gateway(connector, certificate, request):
    """What the TLS side adds: trusted headers instead of the client's, limits, the path."""
    if len(request.body) > BUFFER_LIMIT:
        return Answer(413, b"Payload Too Large", "text/plain")
    if not request.path.startswith("/connector/"):
        return _not_found()
    request.path = request.path[len("/connector"):]
    token = _token(request)
    for name in STRIPPED:
        request.headers.pop(name, None)
    request.headers.update(connector.identities.headers(token, certificate))
    if request.method != "GET" and request.path == "/graphql":
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            return Answer(502, b"", None)
    return None


def _not_found():
    return Answer(404, b"404 page not found\n", "text/plain; charset=utf-8")


def _connector(connector, call, request):
    if request.path == "/healthz":
        return Answer(200, b"ok")
    if request.path != "/graphql":
        return _not_found()
    authorization = request.headers.get("authorization")
    if authorization and len(authorization) < len("Bearer "):
        raise Cut("close_notify")  # the real one panics on its slice
    try:
        call.caller = caller_of(request.headers)
    except NotIdentified:
        return Answer(400)
    call.client_id = call.caller.client_id or None
    call.identity = "token" if call.caller.from_token else \
        "certificate" if call.caller.from_certificate else None
    return _transport(connector, call, request)


def _transport(connector, call, request):
    """gqlgen's transports: OPTIONS, GET for queries, POST of JSON."""
    if request.method in ("OPTIONS", "HEAD"):
        return Answer(200 if request.method == "OPTIONS" else 405, b"", None,
                      {"Allow": "OPTIONS, GET, POST"})
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.method != "GET" and (request.method != "POST" or media_type != JSON):
        return Answer(400, errors_body([{"message": "transport not supported"}]), EMPTY_JSON)
    try:
        parameters = _parameters(request)
    except BadBody as error:
        text = request.body.decode("utf-8", "replace")
        message = f"json request body could not be decoded: {error} body:{text}"
        return Answer(400, errors_body([{"message": message}]), JSON)
    status, body = connector.api.execute(parameters, call, request.method == "GET")
    return Answer(status, body, JSON)


def _parameters(request):
    """{"query", "operationName", "variables"}; refused in the words of Go's encoding/json."""
    if request.method == "GET":
        one = {name: values[0] for name, values in request.query.items()}
        try:
            variables = json.loads(one["variables"]) if one.get("variables") else {}
        except ValueError:
            raise BadBody("variables could not be decoded") from None
        return {"query": one.get("query"), "operationName": one.get("operationName"),
                "variables": variables}
    text = request.body.decode("utf-8", "replace")
    if not text.strip():
        raise BadBody("EOF")
    try:
        parameters, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except json.JSONDecodeError as error:
        if error.pos >= len(text.strip()):
            raise BadBody("unexpected EOF") from None
        raise BadBody(f"invalid character '{text.lstrip()[error.pos]}' "
                      "looking for beginning of value") from None
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise BadBody(f"json: cannot unmarshal {JSON_KINDS[type(parameters)]} into Go value of "
                      "type graphql.RawParams")
    for name, kind, go_type in (("query", str, "string"), ("operationName", str, "string"),
                                ("variables", dict, "map[string]interface {}")):
        value = parameters.get(name)
        if value is not None and not isinstance(value, kind):
            found = "object" if isinstance(value, dict) else JSON_KINDS[type(value)]
            raise BadBody(f"json: cannot unmarshal {found} into Go struct field "
                          f"RawParams.{name} of type {go_type}")
    return parameters

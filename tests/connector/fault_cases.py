"""For each fault that a call can suffer: what a client must then see. Used by test_faults.py."""
import base64
import email.utils
import json
import time

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

import certificates
import pem

CASES = {}


def case(kind, operation="sign", **parameters):
    """The check is given (connector, identity, reply)."""
    def register(check):
        CASES.setdefault(kind, []).append((operation, parameters, check))
        return check
    return register


def all_cases():
    for kind, cases in CASES.items():
        for number, (operation, parameters, check) in enumerate(cases):
            yield pytest.param(kind, operation, parameters, check, id=f"{kind}-{number}")


def leaf(reply):
    return x509.load_der_x509_certificate(pem.first_block(
        base64.b64decode(reply.result["clientCertificate"])))


def chain(reply, field="certificateChain"):
    return [x509.load_der_x509_certificate(one)
            for one in pem.blocks(base64.b64decode(reply.result[field]))]


def signed_by(certificate, issuer):
    try:
        issuer.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes,
                                   padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def now():
    return certificates.now().replace(tzinfo=None)


def raw_case(kind, expected_status, expected_body, **parameters):
    @case(kind, "any", **parameters)
    def _(_connector, _identity, reply):
        assert (reply.status, reply.body) == (expected_status, expected_body)


raw_case("status", 418, b"tea", status=418, body="tea", headers={"X-A": "b"})
raw_case("html_404", 404, b"<!DOCTYPE html><html><body><h1>Not found</h1></body></html>\n")
raw_case("empty_400", 400, b"")
raw_case("error_500", 500, b'{"message":"Internal Server Error"}')
raw_case("error_502", 502, b"")
raw_case("error_503", 503, b'{"Message":"operation has timed out"}')
raw_case("data_null", 200, b'{"data":null}')
raw_case("data_missing", 200, b"{}")
raw_case("result_null", 200, b'{"data":{"result":null}}')
raw_case("result_missing", 200, b'{"data":{}}')
raw_case("not_json", 200, b"ok")
raw_case("empty_body", 200, b"")


@case("html_200")
def _(_connector, _identity, reply):
    assert reply.status == 200 and reply.header("Content-Type") == "text/html"


@case("error_422")
def _(_connector, _identity, reply):
    assert reply.status == 422 and json.loads(reply.body)["errors"][0]["extensions"]


@case("busy_429", retry_after="7")
def _(_connector, _identity, reply):
    assert reply.status == 429 and reply.header("Retry-After") == "7"
    assert reply.header("x-local-rate-limit") == "gateway"


@case("redirect", location="https://elsewhere.example/", status=307)
def _(_connector, _identity, reply):
    assert reply.status == 307 and reply.header("Location") == "https://elsewhere.example/"


@case("errors_200", message="out of luck")
def _(_connector, _identity, reply):
    assert reply.status == 200 and reply.message == "out of luck"
    assert json.loads(reply.body)["data"] is None


@case("errors_200", keep_data=True)
def _(_connector, _identity, reply):
    assert reply.result["clientCertificate"] and reply.message


@case("director_down", "configuration")
def _(_connector, _identity, reply):
    assert reply.status == 200 and reply.message.endswith("connect: connection refused")


@case("field_null")
@case("field_null", field="caCertificate")
def _(_connector, _identity, reply):
    assert None in reply.result.values() and len(reply.result) == 3


@case("field_null", "configuration", field="managementPlaneInfo")
def _(_connector, _identity, reply):
    assert reply.result["managementPlaneInfo"] is None


@case("field_missing", field="certificateChain")
def _(_connector, _identity, reply):
    assert set(reply.result) == {"caCertificate", "clientCertificate"}


@case("field_value", "configuration", field="subject", value="O=x")
def _(_connector, _identity, reply):
    assert reply.result["certificateSigningRequestInfo"]["subject"] == "O=x"


@case("bad_base64")
def _(_connector, _identity, reply):
    with pytest.raises(ValueError):
        base64.b64decode(reply.result["clientCertificate"], validate=True)


@case("bad_pem", how="label")
@case("bad_pem", how="body")
def _(_connector, _identity, reply):
    assert pem.first_block(base64.b64decode(reply.result["clientCertificate"])) is None


@case("bad_pem", how="der", field="caCertificate")
def _(_connector, _identity, reply):
    assert pem.first_block(base64.b64decode(reply.result["caCertificate"])) == b"garbage"


@case("huge_field", size=70000)
def _(_connector, _identity, reply):
    assert len(reply.result["clientCertificate"]) == 70000


@case("duplicate_names")
def _(_connector, _identity, reply):
    assert reply.body.count(b'"data":') == 2 and reply.body.startswith(b'{"data":{"result":null}')


@case("trailing_bytes", text="\n{}")
def _(_connector, _identity, reply):
    assert reply.body.endswith(b"}\n{}") and reply.header("Content-Length") == str(len(reply.body))


@case("truncated_json", bytes=3)
def _(_connector, _identity, reply):
    assert reply.ended == "open" and not reply.body.endswith(b"}")


@case("content_type", value="text/plain")
def _(_connector, _identity, reply):
    assert reply.header("Content-Type") == "text/plain" and reply.result


@case("date", seconds=-86400)
def _(_connector, _identity, reply):
    sent = email.utils.parsedate_to_datetime(reply.header("Date")).timestamp()
    assert -86410 < sent - time.time() < -86390 and reply.result


@case("leaf_other_key")
def _(_connector, identity, reply):
    assert leaf(reply).public_key().public_numbers() != identity.key.public_key().public_numbers()
    assert signed_by(*chain(reply)[:2])


@case("leaf_other_subject", subject={"CN": "eve", "O": "Evil"})
def _(_connector, _identity, reply):
    subject = leaf(reply).subject.rfc4514_string()
    assert "CN=eve" in subject and "O=Evil" in subject and "OU=OrgUnit" in subject


@case("leaf_other_issuer")
def _(_connector, _identity, reply):
    made, issuer = chain(reply)
    assert made.issuer == issuer.subject and not signed_by(made, issuer)


@case("leaf_other_issuer", same_name=False)
def _(_connector, _identity, reply):
    made, issuer = chain(reply)
    assert made.issuer != issuer.subject and not signed_by(made, issuer)


@case("leaf_expired", seconds=60)
def _(_connector, _identity, reply):
    assert -70 < (leaf(reply).not_valid_after - now()).total_seconds() < -50


@case("leaf_not_yet_valid", seconds=600)
def _(_connector, _identity, reply):
    assert 590 < (leaf(reply).not_valid_before - now()).total_seconds() < 610


def extensions(certificate):
    return {one.oid._name: one.value for one in certificate.extensions}


@case("leaf_no_client_auth")
def _(_connector, _identity, reply):
    usages = extensions(leaf(reply))["extendedKeyUsage"]
    assert [one.dotted_string for one in usages] == [certificates.SERVER_AUTH]


@case("leaf_no_client_auth", server_auth=False)
def _(_connector, _identity, reply):
    assert "extendedKeyUsage" not in extensions(leaf(reply))


@case("leaf_no_digital_signature")
def _(_connector, _identity, reply):
    assert "keyUsage" not in extensions(leaf(reply))


@case("leaf_bad_signature")
def _(_connector, _identity, reply):
    made, issuer = chain(reply)
    assert made.issuer == issuer.subject and not signed_by(made, issuer)


@case("ca_other")
def _(_connector, _identity, reply):
    made, issuer = chain(reply)
    assert chain(reply, "caCertificate") == [issuer]
    assert made.issuer == issuer.subject and not signed_by(made, issuer)


@case("ca_other", same_name=False)
def _(_connector, _identity, reply):
    assert chain(reply)[1].subject.rfc4514_string() == "CN=Another CA"


@case("ca_expired")
def _(_connector, _identity, reply):
    made, issuer = chain(reply)
    assert issuer.not_valid_after < now() and signed_by(made, issuer)


@case("chain_reversed")
def _(_connector, _identity, reply):
    issuer, made = chain(reply)
    assert made == leaf(reply) and signed_by(made, issuer)


@case("chain_without_ca")
def _(_connector, _identity, reply):
    assert chain(reply) == [leaf(reply)] and len(chain(reply, "caCertificate")) == 1


@case("chain_blocks")
def _(_connector, _identity, reply):
    assert len(chain(reply)) == 200 and len(chain(reply, "caCertificate")) == 199


@case("cut", after=9)
def _(_connector, _identity, reply):
    assert (reply.raw, reply.ended) == (b"HTTP/1.1 ", "cut")


@case("cut", after=300, how="close_notify")
def _(_connector, _identity, reply):
    assert (len(reply.raw), reply.ended) == (300, "close_notify")


@case("cut", after=0, how="reset")
def _(_connector, _identity, reply):
    assert (reply.raw, reply.ended) == (b"", "cut")


@case("lose_answer")
def _(connector, _identity, reply):
    assert (reply.raw, reply.ended) == (b"", "cut")
    assert len(connector.certificates()) == 1 and connector.calls()[-1]["status"] is None


@case("close")
@case("reset")
def _(connector, _identity, reply):
    assert (reply.raw, reply.ended) == (b"", "cut") and connector.certificates() == []


def final(connector):
    """The last call, once the server has come back from sending: a client may be faster."""
    end = time.monotonic() + 5
    while not connector.calls()[-1]["sent"]:
        assert time.monotonic() < end
    return connector.calls()[-1]


@case("stall", seconds=0.2)
@case("pause", seconds=0.2, after=100)
def _(connector, _identity, reply):
    assert reply.result and final(connector)["milliseconds"] >= 200


@case("drip", "configuration", bytes_per_second=5000)
def _(connector, _identity, reply):
    assert reply.result and final(connector)["milliseconds"] > len(reply.raw) / 5000 * 1000

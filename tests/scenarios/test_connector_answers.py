"""Answers that are not the expected one: refused, the old identity stays, the new key is kept."""
import time

import pytest

CALLS = {"configuration": 1, "sign": 2}  # up to the one that fails
MEMORY = 64 * 1024 * 1024

# (operation, kind, parameters, exit status, error.class, what the message must say)
REFUSED = (76, "connector")
PASSING = (75, "network")
ANYWHERE = [
    ("html_200", {}, REFUSED, ["HTTP 200", "text/html", "not valid JSON"]),
    ("html_404", {}, REFUSED, ["HTTP 404"]),
    ("status", {"status": 204}, REFUSED, ["HTTP 204"]),
    ("status", {"status": 403, "body": "RBAC: access denied"}, REFUSED, ["HTTP 403"]),
    ("status", {"status": 400, "body": '{"errors":[{"message":"transport not supported"}]}'},
     REFUSED, ["HTTP 400", "transport not supported"]),
    ("error_422", {}, REFUSED, ["HTTP 422", "no operation provided"]),
    ("status", {"status": 408}, PASSING, ["HTTP 408"]),
    ("busy_429", {}, PASSING, ["HTTP 429"]),
    ("error_500", {}, PASSING, ["HTTP 500"]),
    ("error_502", {}, PASSING, ["HTTP 502"]),
    ("error_503", {}, PASSING, ["HTTP 503"]),
    ("status", {"status": 504}, PASSING, ["HTTP 504"]),
    ("status", {"status": 503, "body": '{"errors":[{"message":"no healthy upstream"}]}'},
     PASSING, ["HTTP 503", "no healthy upstream"]),
    ("data_null", {}, REFUSED, ["no data.result"]),
    ("data_missing", {}, REFUSED, ["no data.result"]),
    ("result_null", {}, REFUSED, ["no data.result"]),
    ("result_missing", {}, REFUSED, ["no data.result"]),
    ("duplicate_names", {}, REFUSED, ["not valid JSON", '"data" twice']),
    ("trailing_bytes", {"text": "}"}, REFUSED, ["not valid JSON"]),
    ("trailing_bytes", {"text": "{}"}, REFUSED, ["not valid JSON"]),
    ("trailing_bytes", {"text": "\0"}, REFUSED, ["not valid JSON"]),
    ("truncated_json", {}, REFUSED, ["not valid JSON"]),
    ("not_json", {}, REFUSED, ["not valid JSON"]),
    ("empty_body", {}, REFUSED, ["not valid JSON"]),
]
# What the Connector says with HTTP 200, as recorded from the real one.
ERRORS = [
    ("configuration", "Failed to get one-time token during fetching configuration process: could "
     "not get one time token: while calling director for CSR one time token: graphql: oh", PASSING),
    ("configuration", "Failed to authenticate request, consumer type not found: cannot read "
     "ConsumerType key from context", REFUSED),
    ("configuration", "Failed to get one-time token during fetching configuration process: could "
     "not get one time token: No token generation for consumer type Integration System", REFUSED),
    ("sign", "Error while signing Certificate Signing Request: Error while creating certificate: "
     "x509: provided PrivateKey doesn't match parent's PublicKey", PASSING),
    ("sign", "Error while signing Certificate Signing Request: Certificate data not found in the "
     "cache.", PASSING),
    ("sign", "Error while signing Certificate Signing Request: Error while decoding pem block",
     PASSING),
    ("sign", "internal system error", PASSING),
    ("sign", "Error while signing Certificate Signing Request: Error while decoding pem block.",
     REFUSED),
    ("sign", "Error while decoding Certificate Signing Request: Error while parsing base64 "
     "content. Incorrect value provided.", REFUSED),
    ("sign", "Error while signing Certificate Signing Request: CSR signature invalid: crypto/rsa: "
     "verification error", REFUSED),
    ("sign", "Error while signing Certificate Signing Request: CSR: No organization provided.",
     REFUSED),
    ("sign", "something that no Connector has said before", REFUSED),
]
FIELDS = [
    ("configuration", "certificateSigningRequestInfo"), ("configuration", "subject"),
    ("configuration", "keyAlgorithm"), ("sign", "clientCertificate"), ("sign", "caCertificate"),
    ("sign", "certificateChain"),
]
MAY_BE_ABSENT = ["managementPlaneInfo", "directorURL", "certificateSecuredConnectorURL"]
CERTIFICATES = [field for operation, field in FIELDS if operation == "sign"]


def assert_fails(host, operation, kind, expected, facts, **parameters):
    host.connector.forget()
    host.connector.fault(operation, kind, **parameters)
    result = host.assert_fails(*expected, host.connector.mtls_url, *facts)
    assert result["error"]["retry"] == (expected == PASSING)
    assert len(host.connector.calls()) == CALLS[operation]


@pytest.mark.parametrize("kind, parameters, expected, facts", ANYWHERE)
def test_an_answer_of_another_kind(host, kind, parameters, expected, facts):
    for operation in CALLS:
        assert_fails(host, operation, kind, expected, facts, **parameters)
    host.assert_recovers()


@pytest.mark.parametrize("operation, message, expected", ERRORS)
def test_an_error_with_status_200(host, operation, message, expected):
    assert_fails(host, operation, "errors_200", expected, [message], message=message)
    host.assert_recovers()


def test_an_error_beside_data_counts_as_an_error(host):
    for operation in CALLS:
        assert_fails(host, operation, "errors_200", REFUSED, ["out of luck"],
                     message="out of luck", keep_data=True)
    host.assert_recovers()


@pytest.mark.parametrize("operation, field", FIELDS)
def test_a_field_that_is_not_there(host, operation, field):
    for kind in ("field_null", "field_missing"):
        assert_fails(host, operation, kind, REFUSED, [field], field=field)
    host.assert_recovers()


def test_a_field_of_another_type(host):
    for value in ("", 42, ["O=x"], {"CN": "x"}, True):
        assert_fails(host, "configuration", "field_value", REFUSED, ["subject"], field="subject",
                     value=value)
    host.assert_recovers()


@pytest.mark.parametrize("kind", ["field_null", "field_missing"])
@pytest.mark.parametrize("field", MAY_BE_ABSENT)
def test_a_url_may_be_absent(host, field, kind):
    host.connector.fault("configuration", kind, field=field)
    result = host.assert_renews()
    wanted = host.connector.settings()
    for name, of in (("director_url", "directorURL"),
                     ("connector_url", "certificateSecuredConnectorURL")):
        absent = field in (of, "managementPlaneInfo")
        generation = host.generation()
        assert generation[name] == (None if absent else wanted[name])
    assert result["reason"] == "renewed"


@pytest.mark.parametrize("field", CERTIFICATES)
@pytest.mark.parametrize("kind, parameters, says", [
    ("bad_base64", {}, "not base64"), ("field_value", {"value": "TUlJ"}, "not PEM"),
    ("huge_field", {}, "long")])
def test_a_certificate_that_is_not_base64_of_pem(host, field, kind, parameters, says):
    assert_fails(host, "sign", kind, REFUSED, [field, says], field=field, **parameters)
    host.assert_recovers()


@pytest.mark.parametrize("algorithm", ["ec256", "rsa", "rsa99999999999"])
def test_a_kind_of_key_that_is_not_made_here(host, algorithm):
    host.connector.fault("configuration", "field_value", field="keyAlgorithm", value=algorithm)
    host.assert_fails(*REFUSED, f'"{algorithm}"', "RSA")
    assert host.connector.calls("sign") == []
    host.assert_recovers()


def test_a_key_that_is_too_small_gives_way_to_one_of_the_size_that_is_set(host):
    host.connector.fault("configuration", "field_value", field="keyAlgorithm", value="rsa3072",
                         times=None)
    host.assert_fails(*REFUSED, "RSA 3072", "2048", "key_bits")
    host.configure(key_bits=3072)
    host.assert_renews()
    assert host.calls("C_GenerateKeyPair") == 2
    assert host.certificate().public_key().key_size == 3072


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(host, status):
    host.connector.fault("configuration", "redirect", status=status,
                         location=host.connector.mtls_url + "?followed")
    host.assert_fails(*REFUSED, f"HTTP {status}", "redirect")
    assert len(host.connector.connections()) == 1
    assert [call["path"] for call in host.connector.calls()] == ["/connector/graphql"]
    host.assert_recovers()


@pytest.mark.parametrize("operation", CALLS)
def test_an_answer_of_100_mb_is_neither_kept_nor_waited_for(host, operation):
    host.connector.fault(operation, "huge_body")
    started = time.monotonic()
    host.assert_fails(*REFUSED, "larger than 1048576 bytes",
                      command=("prlimit", f"--data={MEMORY}"))
    assert time.monotonic() - started < 30
    host.assert_recovers()

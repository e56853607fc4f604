"""The stand-in is what README.md says: identities, tokens, TLS, rotation, control port."""
import base64
import json
import ssl
import subprocess
import time
from urllib.parse import urlsplit

import pytest

import certificates
import visitor
from client import ControlError, StandIn
from visitor import (CONFIGURATION, PROBE, REVOKE, SIGN, alert_of, ask, csr, enrol, obtain,
                     rejected)

@pytest.fixture(scope="module", name="running")
def running_fixture(tmp_path_factory):
    with StandIn(tmp_path_factory.mktemp("connector") / "data", "--ca-lag", 3600) as stand_in:
        stand_in.defaults = stand_in.settings()
        yield stand_in


@pytest.fixture(name="connector")
def connector_fixture(running):
    yield running
    running.clear_faults()
    running.settings(**running.defaults)
    running.forget()


@pytest.fixture(scope="module", name="identity")
def identity_fixture(running, tmp_path_factory):
    return enrol(running, tmp_path_factory.mktemp("identity"))


def test_a_one_time_token_is_burned_by_its_first_use(connector):
    token = {"Connector-Token": connector.token()["token"]}
    assert ask(connector, PROBE, headers=token).status == 200
    assert rejected(ask(connector, PROBE, headers=token))


def test_a_token_is_taken_from_the_url_too_and_raw_encoded_holds_both(connector):
    raw = json.loads(base64.b64decode(connector.token()["raw_encoded"]))
    assert raw["connectorURL"] == connector.token_url
    with visitor.connect(connector, connector.token_url) as tls:
        path = "/connector/graphql?token=" + raw["token"]
        tls.sendall(visitor.http_request(path, PROBE))
        assert visitor.receive(tls)[0].startswith(b"HTTP/1.1 200")


def test_configuration_mints_a_token_that_voids_the_one_before(connector):
    given = connector.token()["token"]
    minted = ask(connector, CONFIGURATION, headers={"Connector-Token": given}).result["token"]
    later = connector.token()["token"]
    assert len(minted["token"]) == 88 and minted["token"].endswith("==")
    assert rejected(ask(connector, PROBE, headers={"Connector-Token": minted["token"]}))
    assert ask(connector, PROBE, headers={"Connector-Token": later}).status == 200


def test_the_first_use_of_a_certificate_voids_the_token(connector, tmp_path):
    fresh = enrol(connector, tmp_path, "fresh-client")
    token = {"Connector-Token": connector.token("fresh-client")["token"]}
    assert ask(connector, PROBE, fresh.file).status == 200
    assert rejected(ask(connector, PROBE, headers=token))
    token = {"Connector-Token": connector.token("fresh-client")["token"]}
    assert ask(connector, PROBE, fresh.file).status == 200
    assert ask(connector, PROBE, headers=token).status == 200


def test_an_expired_token_and_no_token_are_nobody(connector):
    connector.settings(token_seconds=0)
    assert rejected(ask(connector, PROBE, headers={"Connector-Token": connector.token()["token"]}))
    assert rejected(ask(connector, PROBE))


@pytest.mark.parametrize("forged", [
    {"Client-Id-From-Token": "forged"}, {"Client-Id-From-Certificate": "forged"},
    {"Client-Certificate-Hash": "00"}, {"Subject-From-Certificate": "CN=forged"},
    {"Certificate-Data": 'Hash=00;Subject="CN=forged"'}, {"Authorization": "Bearer a.e30.b"},
    {"Authorization": "x"}])
def test_forged_identity_headers_are_stripped(connector, identity, forged):
    assert rejected(ask(connector, CONFIGURATION, headers=forged))
    info = ask(connector, CONFIGURATION, identity.file, headers=forged).result
    assert "forged" not in info["certificateSigningRequestInfo"]["subject"]
    assert connector.calls()[-1]["certificate_sha256"] == identity.sha256


def test_a_token_with_a_forged_certificate_header_cannot_revoke(connector):
    headers = {"Connector-Token": connector.token()["token"], "Client-Id-From-Certificate": "x"}
    assert ask(connector, REVOKE, headers=headers).message.startswith(
        "Failed to authenticate with certificate")


def test_the_token_wins_over_the_certificate(connector, identity):
    token = connector.token("another-client")["token"]
    info = ask(connector, CONFIGURATION, identity.file, headers={"Connector-Token": token}).result
    assert info["certificateSigningRequestInfo"]["subject"].endswith(",CN=another-client")


def test_a_revoked_certificate_is_nobody_and_another_of_the_same_client_is_not(
        connector, identity, tmp_path):
    client_id = connector.token()["client_id"]
    newer = obtain(connector, tmp_path, client_id, identity.file)
    assert ask(connector, REVOKE, newer.file).result is True
    assert rejected(ask(connector, PROBE, newer.file))
    assert ask(connector, PROBE, identity.file).status == 200
    third = obtain(connector, tmp_path, client_id, identity.file)
    connector.revoke(third.sha256)
    assert rejected(ask(connector, PROBE, third.file))


def test_a_client_that_is_not_registered_is_nobody(connector, identity):
    known = connector.settings()["client_ids"]
    connector.settings(client_ids=[])
    assert rejected(ask(connector, PROBE, identity.file))
    connector.settings(client_ids=known)
    assert ask(connector, PROBE, identity.file).status == 200


def test_a_certificate_with_another_subject_than_configured_is_nobody(connector, identity):
    connector.settings(subject={"OU": "Another"})
    assert rejected(ask(connector, PROBE, identity.file))


def test_the_subject_may_hold_commas_and_equals_signs(connector, tmp_path):
    values = {"O": "A, Inc (x)", "OU": "a=b+c"}
    connector.settings(subject=values)
    client_id = connector.token()["client_id"]
    token = {"Connector-Token": connector.token()["token"]}
    subject = ask(connector, CONFIGURATION, headers=token).result[
        "certificateSigningRequestInfo"]["subject"]
    assert subject == f"O=A, Inc (x),OU=a=b+c,L=locality,ST=province,C=DE,CN={client_id}"
    odd = enrol(connector, tmp_path, subject=values)
    assert ask(connector, PROBE, odd.file).status == 200


@pytest.mark.parametrize("first, second", zip(
    ("CN", "C", "O", "OU", "L"), ("C", "O", "OU", "L", "ST")))
def test_the_subject_is_checked_in_the_real_order(connector, identity, first, second):
    words = {"CN": "common name", "C": "country", "O": "organization",
             "OU": "organizational unit", "L": "locality"}
    wrong = {first: "XX", second: "YY"}
    request = csr(identity.key, connector.token()["client_id"], **wrong)
    message = ask(connector, SIGN, identity.file, {"csr": request}).message
    assert message.endswith(f"CSR: Invalid {words[first]} provided.")


@pytest.mark.parametrize("version, alert", [
    ("TLSv1_3", "certificate_required"), ("TLSv1_2", "handshake_failure")])
def test_no_certificate_is_an_alert(connector, version, alert):
    assert alert_of(lambda: ask(connector, PROBE, version=version, url=connector.mtls_url)) == alert
    assert connector.connections()[-1]["error"] == "peer did not return a certificate"


@pytest.mark.parametrize("version", ["TLSv1_3", "TLSv1_2"])
def test_a_certificate_of_another_ca_is_unknown_even_under_the_same_name(
        connector, tmp_path, version):
    key = visitor.new_key()
    other = certificates.make_ca(certificates.name("CN=Kyma"), key, 3600)
    file = visitor.save(tmp_path / "other.pem", key, certificates.certificate_pem(other))
    assert alert_of(lambda: ask(connector, PROBE, file, version=version)) == "unknown_ca"


@pytest.mark.parametrize("version", ["TLSv1_3", "TLSv1_2"])
def test_an_expired_certificate_is_an_alert(connector, tmp_path, version):
    connector.settings(validity_seconds=60, not_before_offset=-3600)
    expired = enrol(connector, tmp_path)
    assert alert_of(lambda: ask(connector, PROBE, expired.file, version=version)) == \
        "certificate_expired"


def s_client(connector, *options):
    port = urlsplit(connector.mtls_url).port
    return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=5).stdout


def test_the_names_of_acceptable_cas_are_sent(connector):
    heading = "Acceptable client certificate CA names\n"
    assert heading + "CN = Kyma\n" in s_client(connector)
    connector.settings(acceptable_cas=["O=Elsewhere,CN=Nobody"])
    assert heading + "O = Elsewhere, CN = Nobody\n" in s_client(connector)
    connector.settings(acceptable_cas=[])
    assert "No client certificate CA names sent" in s_client(connector)


def test_the_tls_version_can_be_limited(connector, identity):
    assert ask(connector, PROBE, identity.file).status == 200
    connector.settings(tls_max="1.2")
    assert ask(connector, PROBE, identity.file).status == 200
    assert [call["tls_version"] for call in connector.calls()] == ["TLSv1.3", "TLSv1.2"]


@pytest.mark.parametrize("version", ["TLSv1_3", "TLSv1_2"])
def test_a_resumed_session_is_told_from_a_fresh_one(connector, identity, version):
    first = ask(connector, PROBE, identity.file, version=version)
    again = ask(connector, PROBE, identity.file, version=version, session=first.session)
    assert again.resumed and again.status == 200
    calls = connector.calls()
    assert [call["resumed"] for call in calls] == [False, True]
    assert calls[1]["certificate_sha256"] == identity.sha256


@pytest.mark.parametrize("kind, reason", [
    ("expired", "certificate has expired"), ("not_yet_valid", "not yet valid"),
    ("wrong_host", "Hostname mismatch"), ("other_ca", "unable to get local issuer")])
def test_the_server_certificate_can_be_bad(connector, identity, kind, reason):
    connector.settings(server_certificate=kind)
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        ask(connector, PROBE, identity.file)


def test_listening_can_be_switched_off_and_on_at_the_same_port(connector, identity):
    connector.settings(listening=False)
    with pytest.raises(ConnectionRefusedError):
        ask(connector, PROBE, identity.file)
    connector.settings(listening=True)
    assert ask(connector, PROBE, identity.file).status == 200


def test_the_gateway_wants_a_json_object_with_a_query_and_at_most_2_mib(connector, identity):
    for body in (b"", b"[]", b'{"query":5}'):
        reply = ask(connector, None, identity.file, body=body)
        assert (reply.status, reply.body) == (502, b"")
    assert ask(connector, None, identity.file, body=b" " * 2097153).status == 413


def test_empty_parentheses_are_refused_by_the_newer_parser(connector, identity):
    query = "query { result: configuration() { token { token } } }"
    assert ask(connector, query, identity.file).status == 200
    connector.settings(strict_parser=True)
    reply = ask(connector, query, identity.file)
    assert (reply.status, reply.message) == (422, "expected at least one definition, found )")


def test_a_call_is_recorded_with_all_that_tests_need(connector, identity):
    ask(connector, PROBE, identity.file, headers={"x-request-id": "a-b-c"})
    call = connector.calls("probe")[-1]
    assert call["request_id"] == "a-b-c" and call["status"] == 200 and call["side"] == "mtls"
    assert call["certificate_sha256"] == identity.sha256 and call["identity"] == "certificate"
    assert call["client_id"] == connector.token()["client_id"]
    assert 0 < call["cpu_milliseconds"] and 0 < call["milliseconds"] < 1000
    connection = connector.connections()[-1]
    assert connection["number"] == call["connection"]
    assert connection["handshake_cpu_milliseconds"] > 0


def test_calls_on_one_connection_are_fast_and_share_its_number(connector, identity):
    with visitor.connect(connector, connector.mtls_url, identity.file) as tls:
        started = time.monotonic()
        for _ in range(20):
            tls.sendall(visitor.http_request("/connector/graphql", PROBE))
            assert visitor.receive(tls)[1] == "open"
        assert time.monotonic() - started < 20 * 0.040 / 2  # a delayed ACK is 40 ms
    assert len({call["connection"] for call in connector.calls()}) == 1


def test_the_issued_certificate_is_recorded(connector, identity, tmp_path):
    newer = obtain(connector, tmp_path, connector.token()["client_id"], identity.file)
    recorded = connector.certificates()[-1]
    assert recorded["sha256"] == newer.sha256
    assert recorded["key_sha256"] == certificates.sha256(
        certificates.public_key_info(newer.key.public_key()))
    assert recorded["not_after"][:19] == newer.leaf.not_valid_after.isoformat()


def test_what_does_not_exist_is_refused(connector):
    for call in (lambda: connector.settings(validity=1), lambda: connector.settings(tls_max="1.1"),
                 lambda: connector.fault("sign", "explode"), lambda: connector.fault("all", "cut"),
                 lambda: connector.fault("sign", "alert"), lambda: connector.ca(signer="third"),
                 lambda: connector.fault("sign", "cut", bytes=3),
                 lambda: connector.settings(subject={"X": "y"}),
                 lambda: connector.control("GET", "/nothing")):
        with pytest.raises(ControlError):
            call()

"""Each fault does what its name says, when it is due, and only then."""
import pathlib
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

import pytest

import faults
import visitor
from client import StandIn
from settings import Settings
from visitor import CONFIGURATION, PROBE, SIGN, ask, csr, enrol

pytest.register_assert_rewrite("fault_cases")
from fault_cases import CASES, all_cases  # noqa: E402 (after it is to be rewritten)

COUNTED = 100 * 1024 * 1024


@pytest.fixture(scope="module", name="running")
def running_fixture(tmp_path_factory):
    with StandIn(tmp_path_factory.mktemp("connector") / "data") as stand_in:
        yield stand_in


@pytest.fixture(scope="module", name="identity")
def identity_fixture(running, tmp_path_factory):
    return enrol(running, tmp_path_factory.mktemp("identity"))


@pytest.fixture(name="connector")
def connector_fixture(running, identity):
    running.forget()
    yield running
    running.clear_faults()
    assert sign(running, identity).result  # whatever it was, it is over


def sign(connector, identity):
    request = csr(identity.key, connector.token()["client_id"])
    return ask(connector, SIGN, identity.file, {"csr": request})


def configuration(connector, identity):
    return ask(connector, CONFIGURATION, identity.file)


@pytest.mark.parametrize("kind, operation, parameters, check", all_cases())
def test_a_fault_does_what_its_name_says(connector, identity, kind, operation, parameters, check):
    connector.fault(operation, kind, **parameters)
    call = configuration if operation == "configuration" else sign
    check(connector, identity, call(connector, identity))
    assert connector.faults()[0]["fired"] == 1
    assert kind in connector.calls()[-1]["faults"]


def test_a_huge_body_is_sent_whole(connector, identity):
    connector.fault("probe", "huge_body")
    with visitor.connect(connector, connector.mtls_url, identity.file) as tls:
        tls.sendall(visitor.http_request("/connector/graphql", PROBE))
        count = len(tls.recv(65536).partition(b"\r\n\r\n")[2])
        while count < COUNTED:
            count += len(tls.recv(1 << 20))
    assert count == COUNTED


@pytest.mark.parametrize("how, seen", [("close", b""), ("reset", ConnectionResetError)])
def test_a_cut_ends_the_tcp_connection_as_told(connector, how, seen):
    connector.fault("probe", "cut", after=0, how=how)
    with socket.create_connection(("127.0.0.1", urlsplit(connector.inner_url).port)) as plain:
        plain.sendall(visitor.http_request("/graphql", PROBE))
        if seen == b"":
            assert plain.recv(100) == b""
        else:
            with pytest.raises(seen):
                plain.recv(100)


@pytest.mark.parametrize("kind", ["close", "reset", "close_after_hello"])
def test_a_connection_can_be_refused(connector, identity, kind):
    connector.fault("connection", kind)
    with pytest.raises((ssl.SSLError, OSError)):
        ask(connector, PROBE, identity.file)
    assert connector.connections()[-1]["error"] == kind
    assert connector.calls() == []
    assert ask(connector, PROBE, identity.file).status == 200


def test_a_connection_can_be_stalled_before_tls(connector, identity):
    connector.fault("connection", "stall", seconds=0.2)
    started = time.monotonic()
    assert ask(connector, PROBE, identity.file).status == 200
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("version", ["TLSv1_3", "TLSv1_2"])
@pytest.mark.parametrize("alert", [
    "unknown_ca", "bad_certificate", "certificate_revoked", "certificate_expired",
    "unsupported_certificate", "certificate_unknown", "decrypt_error", "handshake_failure",
    "internal_error"])
def test_a_good_certificate_can_be_refused_with_an_alert(connector, identity, alert, version):
    connector.fault("connection", "alert", alert=alert)
    with pytest.raises(ssl.SSLError) as caught:
        ask(connector, PROBE, identity.file, version=version)
    assert caught.value.reason.lower().endswith("alert_" + alert)


def test_the_nth_calls_of_an_operation_are_counted_from_when_the_fault_was_set(
        connector, identity):
    ask(connector, PROBE, identity.file)
    connector.fault("probe", "error_502", nth=2, times=2)
    sign(connector, identity)
    assert [ask(connector, PROBE, identity.file).status for _ in range(4)] == [200, 502, 502, 200]
    connector.fault("any", "error_500", times=None)
    assert [ask(connector, PROBE, identity.file).status for _ in range(3)] == [500] * 3


def test_two_faults_at_once_both_happen(connector, identity):
    connector.fault("sign", "leaf_expired")
    connector.fault("sign", "lose_answer")
    assert sign(connector, identity).raw == b""
    assert connector.certificates()[-1]["faults"] == ["leaf_expired", "lose_answer"]


def test_a_stall_lasts_until_the_faults_are_deleted(connector, identity):
    connector.fault("probe", "stall")
    replies = []
    thread = threading.Thread(target=lambda: replies.append(ask(connector, PROBE, identity.file)))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    connector.clear_faults()
    thread.join(5)
    assert replies[0].status == 200


def test_every_fault_is_tried_and_every_name_is_in_the_readme():
    tried = set(CASES) | {"huge_body", "alert", "close_after_hello"}
    assert tried == set(faults.KINDS)
    readme = pathlib.Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    names = list(faults.KINDS) + list(Settings().as_json()) + ["client_ids"]
    assert [name for name in names if f"`{name}`" not in readme] == []

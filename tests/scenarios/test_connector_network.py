"""Nobody answers, or too slowly, or not yet: tried again later, and not before."""
import email.utils
import time
from datetime import datetime

import pytest
from clock import later

PASSING = (75, "network")
CALLS = {"configuration": 1, "sign": 2, "probe": 3}
LATER = later("+1h")


def seconds_to(moment):
    return datetime.fromisoformat(moment).timestamp() - time.time()


def test_a_connector_that_does_not_listen(host):
    host.connector.settings(listening=False)
    host.assert_fails(*PASSING, host.connector.mtls_url, "Connection refused")
    host.connector.settings(listening=True)
    host.assert_recovers()


def test_a_host_that_does_not_exist(host):
    url = host.settings()["connector_url"]
    host.configure(connector_url="https://connector.invalid/graphql", connect_timeout="1s")
    host.connector.settings(listening=False)  # where the Connector said it was
    host.assert_fails(*PASSING, "https://connector.invalid/graphql")
    host.connector.settings(listening=True)
    host.configure(connector_url=url)
    host.assert_recovers()


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("kind", ["close", "reset", "close_after_hello"])
def test_a_connection_that_ends_before_tls(host, kind, nth):
    host.connector.fault("connection", kind, nth=nth)
    host.assert_fails(*PASSING, host.connector.mtls_url)
    assert len(host.connector.calls()) == (0 if nth == 1 else 2)
    host.assert_recovers()


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("kind", ["close", "reset"])
def test_a_connection_that_ends_before_the_answer(host, kind, operation):
    host.connector.fault(operation, kind)
    host.assert_fails(*PASSING, host.connector.mtls_url)
    assert len(host.connector.calls()) == CALLS[operation]  # none was sent twice
    host.assert_recovers()


@pytest.mark.parametrize("operation, kind, parameters", [
    ("configuration", "stall", {}), ("sign", "stall", {}), ("probe", "stall", {}),
    ("configuration", "drip", {"bytes_per_second": 50}), ("sign", "pause", {"after": 1000})])
def test_an_answer_that_takes_too_long(host, operation, kind, parameters):
    host.configure(request_timeout="1s")
    host.connector.fault(operation, kind, **parameters)
    started = time.monotonic()
    host.assert_fails(*PASSING, host.connector.mtls_url, "timed out")
    assert time.monotonic() - started < 30
    host.assert_recovers()


def test_a_handshake_that_takes_too_long(host):
    host.configure(connect_timeout="1s")
    host.connector.fault("connection", "stall")
    message = host.assert_fails(*PASSING, host.connector.mtls_url)["error"]["message"]
    # In the words of libcurl, of which newer ones know others.
    assert "SSL connection timeout" in message or "Connection timed out" in message, message
    host.assert_recovers()


def test_a_slow_answer_is_waited_for(host):
    host.connector.fault("sign", "stall", seconds=1.5)
    host.assert_renews()


def test_after_a_failure_a_plain_run_waits_and_touches_nothing(host):
    host.connector.fault("sign", "error_503")
    failed = host.assert_fails(*PASSING, "503")
    assert 30 < seconds_to(failed["next_attempt"]) < 90
    host.connector.forget()
    host.shim.forget()
    result = host.assert_fails(75, "busy", "503", reason="backoff", arguments=("renew",))
    assert result["next_attempt"] == failed["next_attempt"]
    assert host.shim.calls() == []
    assert host.connector.connections() == []
    host.assert_recovers(keys=0)


def test_after_the_back_off_a_plain_run_goes_on_though_nothing_is_due(host):
    host.connector.fault("sign", "error_503")
    host.assert_fails(*PASSING, "503")
    before = host.sha256()
    result = host.run("renew", command=LATER)
    assert (result.status, result["reason"]) == (0, "resumed"), result
    assert host.sha256() != before
    assert host.calls("C_GenerateKeyPair") == 1
    host.assert_whole()


def test_each_failure_in_a_row_waits_longer(host):
    host.connector.fault("configuration", "error_502", times=None)
    waits = [seconds_to(host.assert_fails(*PASSING, "502")["next_attempt"]) for _ in range(4)]
    assert all(later > 1.2 * earlier for earlier, later in zip(waits, waits[1:])), waits
    host.assert_recovers()
    assert host.run("renew")["next_attempt"] is None


@pytest.mark.parametrize("as_date", [False, True])
@pytest.mark.parametrize("operation", ["configuration", "sign"])
def test_retry_after_is_honoured(host, operation, as_date):
    wanted = 7200
    said = email.utils.formatdate(time.time() + wanted, usegmt=True) if as_date else str(wanted)
    host.connector.fault(operation, "busy_429", retry_after=said)
    result = host.assert_fails(*PASSING, "HTTP 429")
    assert wanted - 60 < seconds_to(result["next_attempt"]) < wanted + 60
    result = host.assert_fails(75, "busy", reason="backoff", arguments=("renew",), command=LATER)
    host.assert_recovers()


def test_retry_after_cannot_stop_the_agent_for_ever(host):
    host.connector.fault("configuration", "busy_429", retry_after="99999999")
    result = host.assert_fails(*PASSING, "HTTP 429")
    assert seconds_to(result["next_attempt"]) < 86400 + 60
    host.assert_recovers()

"""An answer that is cut, at whatever byte: asked for again, with the same key.

RENEWAL_AGENT_FULL=1 cuts at every byte.
"""
import os

import pytest

FULL = os.environ.get("RENEWAL_AGENT_FULL") == "1"
HOWS = ("close", "close_notify", "reset")
PASSING = (75, "network")


def size_of_answer(host, operation):
    host.assert_renews()
    size = host.connector.calls(operation)[0]["size"]
    host.connector.forget()
    host.shim.forget()
    return size


def sample(size, head):
    """In the status line, between and inside the header fields, around the end of the header, and
    in the body."""
    places = [0, 1, 8, 9, 12, 14, 15, 16, 17, 40, 80, head - 4, head - 3, head - 2, head - 1, head,
              head + 1, head + 2, size // 2, size - 2, size - 1]
    return sorted({place for place in places if 0 <= place < size})


def head_size(operation):
    """Content-Length has four digits for a certificate, three for the rest."""
    length = {"configuration": 3, "sign": 4, "probe": 2}[operation]
    return len("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
               "Date: Fri, 20 Nov 2026 22:59:00 GMT\r\nContent-Length: \r\n\r\n") + length


@pytest.mark.parametrize("operation", ["configuration", "sign", "probe"])
def test_an_answer_cut_at_any_byte(host, operation):
    size = size_of_answer(host, operation)
    places = range(size) if FULL else sample(size, head_size(operation))
    for number, place in enumerate(places):
        host.connector.fault(operation, "cut", after=place, how=HOWS[number % len(HOWS)])
        host.assert_fails(*PASSING, host.connector.mtls_url)
    assert [call["faults"] for call in host.connector.calls(operation)] == [["cut"]] * len(places)
    host.assert_recovers()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("operation", ["configuration", "sign", "probe"])
def test_a_cut_in_each_way(host, operation, how):
    for place in (0, 20, head_size(operation) + 5):
        host.connector.fault(operation, "cut", after=place, how=how)
        host.assert_fails(*PASSING, host.connector.mtls_url)
    host.assert_recovers()


def test_a_certificate_whose_answer_was_lost_is_asked_for_again_with_the_same_key(host):
    host.connector.fault("sign", "lose_answer", times=2)
    for _ in range(2):
        host.assert_fails(*PASSING, host.connector.mtls_url)
        assert host.journal()["phase"] == "KEYED"
    host.assert_recovers()
    issued = host.connector.certificates()
    assert len(issued) == 3
    assert len({one["key_sha256"] for one in issued}) == 1


def test_a_lost_answer_of_the_probe_costs_no_other_certificate(host):
    host.connector.fault("probe", "lose_answer")
    host.assert_fails(*PASSING, host.connector.mtls_url)
    host.assert_recovers()
    assert len(host.connector.certificates()) == 1

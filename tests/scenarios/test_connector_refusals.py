"""The identity is refused: by mistake, for a while, or for good; the old one or the new one."""
import time

import pytest
from clock import later

REJECTED = (75, "connector")
LATER = later("+2h")


def refuse(host, operation="configuration", times=1):
    host.connector.fault(operation, "empty_400", times=times)


def test_a_refusal_may_pass(host):
    refuse(host)
    host.assert_fails(*REJECTED, host.connector.mtls_url, "HTTP 400 without a body",
                      reason="rejected")
    assert host.run("status")["state"] != "re-enrolment-needed"
    host.assert_recovers()


@pytest.mark.parametrize("operation", ["configuration", "sign"])
def test_a_refusal_counts_at_every_call(host, operation):
    host.configure(rejected_after="0s")
    refuse(host, operation)
    host.assert_fails(20, "connector", "HTTP 400", "one-time token", reason="rejected")
    host.assert_recovers()


def test_three_refusals_within_the_time_are_not_enough(host):
    refuse(host, times=None)
    for _ in range(4):
        host.assert_fails(*REJECTED, "HTTP 400", reason="rejected")
    host.assert_recovers()


def test_two_refusals_over_the_time_are_not_enough_and_three_are(host):
    host.configure(rejected_after="1s")
    refuse(host, times=None)
    host.assert_fails(*REJECTED, "HTTP 400", reason="rejected")
    time.sleep(1.1)
    host.assert_fails(*REJECTED, "HTTP 400", reason="rejected")
    result = host.assert_fails(20, "connector", "HTTP 400", "3 times", "one-time token",
                               reason="rejected")
    assert result["error"]["retry"] is False
    host.assert_recovers()


def test_refusals_with_a_success_between_them_are_not_added_up(host):
    host.configure(rejected_after="1s")
    for _ in range(3):
        refuse(host)
        host.assert_fails(*REJECTED, "HTTP 400", reason="rejected")
        time.sleep(0.6)
        host.assert_renews()


def revoke(host):
    host.connector.revoke(host.sha256())


def take_away_trust(host):
    host.connector.ca(signer="new_key", gateway="new")


def unregister(host):
    host.connector.settings(client_ids=["somebody-else"])


@pytest.mark.parametrize("end, said", [
    (revoke, "HTTP 400"), (unregister, "HTTP 400"), (take_away_trust, "unknown_ca")])
def test_an_identity_that_is_dead_is_healed_by_a_one_time_token(new_world, old_ca, end, said):
    world = new_world
    ids = world.connector.settings()["client_ids"]
    world.configure(rejected_after="0s")
    world.enroll()
    end(world)
    world.assert_fails(20, "connector", said, "one-time token", reason="rejected")
    status = world.run("status")
    assert (status.status, status["state"]) == (20, "re-enrolment-needed")
    # Nothing happens until there is a token, or the back-off has passed.
    world.connector.forget()
    world.assert_fails(20, "connector", "one-time token", reason="rejected", arguments=("renew",))
    assert world.connector.connections() == []
    world.connector.settings(client_ids=ids)
    result = world.run("enroll", "--token-file", world.one_time_token())
    assert result.status == 0, result
    assert world.calls("C_GenerateKeyPair") == 1
    assert world.run("status")["state"] == "ok"
    world.assert_whole()
    world.assert_renews()


@pytest.mark.parametrize("server_is_ahead_too, status, reason", [
    (True, 20, "expired"), (False, 75, "rejected")])
def test_our_own_clock_says_expired_when_the_connectors_agrees(
        new_world, server_is_ahead_too, status, reason):
    new_world.connector.settings(validity_seconds=3600)
    new_world.enroll()
    new_world.connector.settings(date_offset=7200 * server_is_ahead_too)
    refuse(new_world)
    new_world.assert_fails(status, "connector", "HTTP 400", reason=reason, command=LATER)
    new_world.connector.settings(validity_seconds=86400)
    new_world.assert_recovers()


def test_a_refused_identity_is_tried_again_when_the_back_off_has_passed(host):
    host.configure(rejected_after="0s")
    refuse(host)
    host.assert_fails(20, "connector", reason="rejected")
    assert host.run("renew", command=LATER).status == 0
    assert host.run("status")["state"] == "ok"
    host.assert_whole()


def test_a_refused_identity_that_is_not_due_heals_by_itself(world):
    """Its new key has waited too long and is given up, so that nothing is under way."""
    days, more, days_more = (later(f"+{n}") for n in ("8d", "193h", "10d"))
    world.configure(rejected_after="0s")
    refuse(world)
    world.assert_fails(20, "connector", reason="rejected")
    world.assert_fails(20, "connector", reason="rejected", arguments=("renew",), command=days)
    assert world.journal()["phase"] == "IDLE"
    world.connector.fault("probe", "empty_400")
    world.assert_fails(20, "connector", "HTTP 400", reason="rejected", arguments=("renew",),
                       command=more)
    world.connector.forget()
    world.assert_fails(20, "connector", reason="rejected", arguments=("renew",), command=more)
    assert world.connector.connections() == []
    world.connector.clear_faults()
    result = world.run("renew", command=days_more)
    assert (result.status, result["changed"], result["reason"]) == (0, False, "not_due"), result
    assert [call["operation"] for call in world.connector.calls()] == ["probe"]
    assert world.run("status")["state"] == "ok"
    assert world.calls("C_GenerateKeyPair") == 1


@pytest.mark.parametrize("plain", [True, False])
def test_a_new_certificate_that_is_refused_waits_for_its_turn(host, plain):
    refuse(host, "probe")
    host.assert_fails(*REJECTED, host.connector.mtls_url, "HTTP 400", "old")
    assert host.journal()["phase"] == "VERIFIED"
    host.assert_identity_works()
    host.connector.forget()
    result = host.run("renew", command=LATER) if plain else host.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "resumed"), result
    assert [call["operation"] for call in host.connector.calls()] == ["probe"]
    assert host.calls("C_GenerateKeyPair") == 1
    host.assert_whole()


def test_refusals_of_a_new_certificate_are_none_of_the_active_one(host):
    host.configure(rejected_after="0s")
    refuse(host, "probe", times=None)
    for _ in range(3):
        host.assert_fails(*REJECTED, "HTTP 400")
    host.assert_recovers()


def test_after_an_hour_of_refusals_another_certificate_is_asked_for_with_the_same_key(host):
    refuse(host, "probe", times=2)
    host.assert_fails(*REJECTED, "HTTP 400")
    host.assert_fails(*REJECTED, "HTTP 400", "another one", command=LATER)
    assert host.journal()["phase"] == "KEYED"
    host.assert_recovers()
    keys = {one["key_sha256"] for one in host.connector.certificates()}
    assert (len(keys), len(host.connector.certificates())) == (1, 2)


def bundled(world):
    return (world.folder / "ca-bundle.pem").read_text().count("BEGIN CERTIFICATE")


def test_a_certificate_from_the_wrong_side_of_a_ca_change_is_asked_for_again(world, old_ca):
    world.connector.forget()
    old = world.certificate().issuer
    world.connector.ca(signer="new_key", subject="CN=The next CA", gateway="old")
    world.assert_fails(*REJECTED, world.connector.mtls_url, "unknown_ca", "another one")
    assert world.journal()["phase"] == "KEYED"
    world.assert_identity_works()
    assert world.run("renew")["reason"] == "backoff"  # it makes the bundle again
    assert bundled(world) == 1
    world.connector.ca(gateway="both")
    world.assert_recovers()
    assert world.certificate().issuer != old
    assert len({one["key_sha256"] for one in world.connector.certificates()}) == 1
    assert bundled(world) == 2  # active and retained

"""probe = daily: one question a day, which finds out early what a renewal would find out late."""
import signal
from datetime import datetime, timedelta, timezone

import pytest
from clock import at, clock_environment, later, offset_to
from fleet import Fleet
from world import finish, wait_until

DAY = timedelta(days=1)
MOMENT = timedelta(seconds=5)


def utc(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def running_from(moment):
    """The environment of a program whose clock goes on from there."""
    return clock_environment(offset_to(moment))


def assert_ends(result, status, reason):
    assert (result.status, result["reason"]) == (status, reason), result


@pytest.fixture
def probed(world):
    """A host that was just enrolled, and when its first probe is made."""
    world.configure(probe="daily")
    world.connector.forget()
    return world, utc(world.run("status")["gateway"]["next_probe"])


def test_without_it_nothing_is_asked(world):
    world.connector.forget()
    status = world.run("status")
    assert (status["gateway"]["next_probe"], status["gateway"]["last_probe"]) == (None, None)
    assert_ends(world.run("renew", command=later("+3d")), 0, "not_due")
    assert world.shim.calls() == [] and world.connector.connections() == []


def test_it_is_made_once_a_day_at_its_moment(probed):
    world, moment = probed
    now = datetime.now(timezone.utc)
    assert now + DAY / 2 - MOMENT < moment < now + DAY * 1.5
    assert_ends(world.run("renew", command=at(moment - MOMENT)), 0, "not_due")
    assert world.shim.calls() == [] and world.connector.calls() == []
    result = world.run("renew", command=at(moment + MOMENT))
    assert_ends(result, 0, "probed")
    assert (result["changed"], result["failed"]) == (False, False)
    assert [call["operation"] for call in world.connector.calls()] == ["probe"]
    assert world.calls("C_Login") == 1 and world.calls("C_GenerateKeyPair") == 0
    for later in (MOMENT * 2, DAY / 2, DAY - MOMENT):
        assert_ends(world.run("renew", command=at(moment + later)), 0, "not_due")
    assert len(world.connector.calls()) == 1
    gateway = world.run("status", command=at(moment + MOMENT * 2))["gateway"]
    assert abs(utc(gateway["last_probe"]) - moment) < 2 * MOMENT
    assert utc(gateway["next_probe"]) == moment + DAY
    assert_ends(world.run("renew", command=at(moment + DAY)), 0, "probed")
    # One that comes late puts the next one off by half a day at least.
    assert_ends(world.run("renew", command=at(moment + DAY * 2.8)), 0, "probed")
    assert_ends(world.run("renew", command=at(moment + DAY * 3 + MOMENT)), 0, "not_due")
    assert_ends(world.run("renew", command=at(moment + DAY * 4 + MOMENT)), 0, "probed")


def test_a_renewal_of_the_day_serves_as_one(probed):
    world, moment = probed
    assert world.run("renew", "--force", command=at(moment - MOMENT)).status == 0
    assert_ends(world.run("renew", command=at(moment + MOMENT)), 0, "not_due")
    assert world.connector.calls("probe")[-1]["status"] == 200
    assert len(world.connector.calls("probe")) == 1


def test_it_tells_that_the_identity_was_revoked(probed, hooks):
    world, moment = probed
    world.configure(hook_reenroll=hooks.make("reenroll"), hook_failed=hooks.make("failed"))
    world.connector.revoke(world.sha256())
    outcomes = []
    for _ in range(10):
        result = world.run("renew", command=at(moment + MOMENT))
        outcomes.append((result.status, result["reason"]))
        if result.status == 20:
            break
        status = world.run("status", command=at(moment + MOMENT))
        # The next question comes soon, and a renewal would not wait for it.
        assert (status["state"], status["next_attempt"]) == ("ok", None)
        moment, before = utc(status["gateway"]["next_probe"]), moment
        assert timedelta(0) < moment - before < timedelta(hours=1)
        assert_ends(world.run("renew", command=at(moment - MOMENT)), 0, "not_due")
        assert hooks.told("failed") == hooks.told("reenroll") == []
    assert outcomes[-1] == (20, "rejected") and 3 <= len(outcomes) < 10, outcomes
    assert set(outcomes[:-1]) == {(75, "rejected")}
    status = world.run("status", command=at(moment + MOMENT))
    assert status["state"] == "re-enrolment-needed"
    assert status["last_error"]["message"].count("daily probe") == 1
    assert [len(hooks.told(event)) for event in ("reenroll", "failed")] == [1, 1]
    assert world.run("renew", command=at(moment + 2 * MOMENT)).status == 20


def test_a_failure_holds_up_no_renewal_and_is_not_tried_again_that_day(probed):
    world, moment = probed
    world.connector.settings(listening=False)
    result = world.run("renew", command=at(moment + MOMENT))
    assert_ends(result, 75, "none")
    assert result["error"]["class"] == "network" and result["next_attempt"] is None, result
    assert world.journal()["failures"] == 0
    status = world.run("status", command=at(moment + MOMENT))
    assert (status["state"], status["last_error"]["class"]) == ("ok", "network")
    assert utc(status["gateway"]["next_probe"]) == moment + DAY
    world.shim.forget()
    assert_ends(world.run("renew", command=at(moment + 3 * MOMENT)), 0, "not_due")
    assert world.shim.calls() == []
    world.connector.settings(listening=True)
    due = utc(status["next_renewal"])
    assert_ends(world.run("renew", command=at(due + MOMENT)), 0, "renewed")


def test_one_that_was_killed_counts(probed):
    world, moment = probed
    world.connector.fault("probe", "stall", seconds=None, times=None)
    process = world.start("renew", **running_from(moment + MOMENT))
    wait_until(world.connector.connections)
    process.kill()
    process.communicate()
    world.connector.clear_faults()
    assert_ends(world.run("renew", command=at(moment + 10 * MOMENT)), 0, "not_due")


def test_the_daemon_makes_it_at_its_moment(probed):
    world, moment = probed
    process = world.start("run", **running_from(moment - timedelta(seconds=4)))
    try:
        wait_until(lambda: world.connector.calls("probe"))
        wait_until(lambda: utc(world.journal()["last_run"]) > moment - MOMENT)
        process.send_signal(signal.SIGTERM)
        result = finish(process)
    finally:
        process.kill()
    assert result.status == 0 and f"daily probe at {moment:%Y-%m-%dT%H:%M:%SZ}" in result.errors
    assert len(world.connector.calls()) == 1
    assert utc(world.journal()["last_run"]) < moment + timedelta(seconds=30)


def test_it_tells_that_the_servers_certificate_ends_soon(probed):
    world, moment = probed
    world.connector.settings(server_certificate="ends_soon")
    result = world.run("renew", command=at(min(moment, datetime.now(timezone.utc) + DAY * 0.9)))
    if result["reason"] == "not_due":  # its moment is later than the certificate lasts
        result = world.run("renew", "--force")
    assert result.status == 0, result
    assert "the server's certificate, or a CA of it, ends soon" in result.errors
    end = utc(world.run("status")["gateway"]["server_certificate_end"])
    assert timedelta(0) < end - datetime.now(timezone.utc) <= DAY


@pytest.mark.parametrize("offset, words", [(3600, "behind"), (-3600, "ahead of")])
def test_it_tells_that_the_clocks_are_apart(host, offset, words):
    host.connector.settings(date_offset=offset)
    result = host.run("renew", "--force")
    assert f"this host's clock is 1 h {words} the Connector's" in result.errors or \
        f"this host's clock is 59 min 59 s {words} the Connector's" in result.errors, result
    assert abs(host.run("status")["gateway"]["clock_ahead_seconds"] + offset) < 60


def test_several_identities_share_one_login(tmp_path, connector):
    fleet = Fleet(tmp_path, connector, ["a", "b"], probe="daily")
    fleet.enroll_all()
    moments = [utc(fleet.one(name).run("status")["gateway"]["next_probe"]) for name in "ab"]
    assert moments[0] != moments[1]
    fleet.shim.forget()
    result, each = fleet.run_all("renew", command=at(max(moments) + MOMENT))
    assert {one["reason"] for one in each.values()} == {"probed"}, result
    assert fleet.calls("C_Login") == 1

"""A clock that is a day off, and one that goes back behind what was written down."""
import pytest
from clock import later

AHEAD = later("+1d")
BEHIND = later("-1d")


def test_a_clock_a_day_ahead_renews(world):
    result = world.run("renew", "--force", command=AHEAD)
    assert (result.status, result["reason"]) == (0, "renewed"), result
    world.assert_only_retained_keys()


def test_a_clock_a_day_behind_makes_the_servers_certificate_invalid_or_is_named(world):
    world.assert_fails(75, "clock", "clock", reason="clock", command=BEHIND)
    world.assert_recovers(keys=1)


def test_a_clock_that_has_gone_back_behind_the_journal(world):
    assert world.run("renew", "--force", command=AHEAD).status == 0
    result = world.assert_fails(75, "clock", "set the clock right", "run `renew --force` once",
                                reason="clock", arguments=("renew",))
    assert result["error"]["retry"]
    world.assert_renews()
    assert world.run("renew").status == 0


def test_a_backoff_of_a_clock_that_was_ahead_does_not_last(world):
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force", command=later("+300d")).status in (20, 75)
    world.connector.clear_faults()
    world.assert_renews()


@pytest.mark.parametrize("offset", ["+80d", "+200d"])
def test_a_clock_far_ahead_calls_for_no_enrolment(world, offset):
    """The Connector's Date disagrees, so the certificate has not expired."""
    result = world.run("renew", command=later(offset))
    assert result.status in (0, 75, 76), result
    assert result["reason"] != "expired", result
    world.assert_identity_works()
    world.assert_renews()

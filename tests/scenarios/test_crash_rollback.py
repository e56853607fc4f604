"""kill -9 in a rollback: one plain `renew` brings the host to rest, on either generation."""
import pytest
from crash_sweep import SHARES, Sweep


@pytest.fixture
def sweep(world):
    """Two retained generations, a debt and a renewal under way, which are thrown away."""
    world.configure(retain="2")
    world.assert_renews()
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    world.connector.clear_faults()
    journal = world.journal()
    assert journal["phase"] == "KEYED"
    return Sweep(world, lambda: ("rollback",))


def come_to_rest(world, turn):
    """`renew --force` would wait for no back-off that is left of the renewal that was under way."""
    world.assert_key_fits()
    before = world.active()
    if turn % 2 == 0:
        result = world.run("rollback")
        assert (result.status, world.active()) == (0, 1) or before == 1, result
    if turn % 5 == 0:
        world.assert_identity_works()
    world.assert_renews()
    assert world.active() >= 3
    assert 1 in world.generations()


def run(sweep, strikes, share, every):
    sweep.run(strikes, share, every, heal=lambda turn: come_to_rest(sweep.world, turn))


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("action", ["kill", "kill-after"])
def test_a_kill_at_any_call_of_a_rollback_loses_nothing(sweep, action, share):
    run(sweep, sweep.at_calls(action), share, every=89)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_kill_at_any_file_of_a_rollback_loses_nothing(sweep, whole_group, share):
    strikes = sweep.at_points(match=str(sweep.world.state), whole_group=whole_group)
    run(sweep, strikes, share, every=23)

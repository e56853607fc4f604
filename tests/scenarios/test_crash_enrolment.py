"""kill -9 in an enrolment: the next one, with another one-time token, ends with one key."""
import pytest
from crash_sweep import SHARES, Sweep


@pytest.fixture
def sweep(new_world):
    """A one-time token is used up by the first call that it is sent with."""
    return Sweep(new_world, lambda: ("enroll", "--token-file", new_world.one_time_token()))


def enroll_again(world, turn):
    if turn % 3 == 0:  # it may finish what the enrolment has begun
        assert world.run("renew").status in (0, 20)
    was_active = (world.folder / "current").is_symlink()
    result = world.run("enroll", "--token-file", world.one_time_token())
    assert result.status == 0, result
    assert world.journal()["phase"] == "IDLE"
    assert len(world.generations()) in ([1, 2] if was_active else [1])
    world.assert_key_fits()
    world.assert_only_retained_keys()
    if turn % 5 == 0:
        world.assert_identity_works()


def run(sweep, strikes, share, every):
    sweep.run(strikes, share, every, heal=lambda turn: enroll_again(sweep.world, turn))


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("action", ["kill", "kill-after"])
def test_a_kill_at_any_call_of_an_enrolment_loses_nothing(sweep, action, share):
    run(sweep, sweep.at_calls(action), share, every=53)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_kill_at_any_file_of_an_enrolment_loses_nothing(sweep, whole_group, share):
    strikes = sweep.at_points(match=str(sweep.world.state), whole_group=whole_group)
    run(sweep, strikes, share, every=31)

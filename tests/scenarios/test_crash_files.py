"""kill -9 at every write, fsync, rename, unlink and connect of a renewal."""
import pytest
from crash_sweep import FULL, PHASES, SHARES, Sweep


@pytest.fixture
def sweep(world):
    """A renewal that makes one key and destroys one."""
    world.assert_renews()
    return Sweep(world)


def state_of(sweep):
    return str(sweep.world.state)


@pytest.mark.parametrize("share", SHARES)
def test_a_kill_of_one_process_at_any_file_of_the_state_loses_nothing(sweep, share):
    sweep.run(sweep.at_points(match=state_of(sweep)), share, every=17)


@pytest.mark.parametrize("share", SHARES)
def test_a_kill_of_both_processes_at_any_file_of_the_state_loses_nothing(sweep, share):
    sweep.run(sweep.at_points(match=state_of(sweep), whole_group=True), share, every=29)


def test_a_kill_in_every_phase_loses_nothing(sweep):
    """The points that follow the renames of the journal."""
    strikes = sweep.at_points(match=state_of(sweep))
    names = [strike.name for strike in strikes]
    sweep.run([strike for before, strike in zip(names, strikes[1:])
               if before.startswith("kill renameat") and before.endswith("/journal.json.tmp")])
    assert FULL or sweep.phases == PHASES


@pytest.mark.parametrize("whole_group", [False, True])
def test_a_kill_at_a_connect_loses_nothing(sweep, whole_group):
    strikes = sweep.at_points(only=["connect"], match="connect:127.0.0.1", whole_group=whole_group)
    assert len(strikes) >= 2
    sweep.run(strikes)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_kill_at_any_file_of_a_renewal_with_a_spare_key_loses_nothing(
        spare_sweep, share, whole_group):
    strikes = spare_sweep.at_points(match=state_of(spare_sweep), whole_group=whole_group)
    spare_sweep.run(strikes, share, every=37)


@pytest.mark.parametrize("share", SHARES)
def test_a_kill_at_any_file_of_a_renewal_that_stores_its_certificate_loses_nothing(
        certificate_sweep, share):
    strikes = certificate_sweep.at_points(match=state_of(certificate_sweep))
    certificate_sweep.run(strikes, share, every=41)

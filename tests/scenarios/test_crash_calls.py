"""kill -9 of the worker before and after every PKCS#11 call of a renewal."""
import pytest
from crash_sweep import SHARES, Sweep
from world import SIGNATURES


@pytest.fixture
def sweep(world):
    """A renewal that makes one key and destroys one."""
    world.assert_renews()
    return Sweep(world)


@pytest.mark.parametrize("share", SHARES)
def test_a_kill_before_any_call_loses_nothing(sweep, share):
    sweep.run(sweep.at_calls("kill"), share, every=37)


@pytest.mark.parametrize("share", SHARES)
def test_a_kill_after_any_call_loses_nothing(sweep, share):
    sweep.run(sweep.at_calls("kill-after"), share, every=47)


@pytest.mark.parametrize("function", ["C_Login", "C_GenerateKeyPair", SIGNATURES,
                                      "C_DestroyObject", "C_Finalize"])
def test_a_kill_after_a_call_that_changes_something_loses_nothing(sweep, function):
    strikes = sweep.at_calls("kill-after")
    sweep.run([strike for strike in strikes if strike.name.endswith(function)])


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("action", ["kill", "kill-after"])
def test_a_kill_at_any_call_of_a_renewal_with_a_spare_key_loses_nothing(
        spare_sweep, action, share):
    spare_sweep.run(spare_sweep.at_calls(action), share, every=83)


def test_a_kill_after_the_generation_of_the_spare_key_loses_nothing(spare_sweep):
    strikes = spare_sweep.at_calls("kill-after")
    spare_sweep.run([strike for strike in strikes if strike.name.endswith("C_GenerateKeyPair")])


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("action", ["kill", "kill-after"])
def test_a_kill_at_any_call_of_a_renewal_that_stores_its_certificate_loses_nothing(
        certificate_sweep, action, share):
    certificate_sweep.run(certificate_sweep.at_calls(action), share, every=89)

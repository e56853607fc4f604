"""kill -9 inside SoftHSM: half pairs and objects without a name are left in the token.

Without token.object, which SoftHSM empties and writes again at every login: a kill between the
two ends the token, and nobody who uses it could do anything about that.
"""
import pytest
from crash_sweep import SHARES, Sweep


@pytest.mark.parametrize("share", SHARES)
def test_a_kill_inside_the_module_loses_nothing(world, share):
    world.assert_renews()
    sweep = Sweep(world)
    sweep.run(sweep.at_points(match=str(world.token.directory), leave_out="token.object"), share,
              every=61)


@pytest.mark.parametrize("share", SHARES)
def test_a_kill_inside_the_module_in_a_renewal_with_a_spare_key_loses_nothing(spare_sweep, share):
    strikes = spare_sweep.at_points(match=str(spare_sweep.world.token.directory),
                                    leave_out="token.object")
    spare_sweep.run(strikes, share, every=97)


@pytest.mark.parametrize("share", SHARES)
def test_a_kill_inside_the_module_in_a_renewal_that_stores_its_certificate_loses_nothing(
        certificate_sweep, share):
    strikes = certificate_sweep.at_points(match=str(certificate_sweep.world.token.directory),
                                          leave_out="token.object")
    certificate_sweep.run(strikes, share, every=89)

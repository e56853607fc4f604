"""kill -9 in an adoption: the next one ends it, and the key stays where it is."""
import pytest
from crash_sweep import SHARES, Sweep
from openssl_identity import OpensslIdentity, import_key


@pytest.fixture(params=["file", "token"])
def sweep(new_world, request):
    made = OpensslIdentity(new_world)
    key = made.key
    if request.param == "token":
        import_key(new_world.token, made.key, "their key", "abcd")
        key = "pkcs11:object=their%20key"
    sweep = Sweep(new_world, lambda: made.arguments(key=key))
    sweep.made = made
    sweep.keys = len(new_world.token.objects())
    return sweep


def adopt_again(sweep, turn):
    world = sweep.world
    if turn % 3 == 0:  # it may finish what the adoption has begun
        assert world.run("renew").status in (0, 20)
    was_active = (world.folder / "current").is_symlink()
    result = world.run(*sweep.arguments())
    assert result.status == 0 or (result.status == 64 and was_active), result
    assert world.journal()["phase"] == "IDLE"
    assert world.generation()["adopted"] and sweep.made.key.exists()
    assert len(world.token.objects()) == sweep.keys
    result = world.run("renew", "--force")
    assert result.status == 0, result
    world.assert_key_fits()
    if turn % 5 == 0:
        world.assert_identity_works()
    assert len(world.token.objects()) == sweep.keys + 2


def run(sweep, strikes, share, every):
    sweep.run(strikes, share, every, heal=lambda turn: adopt_again(sweep, turn))


@pytest.mark.parametrize("share", SHARES)
def test_a_kill_at_any_file_of_an_adoption_loses_nothing(sweep, share):
    run(sweep, sweep.at_points(match=str(sweep.world.state)), share, every=41)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("sweep", ["token"], indirect=True)
def test_a_kill_before_any_call_of_an_adoption_loses_nothing(sweep, share):
    run(sweep, sweep.at_calls("kill"), share, every=89)

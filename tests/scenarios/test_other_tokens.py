"""The main job on quite different tokens: NSS softokn, another vendor's module, and SoftHSM in
another process behind p11-kit remoting."""
import pytest
from crash_sweep import Sweep
from nss_token import NssToken
from remote_token import RemoteToken
from test_renewal import (  # noqa: F401
    test_a_renewal_brings_a_new_key_and_a_new_certificate,
    test_a_renewal_keeps_to_its_budget_of_calls_and_handshakes,
    test_status_and_keys_tell_what_is_there,
    test_the_keys_older_than_the_retained_generations_are_destroyed)
from test_token_objects import (  # noqa: F401
    test_a_half_pair_of_ours_is_replaced,
    test_a_whole_pair_of_ours_is_taken,
    test_the_new_key_is_deleted_between_two_runs_and_another_is_made)
from world import SIGNATURES, World

TOKENS = {"nss": NssToken, "p11-kit": RemoteToken}


@pytest.fixture(params=TOKENS)
def new_world(tmp_path, connector, request):
    world = World(tmp_path, connector, TOKENS[request.param])
    yield world
    world.token.close()


def test_objects_of_other_programs_are_never_touched(world):
    world.token.make_key_pair("their key", b"\x01")
    world.token.make_key_pair("renewal-agent/0badcafe/orders/1", b"\x02")
    theirs = {each.modulus for each in world.token.objects() if each.id not in world.key_ids()}
    for _ in range(2):
        assert world.run("renew", "--force").status == 0
    result = world.run("keys", "--prune")
    assert (result.status, result["changed"]) == (0, False), result
    assert theirs <= {each.modulus for each in world.token.objects()}
    assert len(world.token.objects()) == 2 * (len(theirs) + len(world.generations()))


def test_a_wrong_pin_is_tried_once(world):
    wrong = world.directory / "wrong-pin"
    wrong.touch(mode=0o600)
    wrong.write_text("not-the-pin")
    world.configure(pin_file=wrong)
    for _ in range(3):
        world.assert_fails(77, "pin", world.token.label, reason="latched")
    assert world.calls("C_Login") == 1
    world.configure(pin_file=world.token.pin_file)
    world.shim.forget()
    world.assert_recovers()


def test_the_certificate_is_stored_beside_its_key(new_world):
    new_world.configure(store_certificate="yes")
    new_world.enroll()
    new_world.assert_whole()
    active, = new_world.run("keys")["keys"]
    assert active["certificate_stored"]
    assert new_world.run("renew", "--force").status == 0
    stored = {key["role"]: key["certificate_stored"] for key in new_world.run("keys")["keys"]}
    # NSS has room for one of the same issuer and serial number.
    nss = isinstance(new_world.token, NssToken)
    assert stored == {"active": True, "retained": not nss}
    assert new_world.run("status")["debts"] == []


@pytest.mark.parametrize("function", ["C_Login", "C_GenerateKeyPair", SIGNATURES, "C_DestroyObject"])
def test_a_kill_before_or_after_a_call_that_changes_something_loses_nothing(world, function):
    world.assert_renews()
    sweep = Sweep(world)
    sweep.run([strike for action in ("kill", "kill-after") for strike in sweep.at_calls(action)
               if strike.name.endswith(function)])

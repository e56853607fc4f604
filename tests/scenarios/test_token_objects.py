"""What else is in the token: other programs' objects stay, ours that a crash left go."""
import subprocess
import threading
import time

import pytest
from clock import later


def tag_of(world):
    return (world.state / "tag").read_text().strip()


def roles(world):
    result = world.run("keys")
    assert result.status == 0, result
    return sorted((key["role"], key["label"] or "") for key in result["keys"])


def foreign(world):
    """Objects that are no generation's."""
    return [each for each in world.token.objects() if each.id not in world.key_ids()]


def is_the_same(before, after):
    def shown(objects):
        return sorted((each.kind, each.label, each.id, each.modulus) for each in objects)
    return shown(before) == shown(after)


def test_objects_of_other_programs_are_never_touched(world):
    world.token.make_key_pair("their key", b"\x01")
    world.token.make_key_pair("renewal-agent/0badcafe/orders/1", b"\x02")  # another state directory
    world.token.make_key_pair(f"renewal-agent/{tag_of(world)}/order/1", b"\x03")
    world.token.make_half_pair("their half", b"\x04", "private")
    world.token.make_nameless_object("public")
    world.token.make_nameless_object("private")
    before = foreign(world)
    for _ in range(2):
        assert world.run("renew", "--force").status == 0
    assert world.run("keys", "--prune").status == 0
    world.connector.fault("sign", "leaf_other_key")
    assert world.run("renew", "--force").status != 0
    world.connector.clear_faults()
    assert world.run("renew", "--force").status == 0
    assert is_the_same(before, foreign(world))
    assert [role for role, _ in roles(world)] == ["active", "retained", "unknown", "unknown"]


def test_another_programs_key_with_the_id_of_a_leftover_stays(world):
    world.token.make_key_pair("their key", b"\x07\x07")
    before = foreign(world)
    world.token.make_key_pair(f"renewal-agent/{tag_of(world)}/orders/77", b"\x07\x07")
    assert world.run("renew", "--force").status == 0
    assert is_the_same(before, foreign(world))


def test_prune_destroys_what_is_left_of_ours_and_unknown_what_has_no_name(world):
    label = f"renewal-agent/{tag_of(world)}/orders/77"
    world.token.make_key_pair(label, b"\x07\x07")
    world.token.make_key_pair("their key", b"\x01")
    world.token.make_nameless_object()
    assert roles(world) == [("active", f"renewal-agent/{tag_of(world)}/orders/1"),
                            ("leftover", label), ("unknown", "")]
    result = world.run("keys", "--prune")
    assert (result.status, result["changed"]) == (0, True), result
    assert label in result.errors
    assert [role for role, _ in roles(world)] == ["active", "unknown"]
    result = world.run("keys", "--prune")
    assert (result.status, result["changed"]) == (0, False), result
    result = world.run("keys", "--prune", "--unknown")
    assert (result.status, result["changed"]) == (0, True), result
    assert [role for role, _ in roles(world)] == ["active"]
    assert [each.label for each in foreign(world)] == ["their key"] * 2
    world.assert_identity_works()


def cut_generation(world):
    """As a kill inside C_GenerateKeyPair leaves it, before anything is made."""
    world.shim.plan("C_GenerateKeyPair 1 kill")
    assert world.run("renew", "--force").status == 75
    assert world.journal()["phase"] == "PLANNED"
    world.shim.plan()
    world.shim.forget()
    return world.journal()["renewal"]


@pytest.mark.parametrize("kind", ["public", "private"])
def test_a_half_pair_of_ours_is_replaced(world, kind):
    journal = cut_generation(world)
    world.token.make_half_pair(journal["key_label"], bytes.fromhex(journal["key_id"]), kind)
    assert world.run("renew").status == 0
    world.assert_whole()


def test_a_whole_pair_of_ours_is_taken(world):
    world.shim.plan("C_GenerateKeyPair 1 kill-after")
    assert world.run("renew", "--force").status == 75
    world.shim.plan()
    assert world.run("renew").status == 0
    assert world.calls("C_GenerateKeyPair") == 1
    world.assert_whole()


def test_a_pair_with_our_id_that_may_leave_the_token_is_refused(world):
    journal = cut_generation(world)
    subprocess.run(
        ["pkcs11-tool", "--module", world.shim.real_module, "--login", "--pin", world.token.pin,
         "--token-label", "fleet", "--keypairgen", "--key-type", "rsa:2048", "--extractable",
         "--id", journal["key_id"], "--label", journal["key_label"]],
        check=True, capture_output=True, env=world.token.environment())
    result = world.assert_fails(69, "token", "CKA_EXTRACTABLE", arguments=("renew",))
    assert "could leave the token" in result["error"]["message"]
    world.assert_renews()


def test_nameless_objects_that_a_cut_generation_of_ours_left_are_destroyed(world):
    cut_generation(world)
    world.token.make_nameless_object("public")
    world.token.make_nameless_object("private")
    result = world.run("renew")
    assert result.status == 0, result
    assert "2 objects that a cut run left in token fleet" in result.errors
    world.assert_whole()


def test_nameless_objects_that_were_there_before_our_generation_stay(world):
    world.token.make_nameless_object()
    cut_generation(world)
    world.token.make_nameless_object()
    assert world.run("renew").status == 0
    assert len(foreign(world)) == 2


def test_nameless_objects_that_come_and_go_are_another_programs(world):
    """It adds one between the two looks, which are 2 s apart."""
    cut_generation(world)
    world.token.make_nameless_object()

    def add_one():
        while not world.calls("C_Login"):
            time.sleep(0.02)
        time.sleep(1)
        world.token.make_nameless_object("private")
    other = threading.Thread(target=add_one)
    other.start()
    result = world.run("renew")
    other.join()
    assert result.status == 0, result
    assert "another program is generating a key" in result.errors
    assert len(foreign(world)) == 2


def test_many_nameless_objects_of_others_hold_up_no_renewal(world):
    world.token.make_nameless_object(count=66)
    before = foreign(world)
    assert world.run("renew", "--force").status == 0
    world.shim.forget()
    cut_generation(world)
    assert world.run("renew").status == 0
    assert is_the_same(before, foreign(world))
    result = world.run("keys")
    assert [key["role"] for key in result["keys"]].count("unknown") == 64
    assert "66 objects without a name: 64 of them" in result.errors
    assert world.run("keys", "--prune", "--unknown").status == 0
    assert foreign(world) == []


def test_nameless_objects_that_nobody_can_have_left_by_a_cut_stay(world):
    cut_generation(world)
    world.token.make_nameless_object(count=66)
    result = world.run("renew")
    assert result.status == 0, result
    assert "66 objects without a name, more than" in result.errors
    assert len(foreign(world)) == 66


def make_another_programs_key(world):
    """In the making: after our look, when our own key has long been whole."""
    world.token.make_nameless_object("public")
    world.token.make_nameless_object("private")


def assert_untouched(world, result):
    assert result.status == 0, result
    assert sorted(each.kind for each in world.token.objects() if not each.id) == ["private", "public"]
    assert "a cut run left" not in result.errors


def test_another_programs_objects_outlive_a_key_of_ours_that_waited_too_long(world):
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    world.connector.clear_faults()
    make_another_programs_key(world)
    result = world.run("renew", "--force", command=later("+8d"))
    assert "waited for its certificate for more than 7 days" in result.errors
    assert_untouched(world, result)


@pytest.mark.parametrize("change, arguments", [
    ({}, ("rollback",)), ({"key_bits": 3072}, ("renew", "--force"))])
def test_another_programs_objects_outlive_a_spare_key_that_is_thrown_away(world, change, arguments):
    world.configure(spare_key="yes")
    assert world.run("renew", "--force").status == 0
    make_another_programs_key(world)
    world.configure(**change)
    assert_untouched(world, world.run(*arguments))


def test_another_programs_objects_outlive_a_pair_that_came_to_be_whole_and_is_unfit(world):
    """The next key is planned in the same run, and nobody has cut its generation."""
    journal = cut_generation(world)
    world.token.make_key_pair(journal["key_label"], bytes.fromhex(journal["key_id"]), extractable=True)
    make_another_programs_key(world)
    world.assert_fails(69, "token", "CKA_EXTRACTABLE", arguments=("renew",))
    assert_untouched(world, world.run("renew", "--force"))


def test_two_tokens_that_match_are_both_named(host):
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "second", "--pin",
                    "7654321", "--so-pin", "87654321"], check=True, capture_output=True,
                   env=host.token.environment())
    host.configure(token="pkcs11:manufacturer=SoftHSM%20project")
    host.assert_fails(69, "token", "2 tokens match", "serial=", '"fleet"', '"second"')
    host.configure(token="pkcs11:token=third")
    host.assert_fails(69, "token", "no token", "pkcs11:token=third", '"fleet"', '"second"')
    host.configure(token="pkcs11:token=fleet")
    host.assert_recovers()


def test_one_token_in_two_slots(host):
    host.shim.plan("duplicate-slot")
    host.assert_fails(69, "token", "2 tokens match pkcs11:token=fleet")
    host.shim.plan()
    host.assert_recovers()


def test_the_active_key_is_deleted_and_an_enrolment_makes_it_good(world):
    key = next(iter(world.key_ids()))
    world.token.destroy(kind="private", id=key)
    result = world.run("renew", "--force")
    assert (result.status, result["error"]["class"]) == (69, "token"), result
    for fact in ("the active certificate's key is not in the token fleet any more", key.hex(),
                 "restore it from a backup", "enroll with a one-time token"):
        assert fact in result["error"]["message"], result
    result = world.run("enroll", "--token-file", world.one_time_token())
    assert result.status == 0, result
    world.assert_identity_works()
    world.assert_renews()


def test_the_new_key_is_deleted_between_two_runs_and_another_is_made(world):
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    assert world.journal()["phase"] == "KEYED"
    journal = world.journal()["renewal"]
    world.token.destroy(id=bytes.fromhex(journal["key_id"]))
    world.connector.clear_faults()
    result = world.assert_renews()
    assert f"{journal['key_label']} is gone from the token" in result.errors
    assert world.calls("C_GenerateKeyPair") == 2


def test_two_keys_with_the_id_of_the_active_one(world):
    key = next(iter(world.key_ids()))
    world.token.make_key_pair("a copy of the id", key)
    world.assert_fails(69, "token", key.hex(), "2 private keys", "fleet")
    assert world.token.destroy(label="a copy of the id") == 2
    world.assert_identity_works()
    assert world.run("renew", "--force").status == 0
    world.assert_whole()

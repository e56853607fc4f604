"""`token` is changed to another token while keys of ours are in the one before."""
import json
import subprocess

import pytest
from audit_log import AuditLog
from clock import later

LATER = later("+2d")


@pytest.fixture
def two_tokens(world):
    """`second` is as good as `fleet`, and empty."""
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "second", "--pin",
                    world.token.pin, "--so-pin", "87654321"], check=True, capture_output=True,
                   env=world.token.environment())
    return world


def move(world):
    world.configure(token="pkcs11:token=second")
    result = world.run("enroll", "--token-file", world.one_time_token())
    assert result.status == 0, result
    return result


def destroyed(world):
    """The keys that the audit log says so of."""
    return [event["key_id"] for event in AuditLog(world).events("key_destroyed")]


def debts(world):
    return world.run("status")["debts"]


def test_the_error_says_in_which_token_the_active_key_is(two_tokens):
    world = two_tokens
    world.configure(token="pkcs11:token=second")
    place = f"`token` in {world.configuration}:9 names pkcs11:token=second"
    for arguments, reason in ((("renew", "--force"), "none"), (("renew", "--dry-run"), "dry_run"),
                              (("revoke", "--active"), "none")):
        result = world.assert_fails(69, "token", "the active certificate's key is in the token",
                                    "token=fleet", place, arguments=arguments, reason=reason)
        assert "one-time token" in result["error"]["message"]
    assert world.calls("C_GenerateKeyPair") == 0
    world.configure(token="pkcs11:token=fleet")
    world.assert_renews()


def test_a_renewal_under_way_is_not_given_up_for_being_in_the_other_token(two_tokens):
    world = two_tokens
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    world.connector.clear_faults()
    world.configure(token="pkcs11:token=second")
    world.assert_fails(69, "token", "the active certificate's key is in the token")
    assert world.journal()["phase"] == "KEYED"
    world.configure(token="pkcs11:token=fleet")
    world.assert_renews()
    assert world.calls("C_GenerateKeyPair") == 1


@pytest.mark.parametrize("old_file", [False, True])
def test_a_key_in_the_other_token_stays_owed_until_that_token_is_open(two_tokens, old_file):
    """An old file does not name the token: the generation does."""
    world = two_tokens
    first = bytes.fromhex(world.generation(1)["key_id"])
    world.configure(retain=0)
    move(world)
    assert [debt["generation"] for debt in debts(world)] == [1]
    assert "another token" in debts(world)[0]["last_error"]
    assert world.token.objects(id=first)
    if old_file:
        path = world.folder / "debts.json"
        owed = json.loads(path.read_text())
        del owed["debts"][0]["token"]
        path.write_text(json.dumps(owed))
    assert world.run("renew", command=LATER).status == 0
    assert world.token.objects(id=first) and debts(world)[0]["attempts"] == 2
    assert world.run("renew", "--force").status == 0
    world.configure(token="pkcs11:token=fleet")
    assert world.run("renew", command=later("+6d")).status == 0
    assert not world.token.objects(id=first)
    assert 1 not in [debt["generation"] for debt in debts(world)]


def test_the_debt_ends_when_the_generation_is_removed_by_hand(two_tokens):
    world = two_tokens
    world.configure(retain=0)
    move(world)
    assert "generations/1" in debts(world)[0]["last_error"]
    subprocess.run(["rm", "-r", world.folder / "generations" / "1"], check=True)
    assert world.run("renew", command=LATER).status == 0
    assert debts(world) == []


def test_a_retained_certificate_is_not_revoked_by_a_key_in_the_other_token(two_tokens):
    world = two_tokens
    move(world)
    world.assert_fails(69, "token", "the key of generation 1 is in the token", "token=fleet",
                       "token=second", arguments=("revoke", "--generation", 1))


def test_a_spare_key_stays_in_the_other_token_until_it_is_pruned_there(two_tokens):
    world = two_tokens
    world.configure(spare_key="yes")
    assert world.run("renew")["reason"] == "spare_made"
    spare = bytes.fromhex(world.spare())
    result = move(world)
    assert "stays in the token pkcs11:" in result.errors and "keys --prune" in result.errors
    assert destroyed(world) == []
    assert world.generation()["key_id"] != spare.hex()
    assert len(world.token.objects(id=spare)) == 2
    assert world.run("renew")["reason"] == "spare_made"
    world.configure(token="pkcs11:token=fleet")
    assert world.run("keys", "--prune")["changed"] is True
    assert destroyed(world) == [spare.hex()]
    assert not world.token.objects(id=spare)
    assert world.token.objects(id=bytes.fromhex(world.generation(1)["key_id"]))


def test_of_a_spare_key_whose_token_nobody_noted_nothing_is_claimed(two_tokens):
    """As a journal of before has it."""
    world = two_tokens
    world.configure(spare_key="yes")
    assert world.run("renew")["reason"] == "spare_made"
    journal = world.journal()
    del journal["renewal"]["key_token"]
    (world.folder / "journal.json").write_text(json.dumps(journal))
    result = move(world)
    assert "is not in the token second: if it lies in another one" in result.errors
    assert destroyed(world) == []


def test_nameless_objects_in_the_other_token_are_none_that_a_cut_generation_left(two_tokens):
    world = two_tokens
    world.shim.plan("C_GenerateKeyPair 1 kill")
    assert world.run("renew", "--force").status == 75
    world.shim.plan()
    world.token.label = "second"
    world.token.make_nameless_object("private")
    move(world)
    assert [each.kind for each in world.token.objects() if not each.id] == ["private"]

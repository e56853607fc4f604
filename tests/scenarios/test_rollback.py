"""Going back to the generation of before."""
import json

import pytest
from clock import later


@pytest.fixture
def renewed(world):
    """A host whose active generation is the second, with the first one retained."""
    world.assert_renews()
    world.shim.forget()
    return world


def assert_gone_back(world, result, number):
    assert (result.status, result["changed"], result["reason"]) == (0, True, "none"), result
    assert world.active() == number
    assert result["certificate"]["sha256"] == world.sha256(number)
    world.assert_whole()


def test_it_goes_back_after_a_probe_and_makes_and_destroys_no_key(renewed):
    renewed.connector.forget()
    result = renewed.run("rollback")
    assert_gone_back(renewed, result, 1)
    assert "gone back from generation 2 to 1" in result["msg"]
    assert [call["operation"] for call in renewed.connector.calls()][:1] == ["probe"]
    assert renewed.calls("C_GenerateKeyPair") == renewed.calls("C_DestroyObject") == 0
    assert renewed.generations() == [1, 2]


def test_the_due_date_is_that_of_the_certificate_that_is_active_now(renewed):
    renewed.connector.settings(validity_seconds=365 * 86400)
    renewed.assert_renews()
    due = renewed.run("status")["next_renewal"]
    result = renewed.run("rollback")
    assert result["next_renewal"] < due
    assert renewed.run("renew")["reason"] == "not_due"


def test_the_one_that_was_left_is_the_first_to_go_and_numbers_go_on(renewed):
    assert renewed.run("rollback").status == 0
    renewed.assert_renews()
    assert renewed.active() == 3
    assert renewed.generations() == [1, 3]
    assert_gone_back(renewed, renewed.run("rollback"), 1)


def test_one_that_was_left_is_retained_where_there_is_room_and_never_gone_back_to(renewed):
    renewed.configure(retain="2")
    assert renewed.run("rollback").status == 0
    renewed.assert_renews()
    assert renewed.generations() == [1, 2, 3]
    assert renewed.generation(2)["abandoned"]
    roles = {key["generation"]: key["role"] for key in renewed.run("keys")["keys"]}
    assert roles == {1: "retained", 2: "retained", 3: "active"}
    assert_gone_back(renewed, renewed.run("rollback"), 1)


def test_it_goes_back_twice_with_two_generations_retained(renewed):
    renewed.configure(retain="2")
    renewed.assert_renews()
    assert renewed.run("rollback").status == 0
    assert_gone_back(renewed, renewed.run("rollback"), 1)
    renewed.assert_renews()
    assert renewed.active() == 4
    assert renewed.generations() == [1, 3, 4]


def test_without_a_generation_behind_the_active_one_it_is_refused(world):
    world.assert_fails(64, "usage", "no generation behind the active one, 1", "retain = 1",
                       arguments=("rollback",))
    world.assert_renews()


def test_without_any_generation_it_is_refused(new_world):
    result = new_world.run("rollback")
    assert (result.status, result["error"]["class"]) == (64, "usage"), result


def test_a_revoked_certificate_is_not_gone_back_to(renewed):
    assert renewed.run("revoke", "--generation", "1").status == 0
    renewed.assert_fails(76, "verification", "generation 1", "revoked", arguments=("rollback",))
    assert renewed.run("status").status == 0


def test_one_that_only_the_connector_knows_to_be_revoked_is_not_gone_back_to(renewed):
    assert renewed.run("revoke", "--generation", "1").status == 0
    path = renewed.folder / "generations" / "1" / "generation.json"
    path.write_text(json.dumps({**renewed.generation(1), "revoked": False}))
    renewed.assert_fails(75, "connector", "generation 1", reason="rejected",
                         arguments=("rollback",))
    renewed.assert_identity_works()


def test_an_expired_certificate_is_not_gone_back_to(new_world):
    new_world.connector.settings(validity_seconds=90)
    new_world.enroll()
    new_world.connector.settings(validity_seconds=90 * 86400)
    new_world.assert_renews()
    new_world.assert_fails(76, "verification", "generation 1", "expired", arguments=("rollback",),
                           command=later("+100s"))


def test_one_whose_key_is_gone_is_not_gone_back_to(renewed):
    renewed.token.destroy(id=bytes.fromhex(renewed.generation(1)["key_id"]))
    renewed.assert_fails(69, "token", "the key of generation 1 is not in the token",
                         arguments=("rollback",))
    renewed.assert_identity_works()


def test_one_that_fails_is_told_to_hook_failed(renewed, hooks):
    renewed.configure(hook_failed=hooks.make("failed"))
    renewed.token.destroy(id=bytes.fromhex(renewed.generation(1)["key_id"]))
    assert renewed.run("rollback").status == 69
    [told] = hooks.told("failed")
    assert told["error_class"] == "token"


def test_it_leads_away_from_an_active_generation_whose_key_is_gone(renewed):
    renewed.token.destroy(id=bytes.fromhex(renewed.generation()["key_id"]))
    assert renewed.run("renew", "--force").status == 69
    result = renewed.run("rollback")
    assert (result.status, renewed.active()) == (0, 1), result
    renewed.assert_identity_works()
    renewed.assert_renews()


def test_it_leads_away_from_an_active_generation_that_is_damaged(renewed):
    (renewed.folder / "current" / "certificate.pem").write_text("nothing")
    assert renewed.run("renew").status == 70
    result = renewed.run("rollback")
    assert (result.status, renewed.active()) == (0, 1), result
    renewed.assert_identity_works()
    renewed.assert_renews()


def test_what_was_under_way_is_thrown_away(renewed):
    renewed.connector.fault("sign", "error_503")
    assert renewed.run("renew", "--force").status == 75
    renewed.connector.clear_faults()
    assert renewed.journal()["phase"] == "KEYED"
    assert_gone_back(renewed, renewed.run("rollback"), 1)
    assert renewed.generations() == [1, 2]
    renewed.assert_renews()
    assert renewed.active() == 4


def test_a_refused_rollback_leaves_what_was_under_way(renewed):
    renewed.connector.fault("sign", "error_503")
    assert renewed.run("renew", "--force").status == 75
    renewed.connector.clear_faults()
    renewed.connector.fault("probe", "error_503")
    renewed.assert_fails(75, "network", "generation 1", arguments=("rollback",))
    assert renewed.journal()["phase"] == "KEYED"


def test_a_spare_key_is_thrown_away(world):
    world.configure(spare_key="yes")
    world.assert_renews()
    world.assert_renews()
    assert world.spare()
    result = world.run("rollback")
    assert (result.status, world.active()) == (0, 2), result
    world.assert_only_retained_keys()
    assert world.run("renew")["reason"] == "spare_made"


def test_a_revocation_that_is_still_owed_is_forgotten(renewed):
    """It would revoke what is active again."""
    renewed.configure(revoke_old="yes", retain="1")
    renewed.connector.fault("revoke", "error_503")
    assert renewed.run("renew", "--force").status == 0
    renewed.connector.clear_faults()
    assert [debt["generation"] for debt in renewed.run("status")["debts"]] == [2]
    result = renewed.run("rollback")
    assert (result.status, renewed.active()) == (0, 2), result
    assert renewed.run("status")["debts"] == []
    renewed.assert_renews()
    # The one that was replaced, and the one that was gone back from.
    assert renewed.generations() == [2, 4]
    assert renewed.generation(2)["revoked"]


def test_a_token_that_is_not_there_leaves_everything_as_it_was(renewed):
    renewed.shim.plan("C_Initialize 1 fail CKR_DEVICE_ERROR")
    renewed.assert_fails(69, "token", arguments=("rollback",))
    renewed.shim.plan()
    assert renewed.run("rollback").status == 0

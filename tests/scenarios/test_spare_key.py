"""spare_key: the next renewal's key is made when nobody waits for it any more."""
import pytest
from clock import later
from world import SIGNATURES

LATER = later("+2h")


@pytest.fixture
def world(world):
    """A host with one certificate that has not got a spare key yet."""
    world.configure(spare_key="yes")
    return world


def make_spare(world):
    result = world.run("renew")
    assert (result.status, result["reason"], result["changed"]) == (0, "spare_made", True), result
    assert world.spare()
    world.shim.forget()


def roles(world):
    result = world.run("keys")
    assert result.status == 0, result
    return sorted(key["role"] for key in result["keys"])


def renew(world):
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    world.assert_whole()
    return result


def calls_before_generation(world):
    names = [call.function for call in world.shim.calls()]
    return names[:names.index("C_GenerateKeyPair")]


def test_a_run_in_which_nothing_is_due_makes_it_once(world):
    make_spare(world)
    assert roles(world) == ["active", "spare"]
    world.shim.forget()
    world.connector.forget()
    result = world.run("renew", "--detailed-exitcode")
    assert (result.status, result["reason"]) == (10, "not_due"), result
    assert not world.shim.calls() and not world.connector.connections()
    world.assert_whole()


def test_a_renewal_takes_it_and_makes_the_next_one_after_its_last_signature(world):
    make_spare(world)
    spare = world.spare()
    assert world.run("renew", "--force")["reason"] == "renewed"
    assert world.generation()["key_id"] == spare
    deeds = [call.function in SIGNATURES for call in world.shim.calls()
             if call.function in (*SIGNATURES, "C_GenerateKeyPair")]
    assert deeds == [True, True, True, False]
    assert world.spare() not in (None, spare)
    assert roles(world) == ["active", "retained", "spare"]
    renew(world)
    assert world.generations() == [2, 3]


def test_its_label_bears_the_number_of_the_generation_that_it_becomes(world):
    make_spare(world)
    label = world.journal()["renewal"]["key_label"]
    renew(world)
    assert world.generation()["key_label"] == label
    assert label.endswith(f"/{world.active()}")


def test_the_renewal_itself_makes_no_more_calls_with_it_than_without(world):
    world.configure(spare_key="no")
    renew(world)
    world.shim.forget()
    renew(world)
    without = len(world.shim.calls())
    world.configure(spare_key="yes")
    make_spare(world)
    assert world.run("renew", "--force").status == 0
    calls = calls_before_generation(world)
    assert len([name for name in calls if name in SIGNATURES]) == 3
    assert len(calls) < without


def test_the_first_renewal_makes_its_own_key_and_the_spare_one(world):
    result = renew(world)
    assert world.calls("C_GenerateKeyPair") == 2
    assert world.spare()
    assert result["timings_ms"]["key_generation"] > 0


@pytest.mark.parametrize("change", [{"key_bits": 3072}, {"spare_key": "no"}])
def test_one_that_is_not_what_is_configured_is_destroyed_by_the_next_renewal_only(world, change):
    make_spare(world)
    spare = bytes.fromhex(world.spare())
    world.configure(**change)
    assert world.run("renew")["reason"] == "not_due"
    assert world.run("keys", "--prune")["changed"] is False
    assert roles(world) == ["active", "spare"]
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    assert "is destroyed" in result.errors
    assert not world.token.objects(id=spare)
    assert bool(world.spare()) == ("key_bits" in change)
    world.assert_whole()


def break_by_destroying(world, spare):
    world.token.destroy(id=spare)


def break_by_halving(world, spare):
    """A public object without its private one; the other way round a key can be used."""
    world.token.destroy(id=spare, kind="private")


@pytest.mark.parametrize("damage", [break_by_destroying, break_by_halving])
def test_one_that_somebody_has_spoilt_is_not_used(world, damage):
    make_spare(world)
    spare = bytes.fromhex(world.spare())
    damage(world, spare)
    result = renew(world)
    assert "the spare key is not used" in result.errors
    assert not world.token.objects(id=spare)


def test_one_that_cannot_be_made_fails_nothing_and_is_tried_again_after_a_while(world):
    world.shim.plan("C_GenerateKeyPair 2 fail CKR_DEVICE_MEMORY")
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    assert "no spare key could be made" in result.errors and "CKR_DEVICE_MEMORY" in result.errors
    assert world.journal()["phase"] == "IDLE"
    told = world.run("status")["spare_key"]
    assert (told["made"], told["key_id"], told["attempts"]) == (False, None, 1)
    assert "CKR_DEVICE_MEMORY" in told["last_error"] and told["next_attempt"]
    world.shim.plan()
    world.shim.forget()
    assert world.run("renew")["reason"] == "not_due"
    assert not world.shim.calls()
    result = world.run("renew", command=LATER)
    assert (result.status, result["reason"]) == (0, "spare_made"), result
    told = world.run("status")["spare_key"]
    assert (told["made"], told["key_id"], told["attempts"], told["last_error"]) == \
        (True, world.spare(), 0, None)
    world.assert_only_retained_keys()


@pytest.mark.parametrize("plan, facts", [
    (["no-token"], ["no token"]),
    (["C_Login 1 fail CKR_PIN_INCORRECT"], ["CKR_PIN_INCORRECT"]),
    (["C_OpenSession 1 segfault"], ["the worker crashed (SIGSEGV)"]),
])
def test_a_token_that_is_not_well_does_not_fail_a_run_that_had_nothing_else_to_do(
        world, plan, facts):
    world.shim.plan(*plan)
    result = world.run("renew")
    assert (result.status, result["reason"], result["changed"]) == (0, "not_due", False), result
    assert not [fact for fact in facts if fact not in result.errors], result.errors
    assert world.run("status")["spare_key"]["attempts"] == 1
    world.shim.forget()
    assert world.run("renew").status == 0
    assert not world.shim.calls()


@pytest.mark.parametrize("end, fact", [("hang", "not done after 2 s"), ("segfault", "SIGSEGV")])
def test_a_token_that_hangs_or_crashes_over_it_fails_no_renewal(world, end, fact):
    world.configure(key_generation_timeout="2s")
    world.shim.plan(f"C_GenerateKeyPair 2 {end}")
    before = world.sha256()
    result = world.run("renew", "--force")
    assert (result.status, result["reason"], result["changed"]) == (0, "renewed", True), result
    assert fact in result.errors
    assert world.sha256() != before
    assert world.journal()["phase"] == "PLANNED"
    assert world.run("status")["state"] == "ok"
    world.shim.plan()
    world.configure(key_generation_timeout=None)
    assert world.run("renew")["reason"] == "not_due"
    assert world.run("renew", command=LATER)["reason"] == "spare_made"
    world.assert_whole()


def test_a_killed_worker_has_made_the_renewal_and_the_next_run_goes_on_at_once(world):
    world.shim.plan("C_GenerateKeyPair 2 kill-after")
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    world.shim.plan()
    assert world.run("renew")["reason"] == "spare_made"
    assert world.calls("C_GenerateKeyPair") == 2
    world.assert_whole()


def test_a_renewal_goes_on_with_one_that_is_still_in_the_making(world):
    world.shim.plan("C_GenerateKeyPair 1 kill-after")
    assert world.run("renew").status == 0
    cut = world.journal()["renewal"]["key_id"]
    world.shim.plan()
    assert world.run("renew", "--force").status == 0
    assert world.generation()["key_id"] == cut
    assert world.calls("C_GenerateKeyPair") == 2
    world.assert_whole()


def test_a_renewal_that_fails_after_it_was_taken_keeps_it_for_the_next_try(world):
    make_spare(world)
    spare = world.spare()
    world.connector.fault("sign", "error_503")
    world.assert_fails(75, "network", "503")
    assert world.journal()["renewal"]["spare"] is False
    assert roles(world) == ["active", "next"]
    world.connector.clear_faults()
    assert world.run("renew", "--force").status == 0
    assert world.generation()["key_id"] == spare
    assert world.calls("C_GenerateKeyPair") == 1
    world.assert_whole()


def test_an_enrolment_takes_it_too(world):
    make_spare(world)
    spare = world.spare()
    world.enroll()
    assert world.generation()["key_id"] == spare
    assert world.calls("C_GenerateKeyPair") == 0
    make_spare(world)
    world.assert_whole()


def test_a_journal_out_of_a_backup_offers_no_key_that_is_in_use(world):
    make_spare(world)
    old = (world.folder / "journal.json").read_text()
    renew(world)
    renew(world)
    (world.folder / "journal.json").write_text(old)
    result = renew(world)
    assert result["reason"] == "renewed"
    assert world.generations()[-2:] == [3, 4]
    assert len({world.generation(number)["key_id"] for number in world.generations()}) == 2

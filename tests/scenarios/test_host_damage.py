"""Damaged state: set aside and said, or 70 with the file's name; never guessed."""
import json

import pytest

DAMAGES = {
    "empty": b"",
    "half": b'{"version": 1, "phase": "KEY',
    "binary": bytes(range(256)),
    "not an object": b"[]",
    "too long": b" " * 1_000_000,
    "text": b"IDLE\n",
}


def damage(path, how):
    path.write_bytes(DAMAGES[how])


def changed(path, **members):
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))


def assert_set_aside(world, name, result):
    assert name in result.errors and "set aside" in result.errors, result
    assert (world.folder / f"{name}.damaged").exists()


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_journal_is_set_aside_and_the_run_goes_on(world, how):
    damage(world.folder / "journal.json", how)
    result = world.run("renew")
    assert result.status == 0, result
    assert_set_aside(world, "journal.json", result)
    world.assert_renews()


@pytest.mark.parametrize("members", [
    {"schema_version": 99}, {"phase": "WONDERING"}, {"phase": 3}, {"phase": None},
    {"phase": "KEYED"}, {"failures": "many"}, {"next_attempt": "soon"},
    {"last_generation": 10 ** 30}, {"last_error": "bad luck"}, {"spent_tokens": {}}])
def test_a_journal_with_a_member_that_makes_no_sense_is_set_aside(world, members):
    changed(world.folder / "journal.json", **members)
    result = world.run("renew", "--force")
    assert result.status == 0, result
    assert_set_aside(world, "journal.json", result)
    world.assert_whole()


@pytest.mark.parametrize("members", [
    {"generation": "two"}, {"generation": -1}, {"generation": 0}, {"key_id": 7}, {"key_id": "xyz"},
    {"key_id": ""}, {"key_bits": "many"}])
def test_a_renewal_under_way_that_makes_no_sense_is_set_aside(world, members):
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    world.connector.clear_faults()
    journal = world.folder / "journal.json"
    changed(journal, renewal={**world.journal()["renewal"], **members})
    result = world.run("renew", "--force")
    assert result.status == 0, result
    assert_set_aside(world, "journal.json", result)
    world.assert_whole()


@pytest.mark.parametrize("operation, phase", [("sign", "KEYED"), ("probe", "VERIFIED")])
def test_a_key_that_only_the_damaged_journal_knew_is_destroyed(world, operation, phase):
    world.connector.fault(operation, "error_503")
    assert world.run("renew", "--force").status == 75
    assert world.journal()["phase"] == phase
    damage(world.folder / "journal.json", "half")
    world.connector.clear_faults()
    result = world.run("renew", "--force")
    assert result.status == 0, result
    assert_set_aside(world, "journal.json", result)
    if phase == "KEYED":  # the other has a generation in the store, and goes when that goes
        assert "destroyed the leftover key" in result.errors
    world.assert_renews()


def test_a_lost_journal_is_no_matter(world):
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    (world.folder / "journal.json").unlink()
    world.connector.clear_faults()
    world.assert_renews()


def test_status_shows_what_there_is_beside_a_damaged_journal(world):
    damage(world.folder / "journal.json", "half")
    status = world.run("status")
    assert (status.status, status["certificate"]["sha256"]) == (0, world.sha256()), status
    assert not (world.folder / "journal.json.damaged").exists()  # it only looks


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_debts_are_set_aside(world, how):
    world.assert_renews()
    world.shim.plan("C_DestroyObject * fail CKR_DEVICE_ERROR")
    assert world.run("renew", "--force").status == 0
    world.shim.plan()
    damage(world.folder / "debts.json", how)
    result = world.run("renew", "--force")
    assert result.status == 0, result
    assert_set_aside(world, "debts.json", result)
    world.assert_whole()


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_answer_is_asked_for_again(world, how):
    world.shim.forget()
    world.connector.fault("probe", "error_503")
    assert world.run("renew", "--force").status == 75
    changed(world.folder / "journal.json", phase="ISSUED")
    damage(world.folder / "answer.json", how)
    world.connector.clear_faults()
    result = world.run("renew", "--force")
    if result.status != 0:  # said, and asked for by the next run
        assert result.status in (70, 75) and "answer.json" in result["error"]["message"], result
        assert world.journal()["phase"] == "KEYED"
        result = world.run("renew", "--force")
    assert result.status == 0, result
    assert world.calls("C_GenerateKeyPair") == 1
    world.assert_whole()


def assert_stops(world, *facts):
    """No run guesses; the next enrolment makes it good. The key of a generation that cannot be
    read is found by its label, by the renewal after the one that removes it."""
    for arguments in [("renew",), ("renew", "--force"), ("renew", "--dry-run")]:
        result = world.run(*arguments)
        assert (result.status, result["error"]["class"]) == (70, "state"), result
        for fact in facts:
            assert fact in result["error"]["message"], result
    assert world.run("status").status in (20, 70)
    result = world.run("enroll", "--token-file", world.one_time_token())
    assert result.status == 0, result
    world.assert_identity_works()
    assert world.run("renew", "--force").status == 0
    world.assert_renews()


@pytest.mark.parametrize("target", ["generations/99", "generations/1/../7", "../elsewhere", "x"])
def test_a_current_that_leads_nowhere(world, target):
    world.assert_renews()
    current = world.folder / "current"
    current.unlink()
    current.symlink_to(target)
    assert_stops(world, f"{world.folder}/current",
                 "points to nothing" if "99" in target else "does not point to a generation")


@pytest.mark.parametrize("name", ["certificate.pem", "chain.pem", "ca.pem", "key.uri",
                                  "generation.json"])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_file_of_the_active_generation_that_is_gone(world, name, how):
    world.assert_renews()
    path = world.folder / "current" / name
    if how == "missing":
        path.unlink()
    else:
        path.write_text("")
    # The chain is compared with its parts first.
    said = "chain.pem" if (how, name) in [("empty", "ca.pem"), ("empty", "certificate.pem")] \
        else name
    assert_stops(world, "generations/2", said)


def test_another_certificate_in_the_place_of_the_active_one(world):
    world.assert_renews()
    for name in ("certificate.pem", "chain.pem"):
        (world.folder / "generations" / "2" / name).write_bytes(
            (world.folder / "generations" / "1" / name).read_bytes())
    assert_stops(world, "generation.json", "another certificate")

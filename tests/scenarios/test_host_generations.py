"""A journal and a store that disagree, and generations whose files are damaged."""
import json

import pytest


def say_in_journal(world, phase, number):
    """As a kill leaves it that came before the journal heard of what was done."""
    generation = world.generation(number)
    journal = {**world.journal(), "phase": phase, "renewal": {
        "enrolment": False, "generation": number, "key_id": generation["key_id"],
        "key_label": generation["key_label"], "key_bits": 2048, "generating": False,
        "nameless_before": 0, "keyed": None, "probe_refused": None, "director_url": None,
        "connector_url": None, "request_id": None}}
    (world.folder / "journal.json").write_text(json.dumps(journal))


@pytest.mark.parametrize("name", ["key.uri", "certificate.pem", "generation.json"])
def test_a_damaged_retained_generation_does_not_hold_up_renewals(world, name):
    world.assert_renews()
    (world.folder / "generations" / "1" / name).write_text("")
    result = world.run("renew", "--force")
    assert result.status == 0 and "generations/1" in result.errors, result
    assert 1 not in world.generations()
    world.assert_renews()  # and its key is gone with the next one


def test_the_key_of_a_damaged_retained_generation_is_no_leftover(world):
    world.assert_renews()
    (world.folder / "generations" / "1" / "key.uri").unlink()
    result = world.run("keys", "--prune")
    assert [(key["role"], key["generation"]) for key in result["keys"]] \
        == [("retained", 1), ("active", 2)], result


@pytest.mark.parametrize("phase", ["ISSUED", "PROVEN", "REJECTED"])
def test_an_active_generation_that_the_journal_calls_unfinished_stays(world, phase):
    world.assert_renews()
    sha256 = world.sha256()
    say_in_journal(world, phase, world.active())
    result = world.run("renew")
    assert (result.status, world.sha256()) == (0, sha256), result
    assert world.journal()["phase"] == "IDLE"
    world.assert_renews()


def test_a_key_that_is_gone_after_the_activation_leaves_the_way_to_an_enrolment(world):
    world.assert_renews()
    say_in_journal(world, "PROVEN", world.active())
    world.token.destroy(id=bytes.fromhex(world.generation()["key_id"]))
    assert world.run("renew").status == 0
    assert world.run("renew", "--force").status == 69
    result = world.run("enroll", "--token-file", world.one_time_token())
    assert result.status == 0, result
    world.assert_identity_works()

"""The audit log: every deed is in it, and whoever changes it is found out."""
import sys

import pytest
from audit_log import AuditLog
from clock import later
from world import CRASH, ROOT

sys.path.insert(0, str(ROOT / "tests" / "crash"))

from crash_library import CrashLibrary  # noqa: E402


@pytest.fixture
def log(world):
    return AuditLog(world)


def names(log):
    return [event["event"] for event in log.events()]


def verify(log, *arguments):
    return log.world.run("audit", "verify", *arguments)


def test_an_enrolment_and_renewals_tell_every_key_and_certificate(log, world):
    world.assert_renews()
    world.assert_renews()
    assert names(log) == ["key_generated", "certificate_activated"] * 3 + ["key_destroyed"]
    log.assert_tells()
    assert log.path.stat().st_mode & 0o777 == 0o600
    generated = log.events("key_generated")[-1]
    assert (generated["bits"], generated["spare"], generated["generation"]) == (2048, False, 3)
    assert generated["label"].endswith("/orders/3")
    assert generated["attributes"]["sensitive"] is True
    assert generated["attributes"]["extractable"] is False
    assert generated["attributes"]["local"] is True
    activated = log.events("certificate_activated")[-1]
    assert (activated["generation"], activated["sha256"], activated["key_id"]) == (
        3, world.sha256(), generated["key_id"])
    assert activated["issuer_sha256"] == world.run("status")["certificate"]["issuer_sha256"]
    destroyed = log.events("key_destroyed")[0]
    assert (destroyed["generation"], destroyed["cause"]) == (1, "replaced")


def test_the_run_that_adds_to_it_shows_its_head(log, world):
    result = world.run("renew", "--force")
    head = log.head()
    assert f"audit log: {head['count']} events, head {head['sha256']}" in result.errors
    assert {event["run_id"] for event in log.events()[2:]} == {result["run_id"]}
    status = world.run("status")
    assert status["audit_head"] == head
    assert "audit log" not in status.errors
    assert "audit log" not in world.run("renew").errors


def test_what_a_revocation_does_is_told(log, world):
    number, sha256 = world.active(), world.sha256()
    world.assert_renews()
    assert world.run("revoke", "--generation", number).status == 0
    assert world.run("revoke", "--generation", number).status == 0
    revoked, = log.events("certificate_revoked")
    assert (revoked["generation"], revoked["sha256"]) == (number, sha256)


def test_a_new_ca_is_told_with_the_old_one(log, world):
    old = world.run("status")["certificate"]["issuer_sha256"]
    files = {name: world.connector.ca()[name] for name in ("ca.crt", "gateway.pem")}
    try:
        world.connector.ca(signer="new_key", subject="CN=The next CA", gateway="both")
        world.assert_renews()
        changed, = log.events("ca_changed")
        assert (changed["old_issuer_sha256"], changed["new_issuer_sha256"]) == (
            old, world.run("status")["certificate"]["issuer_sha256"])
        assert (changed["same_public_key"], changed["generation"]) == (False, world.active())
        assert names(log)[-2:] == ["ca_changed", "certificate_activated"]
        world.assert_renews()
        assert len(log.events("ca_changed")) == 1
    finally:
        if world.connector.ca()["ca.crt"] != files["ca.crt"]:
            world.connector.ca(signer="previous")
        world.connector.ca(gateway_pem=files["gateway.pem"])


def test_a_refused_pin_is_told_once(log, world):
    wrong = world.directory / "wrong-pin"
    wrong.write_text("not-the-pin")
    wrong.chmod(0o600)
    world.configure(pin_file=wrong)
    for _ in range(3):
        assert world.run("renew", "--force").status == 77
    latched, = log.events("pin_latched")
    assert (latched["token"], latched["cause"]) == ("fleet", "refused")
    log.assert_tells()


def test_a_key_that_is_given_up_is_told(log, world):
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    assert names(log)[-1] == "key_generated"
    world.connector.clear_faults()
    result = world.run("renew", command=later("+8d"))
    assert "has waited for its certificate" in result.errors
    destroyed = log.events("key_destroyed")[-1]
    assert destroyed["cause"] == "rejected"
    assert destroyed["key_id"] == log.events("key_generated")[1]["key_id"]


def test_a_leftover_that_is_destroyed_is_told(log, world):
    (world.folder / "journal.json").unlink()
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    (world.folder / "journal.json").unlink()
    world.connector.clear_faults()
    result = world.run("keys", "--prune")
    assert (result.status, result["changed"]) == (0, True)
    destroyed = log.events("key_destroyed")[-1]
    assert (destroyed["cause"], destroyed["generation"]) == ("leftover", None)
    log.assert_tells()


def test_a_chain_that_is_whole_is_verified(log, world):
    first = log.head()
    world.assert_renews()
    head = log.head()
    result = verify(log)
    assert (result.status, result["changed"]) == (0, False)
    assert (result["audit"]["count"], result["audit"]["sha256"]) == (
        head["count"], head["sha256"])
    for remembered, words in ((head, "is the head"), (first, "is an ancestor, line 2, 2 were")):
        for text in (remembered["sha256"], f"{remembered['count']}:{remembered['sha256']}"):
            result = verify(log, "--head", text)
            assert result.status == 0, result
            assert words in result["msg"]
            assert result["audit"]["remembered_at"] == remembered["count"]


def swap(lines):
    return [lines[1], lines[0], *lines[2:]]


@pytest.mark.parametrize("change, broken_at, words", [
    (lambda lines: [lines[0].replace(b"2048", b"4096"), *lines[1:]], 2, "line 1 was changed"),
    (lambda lines: [lines[0], *lines[2:]], 2, "1 line before it was taken out"),
    (swap, 1, "brought into another order")])
def test_whoever_changes_it_is_found_out(log, world, change, broken_at, words):
    world.assert_renews()
    log.path.write_bytes(b"".join(change(log.lines())))
    result = verify(log)
    assert (result.status, result["error"]["class"], result["failed"]) == (
        76, "verification", True)
    assert words in result["msg"]
    assert str(log.path) in result["msg"]
    assert (result["audit"]["broken_at"], result["audit"]["count"]) == (broken_at, broken_at - 1)
    # It is said, and holds nobody up.
    world.assert_renews()
    assert verify(log).status == 76


def test_a_tail_that_was_cut_is_found_by_who_remembers(log, world):
    world.assert_renews()
    head = log.head()
    log.path.write_bytes(b"".join(log.lines()[:-1]))
    assert verify(log).status == 0
    result = verify(log, "--head", f"{head['count']}:{head['sha256']}")
    assert result.status == 76
    assert "the tail was cut off" in result["msg"]
    log.path.unlink()
    assert verify(log).status == 0
    assert verify(log, "--head", head["sha256"]).status == 76


def assert_warns(log, logged):
    result = verify(log)
    assert (result.status, result["audit"]["active_logged"]) == (0, logged)
    assert ("does not tell of the active certificate" in result["msg"]) == (not logged)


def test_a_log_without_the_active_certificate_is_warned_of_until_the_next_renewal(log, world):
    assert_warns(log, True)
    length = log.path.stat().st_size
    for loss in (log.path.unlink, lambda: log.path.write_bytes(b""),
                 lambda: log.path.write_bytes(bytes(length))):
        loss()
        assert_warns(log, False)
    world.assert_renews()
    assert_warns(log, True)
    log.path.write_bytes(b"".join(log.lines()[:-1]))
    assert_warns(log, False)
    world.assert_renews()
    assert world.run("rollback").status == 0
    assert_warns(log, True)


def test_a_torn_last_line_is_repaired_and_noted(log, world):
    with log.path.open("ab") as file:
        file.write(b'{"seq":3,"time":')
    assert verify(log)["audit"]["torn_bytes"] == 16
    world.assert_renews()
    assert names(log)[2] == "audit_repaired"
    log.assert_tells()
    assert verify(log)["audit"]["repairs"] == 1


def test_a_disk_that_is_full_for_the_log_alone_holds_up_and_loses_nothing(log, world):
    """Whatever has been written by then, the next run notes what is missing."""
    crash = CrashLibrary(world.directory, library=CRASH)
    for point in (1, 3, 5, 7):  # room for a key, its event, room for a certificate, its event
        before = world.sha256()
        result = world.run("renew", "--force", **crash.environment(
            at=f"{point}+", error="ENOSPC", match="audit.jsonl"))
        if result.status != 0:
            assert (result.status, result["error"]["class"]) == (75, "state"), result
            assert "audit.jsonl" in result["error"]["message"]
        if point == 1:  # no event could be written: nothing was made
            assert (result.status, world.sha256()) == (75, before)
        world.assert_key_fits()
        crash.forget()
        world.assert_identity_works()
        result = world.run("renew", "--force")
        assert result.status == 0, result
        log.assert_tells()
    world.assert_whole()


def test_a_log_that_is_no_file_is_not_written_into(log, world):
    log.path.unlink()
    log.path.symlink_to(world.directory / "elsewhere")
    world.assert_fails(77, "state", "audit.jsonl")
    assert not (world.directory / "elsewhere").exists()
    log.path.unlink()
    world.assert_recovers(keys=1)


def test_a_doctor_that_has_a_pin_refused_notes_it(log, world):
    wrong = world.directory / "wrong-pin"
    wrong.write_text("not-the-pin")
    wrong.chmod(0o600)
    world.configure(pin_file=wrong)
    assert world.run("doctor").status == 77
    assert len(log.events("pin_latched")) == 1
    log.assert_whole()

"""`renew --force --revoke-old --destroy-old`: after a compromise nothing of before is left."""
import signal
from pathlib import Path

import pytest
from audit_log import AuditLog
from clock import later
from crash_sweep import Sweep
from openssl_identity import OpensslIdentity
from token_drop import Drop
from world import finish, wait_until

ALL = ("renew", "--force", "--revoke-old", "--destroy-old")
LATER = later("+2h")


def revoked(world):
    """The certificates whose revocation the Connector has confirmed, by SHA-256."""
    return [call["certificate_sha256"] for call in world.connector.calls("revoke")
            if call["status"] == 200]


def assert_nothing_of_before(world):
    """One generation, one key, no debts; and the log tells all of it."""
    assert world.generations() == [world.active()]
    assert not (world.folder / "debts.json").exists()
    world.assert_whole()
    AuditLog(world).assert_tells()


def test_a_new_key_and_certificate_and_nothing_of_before(world):
    world.assert_renews()
    old = [world.sha256(number) for number in world.generations()]
    assert len(old) == 2
    world.connector.forget()
    world.shim.forget()
    result = world.run(*ALL)
    assert (result.status, result["changed"], result["reason"]) == (0, True, "renewed"), result
    assert result["msg"].endswith("revoked and their keys destroyed"), result
    # The new one works before anything of the old ones is touched; they go the last one first.
    operations = [call["operation"] for call in world.connector.calls()]
    assert operations == ["configuration", "sign", "probe", "revoke", "revoke"]
    assert revoked(world) == old[::-1]
    assert world.calls("C_GenerateKeyPair") == 1
    assert_nothing_of_before(world)
    assert world.run("rollback").status == 64


@pytest.mark.parametrize("arguments, certificates, generations", [
    (("--destroy-old",), 0, [2]), (("--revoke-old",), 1, [1, 2])])
def test_one_without_the_other(world, arguments, certificates, generations):
    world.connector.forget()
    assert world.run("renew", "--force", *arguments).status == 0
    assert len(revoked(world)) == certificates
    assert world.generations() == generations
    world.assert_whole()
    # It was for that run only.
    world.connector.forget()
    world.assert_renews()
    assert revoked(world) == []
    assert len(world.generations()) == 2


@pytest.mark.parametrize("arguments", [
    ("--revoke-old",), ("--destroy-old",), ("--force", "--dry-run", "--destroy-old")])
def test_it_is_about_a_renewal_that_happens(host, arguments):
    before = len(host.generations())
    host.assert_fails(64, "usage", "needs --force", arguments=("renew", *arguments))
    assert len(host.generations()) == before


def test_a_spare_key_of_before_is_not_used(world):
    world.configure(spare_key="yes")
    world.assert_renews()
    spare = world.spare()
    assert spare
    assert world.run(*ALL).status == 0
    assert world.generation()["key_id"] != spare
    assert world.spare() not in (spare, None)
    assert_nothing_of_before(world)


def test_what_was_under_way_before_is_thrown_away(world):
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    key = world.journal()["renewal"]["key_id"]
    assert world.run(*ALL).status == 0
    assert world.generation()["key_id"] != key
    assert_nothing_of_before(world)


def test_the_hook_hears_of_the_new_one_first(world, hooks):
    key = world.generation()["key_id"]
    token = world.directory / "objects-in-hook"
    world.configure(hook_renewed=hooks.make(
        "renewed", f"ls {world.folder}/generations >{token}", "exit 0"))
    assert world.run(*ALL).status == 0
    assert token.read_text().split() == ["1", "2"]
    assert hooks.told("renewed")
    assert bytes.fromhex(key) not in {each.id for each in world.token.objects()}
    assert_nothing_of_before(world)


@pytest.mark.parametrize("arguments, said", [
    (ALL, "certificate of generation 1 is not revoked yet"),
    (("renew", "--force", "--destroy-old"), "key of generation 1 is not destroyed yet")])
def test_as_long_as_the_hook_fails_the_old_one_stays_and_that_is_said(
        world, hooks, arguments, said):
    world.configure(hook_renewed=hooks.make("renewed", "exit 3"))
    result = world.run(*arguments)
    assert (result.status, result["error"]["class"], result["changed"]) == (75, "busy", True)
    assert said in result["msg"] and "hook_renewed has to succeed first" in result["msg"], result
    assert world.generations() == [1, 2]
    world.configure(hook_renewed=hooks.make("renewed"))
    assert world.run("renew", command=LATER).status == 0
    assert_nothing_of_before(world)


def test_without_its_revocation_the_old_key_stays_and_that_is_said(world):
    old = world.sha256()
    world.connector.fault("revoke", "error_503")
    result = world.run(*ALL)
    assert (result.status, result["failed"], result["changed"]) == (75, True, True), result
    assert result["error"]["retry"] is True
    for fact in ("renewed: valid until", "generation 1 is not revoked yet",
                 "its key is there until it is", "HTTP 503", "try it again"):
        assert fact in result["msg"], result
    assert world.active() == 2
    assert world.generations() == [1, 2]
    world.assert_whole()
    kinds = [debt["kind"] for debt in world.run("status")["debts"]]
    assert kinds == ["revoke", "destroy_key"]
    assert world.run("renew", command=LATER).status == 0
    assert revoked(world)[-1] == old
    assert_nothing_of_before(world)


def test_a_revocation_that_comes_too_late_is_given_up_and_the_key_destroyed(new_world):
    new_world.connector.settings(validity_seconds=3600)
    new_world.enroll()
    new_world.connector.settings(validity_seconds=90 * 86400)
    new_world.connector.fault("revoke", "error_503", times=None)
    assert new_world.run(*ALL).status == 75
    new_world.connector.clear_faults()
    result = new_world.run("renew", command=LATER)
    assert result.status == 0 and "expired before it could be revoked" in result.errors, result
    assert_nothing_of_before(new_world)


def test_a_pin_that_comes_once_does_it_in_the_next_run(world):
    def run(*arguments):
        return world.run(*arguments, command=("sh", "-c", f'exec "$@" 5<{pin}', "sh"))
    pin = world.settings()["pin_file"]
    world.configure(pin_file=None, pin_fd=5)
    result = run(*ALL)
    assert result.status == 75 and "gives the PIN only once" in result["msg"], result
    assert run("renew").status == 0
    world.configure(pin_file=pin, pin_fd=None)
    assert_nothing_of_before(world)


def test_one_that_waited_for_another_renewal_destroys_nothing(world):
    world.connector.forget()  # the probe of the enrolment
    world.connector.fault("probe", "pause")
    other = world.start("renew", "--force")
    wait_until(lambda: world.connector.calls("probe"))
    mine = world.start(*ALL)
    wait_until(lambda: waits_for(mine, world.folder / "lock"))
    world.connector.clear_faults()
    assert finish(other).status == 0
    result = finish(mine)
    assert (result.status, result["reason"], result["changed"]) == \
        (75, "renewed_meanwhile", False), result
    assert "nothing has been revoked or destroyed" in result["msg"]
    assert world.generations() == [1, 2]
    assert world.run(*ALL).status == 0
    assert_nothing_of_before(world)


def waits_for(process, path):
    """It has it open, and sleeps: nothing but the lock is to be had there."""
    folder = Path(f"/proc/{process.pid}")
    state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
    return state == "S" and any(
        each.exists() and each.samefile(path) for each in (folder / "fd").iterdir())


def test_an_adopted_key_is_not_ours_to_destroy(new_world):
    """Its generation goes, and where the key lies is said."""
    made = OpensslIdentity(new_world)
    assert new_world.run(*made.arguments()).status == 0
    old = new_world.sha256()
    result = new_world.run(*ALL)
    assert result.status == 0, result
    assert f"still lies in file://{made.key}" in result.errors
    assert made.key.exists()
    assert revoked(new_world) == [old]
    assert_nothing_of_before(new_world)


def test_a_locked_out_identity_is_enrolled_and_its_key_destroyed(new_world):
    drop = Drop(new_world)
    drop.lock_out()
    drop.put()
    new_world.connector.forget()
    result = new_world.run(*ALL)
    assert (result.status, result["changed"]) == (0, True), result
    assert "were not revoked, since the Connector refuses them" in result["msg"]
    assert new_world.connector.calls("revoke") == []
    assert_nothing_of_before(new_world)


class CompromiseSweep(Sweep):
    """What a run before has revoked works again."""

    def __init__(self, world):
        self.old = {number: (world.sha256(number), bytes.fromhex(world.generation(number)["key_id"]))
                    for number in world.generations()}
        super().__init__(world, lambda: ALL)

    def restore(self):
        self.world.connector.pardon()
        self.world.connector.forget()
        super().restore()

    def assert_no_key_is_gone_before_its_certificate(self):
        there = {each.id for each in self.world.token.objects() if each.kind == "private"}
        gone = {sha256 for sha256, key_id in self.old.values() if key_id not in there}
        assert gone <= set(revoked(self.world))

    def heal(self, _):
        """Plain runs bring it to rest: what was begun is done with all that was asked for."""
        world = self.world
        self.assert_no_key_is_gone_before_its_certificate()
        world.assert_key_fits()
        was_begun = world.active() not in self.old or world.journal()["phase"] != "IDLE"
        result = world.run("renew")
        assert result.status == 0, f"after the kill: {result}"
        assert (world.active() not in self.old) == was_begun
        if not was_begun:
            assert world.run(*ALL).status == 0
        assert set(revoked(world)) == {sha256 for sha256, _ in self.old.values()}
        assert world.generations() == [world.active()]
        assert not (world.folder / "debts.json").exists()
        world.assert_nothing_under_way()
        world.assert_only_retained_keys()
        AuditLog(world).assert_tells()


@pytest.fixture
def sweep(world):
    world.assert_renews()
    yield CompromiseSweep(world)
    world.connector.pardon()


def test_a_kill_at_any_file_loses_nothing_of_the_wish(sweep):
    sweep.run(sweep.at_points(match=str(sweep.world.state)), every=61)


def test_a_kill_at_any_call_of_the_token_loses_nothing_of_the_wish(sweep):
    sweep.run(sweep.at_calls("kill"), every=151)


def test_a_signal_between_the_two_workers_leaves_the_rest_to_the_next_run(world):
    world.connector.fault("revoke", "pause")
    process = world.start(*ALL)
    wait_until(lambda: world.connector.calls("revoke"))
    process.send_signal(signal.SIGTERM)
    result = finish(process)
    assert (result.status, result["changed"]) == (75, True), result
    assert "not revoked yet" in result["msg"], result
    world.connector.clear_faults()
    assert world.run("renew", command=LATER).status == 0
    assert_nothing_of_before(world)

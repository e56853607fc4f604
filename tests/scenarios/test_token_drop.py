"""A one-time token that is left for an identity: used once, by the next run, when only that helps."""
import os

import pytest
from clock import later
from token_drop import FIRST, Drop
from world import World, finish, wait_until

LATER = later("+2h")


@pytest.fixture
def drop(new_world):
    drop = Drop(new_world)
    drop.lock_out()
    return drop


@pytest.fixture(scope="module")
def kept():
    return []


@pytest.fixture
def idle(connector, kept, tmp_path_factory):
    """The same for tests after which the host is as it was."""
    if not kept:
        kept.append(Drop(World(tmp_path_factory.mktemp("idle"), connector)))
        kept[0].lock_out()
    drop = kept[0]
    settings = drop.world.settings()
    drop.world.shim.forget()
    connector.forget()
    yield drop
    assert connector.connections() == []
    assert drop.world.shim.calls() == []
    drop.world.configure(**settings)
    drop.take_away()


@pytest.mark.parametrize("form", ["token", "raw_encoded"])
def test_it_is_used_by_the_next_run_within_the_back_off_and_removed(drop, form):
    world = drop.world
    assert world.run("status")["next_attempt"]
    drop.put(form)
    drop.assert_enrolls()
    assert not drop.file.exists()
    assert drop.operations() == [*FIRST, "probe"]
    world.assert_whole()
    assert world.generations() == [1, 2]
    world.connector.forget()
    assert world.run("renew")["reason"] == "not_due"
    assert world.connector.connections() == []


def test_it_gets_a_first_certificate(new_world):
    drop = Drop(new_world)
    new_world.assert_secrets_kept(result := new_world.run("renew"))
    assert (result.status, result["changed"]) == (20, False), result
    drop.put()
    result = new_world.run("renew")
    assert (result.status, result["changed"]) == (0, True), result
    assert not drop.file.exists()
    new_world.assert_whole()


def test_it_is_used_by_the_run_that_finds_out_that_it_is_needed(new_world):
    drop = Drop(new_world)
    new_world.enroll()
    new_world.connector.revoke(new_world.sha256())
    drop.put()
    assert new_world.run("renew")["reason"] == "not_due"  # nothing is known of the revocation
    assert drop.file.exists()
    drop.assert_enrolls("--force")
    assert not drop.file.exists()
    new_world.assert_whole()


def test_with_a_pin_that_comes_once_it_is_used_by_the_run_after_that(new_world):
    def run(*arguments):
        return new_world.run(*arguments, command=("sh", "-c", f'exec "$@" 5<{pin}', "sh"))
    drop = Drop(new_world)
    new_world.enroll()
    new_world.connector.revoke(new_world.sha256())
    drop.put()
    pin = new_world.settings()["pin_file"]
    new_world.configure(pin_file=None, pin_fd=5)
    result = run("renew", "--force")
    assert (result.status, str(drop.file) in result["msg"]) == (20, True), result
    assert "the next run" in result["msg"] and drop.file.exists()
    result = run("renew")
    assert (result.status, result["changed"]) == (0, True), result
    assert not drop.file.exists()


@pytest.fixture
def distrusted(old_ca, new_world):
    """In service, under a CA that the gateway has ceased to accept and that is distrusted."""
    drop = Drop(new_world)
    new_world.configure(rejected_after="10min")
    new_world.enroll()
    old = new_world.run("status")["certificate"]["issuer_sha256"]
    new_world.connector.ca(signer="new_key", gateway="new")
    new_world.configure(distrusted_ca=old)
    return drop


def test_under_a_distrusted_ca_it_is_used_by_the_run_that_is_refused(distrusted):
    distrusted.put()
    distrusted.assert_enrolls()
    assert not distrusted.file.exists()


def test_under_a_distrusted_ca_it_is_used_within_the_back_off_of_one_refusal(distrusted):
    world = distrusted.world
    world.assert_fails(75, "connector", f"put into {distrusted.file}", reason="rejected")
    distrusted.put()
    distrusted.assert_enrolls()


def test_under_a_ca_that_is_not_distrusted_one_refusal_does_not_use_it(distrusted):
    world = distrusted.world
    world.configure(distrusted_ca=None)
    distrusted.put()
    world.assert_fails(75, "connector", reason="rejected")
    assert distrusted.file.exists()


def test_one_that_is_not_needed_is_left_alone(new_world):
    drop = Drop(new_world)
    new_world.enroll()
    drop.put()
    new_world.assert_renews()
    assert drop.file.exists()


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_without_one_a_back_off_is_spent_in_silence(idle, text):
    if text is not None:
        idle.put(text=text)
    result = idle.world.assert_fails(20, "connector", f"put into {idle.file}", reason="rejected",
                                     arguments=("renew",))
    assert len(result.errors.splitlines()) == 1, result.errors


def test_a_back_off_costs_one_look_for_the_file(idle):
    trace = idle.world.directory / "trace"
    idle.world.run("renew", command=("strace", "-f", "-o", trace))
    looks = [line for line in trace.read_text().splitlines() if idle.file.name in line]
    assert len(looks) == 1 and "ENOENT" in looks[0], looks


@pytest.mark.parametrize("operation", FIRST)
def test_one_that_was_sent_in_vain_is_never_sent_again(drop, operation):
    world = drop.world
    world.connector.fault(operation, "error_500")
    text = drop.put()
    world.assert_fails(20, "connector", str(drop.file), "supply another", "HTTP 500",
                       arguments=("renew",))
    assert not drop.file.exists()
    assert world.journal()["phase"] == "KEYED"
    # Somebody puts the same one there again.
    world.connector.forget()
    drop.put(text=text)
    world.assert_fails(20, "connector", str(drop.file), "has been sent before", "removed",
                       "supply another", reason="rejected", arguments=("renew",))
    assert world.connector.connections() == []
    assert not drop.file.exists()
    drop.put()
    drop.assert_enrolls()
    assert world.calls("C_GenerateKeyPair") == 0  # that of the renewal which was refused
    world.assert_whole()


def test_one_that_was_not_sent_is_kept_and_tried_again(drop):
    world = drop.world
    world.connector.settings(listening=False)
    drop.put()
    world.assert_fails(75, "network", str(drop.file), arguments=("renew",))
    assert drop.file.exists()
    world.connector.settings(listening=True)
    drop.assert_enrolls()
    world.assert_whole()


def make_a_folder(drop):
    drop.file.mkdir()


def make_a_pipe(drop):
    os.mkfifo(drop.file)


@pytest.mark.parametrize("put, said", [
    (lambda drop: drop.put(mode=0o644), "0644"), (lambda drop: drop.put(mode=0o660), "0660"),
    (make_a_folder, "not a regular file"), (make_a_pipe, "not a regular file")])
def test_what_others_may_read_or_is_no_file_is_refused(idle, put, said):
    put(idle)
    idle.world.assert_fails(77, "state", str(idle.file), said, reason="rejected",
                            arguments=("renew",))
    assert idle.file.exists()


def test_one_that_is_refused_does_not_keep_the_old_identity_from_healing(world):
    drop = Drop(world)
    world.connector.fault("configuration", "empty_400")
    world.assert_fails(20, "connector", reason="rejected")
    drop.put(mode=0o644)
    world.assert_fails(77, "state", "0644", reason="rejected", arguments=("renew",))
    assert world.run("renew", command=LATER).status == 0
    assert world.run("status")["state"] == "ok"


@pytest.mark.parametrize("text", ["two words", "{}", pytest.param(5000 * "a", id="long")])
def test_what_is_no_token_is_said_and_another_one_asked_for(idle, text):
    idle.put(text=text)
    idle.world.assert_fails(20, "connector", str(idle.file), "token", reason="rejected",
                            arguments=("renew",))


def test_where_to_enroll_has_to_be_known(idle):
    idle.world.configure(enrollment_url=None)
    idle.put()
    idle.world.assert_fails(78, "config", "enrollment_url", arguments=("renew",))
    assert idle.file.exists()


def test_a_file_that_cannot_be_removed_does_no_harm(drop):
    drop.put()
    drop.file.parent.chmod(0o500)
    try:
        result = drop.assert_enrolls(command=bound_by_modes())
        assert "could not be removed" in result.errors
    finally:
        drop.file.parent.chmod(0o700)
    assert drop.file.exists()
    # The next run, which needs no token, removes what is left.
    drop.world.connector.forget()
    assert drop.world.run("renew")["reason"] == "not_due"
    assert not drop.file.exists()
    assert drop.world.connector.connections() == []


def bound_by_modes():
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") \
        if os.geteuid() == 0 else ()


def test_another_one_that_has_come_meanwhile_stays(drop):
    """It is put there while the first one travels."""
    world = drop.world
    world.connector.fault("probe", "pause")
    drop.put()
    process = world.start("renew")
    wait_until(lambda: "probe" in drop.operations())
    drop.put()
    world.connector.clear_faults()
    assert finish(process).status == 0
    assert drop.file.exists()
    world.assert_whole()


def test_a_credential_is_used_once_and_stays(drop):
    world = drop.world
    drop.use_credential()
    world.assert_fails(20, "connector", reason="rejected", arguments=("renew",))
    drop.put()
    drop.assert_enrolls()
    assert drop.file.exists()
    world.assert_whole()
    assert world.run("renew")["reason"] == "not_due"
    # It is locked out again: the token is none any more.
    world.connector.revoke(world.sha256())
    world.assert_fails(20, "connector", reason="rejected")
    world.connector.forget()
    world.assert_fails(20, "connector", "credential one-time", "used up", reason="rejected",
                       arguments=("renew",))
    assert world.connector.connections() == []


def test_the_file_comes_before_the_credential(drop):
    file = drop.file
    drop.use_credential()
    drop.put()
    credential, drop.file = drop.file, file
    drop.world.configure(enrollment_token_file=file)
    drop.put()
    drop.assert_enrolls()
    assert credential.exists() and not file.exists()
    assert drop.operations().count("configuration") == 1


def test_the_old_identity_is_kept_until_the_new_one_is_proven(drop):
    world = drop.world
    before = world.sha256()
    world.connector.fault("probe", "empty_400", times=2)
    drop.put()
    world.assert_fails(75, "connector", "not accepted yet", arguments=("renew",))
    assert not drop.file.exists()
    assert (world.active(), world.sha256()) == (1, before)
    # Not in the back-off of the old one, nor with another token.
    world.connector.forget()
    world.assert_fails(75, "connector", "not accepted yet", arguments=("renew",))
    assert drop.operations() == ["probe"]
    world.assert_fails(75, "busy", "not accepted yet", reason="backoff", arguments=("renew",))
    result = world.run("renew", command=later("+5min"))
    assert (result.status, result["reason"]) == (0, "resumed"), result
    world.assert_whole()
    assert world.run("status")["state"] == "ok"


def test_one_that_is_never_proven_ends_in_the_call_for_another_and_the_old_one_may_heal(world):
    """A rotation half done: who signs has gone on, who checks has not, and it is undone."""
    drop = Drop(world)
    before = world.sha256()
    world.connector.fault("configuration", "empty_400")
    world.assert_fails(20, "connector", reason="rejected")
    world.connector.fault("probe", "empty_400", times=None)
    drop.put()
    world.assert_fails(75, "connector", "not accepted yet", arguments=("renew",))
    world.assert_fails(20, "connector", "supply another", arguments=("renew",), command=LATER)
    assert (world.active(), world.sha256()) == (1, before)
    assert world.run("status")["state"] == "re-enrolment-needed"
    world.connector.clear_faults()
    result = world.run("renew", command=later("+6h"))
    assert (result.status, result["changed"]) == (0, True), result
    assert world.run("status")["state"] == "ok"
    world.assert_whole()


def test_all_identities_are_looked_at(drop):
    drop.put()
    result = drop.world.run("--all", "renew")
    assert result.status == 0, result
    assert result["identities"][0]["changed"] is True
    drop.world.assert_whole()

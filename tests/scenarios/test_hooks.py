"""hook_renewed, hook_ca_changed, hook_failed, hook_reenroll: run, and what of it is owed."""
import pytest
from clock import later
from doctor import by_result, examine, line
from world import PROGRAM

LATER = later("+2h")
EVENTS = ("ca_changed", "renewed", "failed", "reenroll")


@pytest.fixture
def world(host, hooks):
    """A host that other tests have too, with a hook for every event."""
    if (host.folder / "debts.json").exists():
        host.run("renew")  # without the settings nothing is owed to the hooks of the test before
    host.configure(**{f"hook_{event}": hooks.make(event) for event in EVENTS})
    return host


@pytest.fixture
def own_world(new_world, hooks):
    """The same on a host that is only this test's."""
    new_world.enroll()
    new_world.configure(**{f"hook_{event}": hooks.make(event) for event in EVENTS})
    return new_world


def owed(world):
    return [debt["event"] for debt in world.run("status")["debts"] if debt["kind"] == "hook"]


def ran(result):
    return {each["event"]: each["error"] for each in result["hooks"]}


def told_of_all(hooks):
    return {event: len(hooks.told(event)) for event in EVENTS if hooks.told(event)}


def break_hook(world, hooks, event):
    world.configure(**{f"hook_{event}": hooks.make(event, "echo it is broken >&2", "exit 3")})


def test_a_renewal_is_told_with_all_that_a_user_of_the_certificate_needs(world, hooks):
    result = world.run("renew", "--force")
    assert (result.status, ran(result)) == (0, {"renewed": None}), result
    [told] = hooks.told("renewed")
    assert told_of_all(hooks) == {"renewed": 1}
    assert told["folder"] == str((world.folder / "current").resolve())
    assert told["certificate_sha256"] == world.sha256()
    assert (told["generation"], told["identity"], told["attempt"]) == (world.active(), "orders", 1)
    assert told["run_id"] == result["run_id"]
    assert (told["not_after"], told["key_uri"], told["issuer_sha256"]) == tuple(
        result["certificate"][name] for name in ("not_after", "key_uri", "issuer_sha256"))
    assert told["next_renewal"] == result["next_renewal"]
    assert (told["old_issuer_sha256"], told["error_class"]) == (None, None)
    assert owed(world) == []


def test_the_environment_says_the_same_and_nothing_else(world, hooks):
    world.run("renew", "--force", CREDENTIALS_DIRECTORY="/run/x", HOME="/root", LC_ALL="C")
    [told] = hooks.told("renewed")
    expected = {f"RENEWAL_AGENT_{name.upper()}": str(value) for name, value in told.items()
                if value is not None}
    environment = hooks.environment("renewed")
    assert environment.pop("PATH") == \
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    assert environment.pop("LANG") == "C.UTF-8"
    assert environment == expected


def test_an_enrolment_is_told_too_and_the_first_ca_is_no_change(new_world, hooks):
    new_world.configure(hook_renewed=hooks.make("renewed"), hook_ca_changed=hooks.make("ca_changed"))
    assert ran(new_world.enroll()) == {"renewed": None}
    assert told_of_all(hooks) == {"renewed": 1}


def test_another_ca_is_told_before_the_renewal_and_once(own_world, hooks, old_ca):
    before = own_world.run("status")["certificate"]["issuer_sha256"]
    own_world.connector.ca(signer="new_key", gateway="both")
    result = own_world.assert_renews()
    assert list(ran(result)) == ["ca_changed", "renewed"]
    [told] = hooks.told("ca_changed")
    assert told["old_issuer_sha256"] == before
    assert told["issuer_sha256"] == result["certificate"]["issuer_sha256"] != before
    own_world.assert_renews()
    assert told_of_all(hooks) == {"ca_changed": 1, "renewed": 2}


def test_a_hook_that_fails_is_11_and_is_run_again_until_it_succeeds(world, hooks):
    break_hook(world, hooks, "renewed")
    result = world.run("renew", "--force")
    assert (result.status, result["exit_status"]) == (11, 11), result
    assert (result["changed"], result["failed"], result["error"]) == (True, False, None)
    assert "exit status 3" in ran(result)["renewed"]
    assert "hook_renewed: it is broken" in result.errors
    assert result["msg"].endswith("; hook_renewed failed")
    [debt] = world.run("status")["debts"]
    assert (debt["kind"], debt["event"], debt["attempts"]) == ("hook", "renewed", 1)
    assert "exit status 3" in debt["last_error"] and debt["next_attempt"]
    # In its back-off.
    result = world.run("renew")
    assert (result.status, result["reason"], ran(result)) == (0, "not_due", {}), result
    result = world.run("renew", command=LATER)
    assert (result.status, result["reason"], result["failed"]) == (11, "not_due", False), result
    assert [told["attempt"] for told in hooks.told("renewed")] == [1, 2]
    world.configure(hook_renewed=hooks.make("renewed"))
    world.shim.forget()
    result = world.run("renew", "--detailed-exitcode", command=later("+1d"))
    assert (result.status, ran(result)) == (10, {"renewed": None}), result
    assert not world.shim.calls()
    assert owed(world) == []
    world.assert_identity_works()


def test_a_renewal_of_meanwhile_is_told_at_once(world, hooks):
    break_hook(world, hooks, "renewed")
    assert world.run("renew", "--force").status == 11
    world.configure(hook_renewed=hooks.make("renewed"))
    assert world.run("renew", "--force").status == 0
    assert [told["generation"] for told in hooks.told("renewed")] == \
        [world.active() - 1, world.active()]
    assert owed(world) == []


def test_a_failure_is_told_with_its_class_and_a_back_off_is_none(world, hooks):
    world.connector.fault("sign", "error_503", times=5)
    result = world.run("renew", "--force")
    assert (result.status, ran(result)) == (75, {"failed": None}), result
    [told] = hooks.told("failed")
    assert (told["error_class"], told["error_message"]) == \
        ("network", result["error"]["message"])
    assert (told["run_id"], told["generation"]) == (result["run_id"], world.active())
    result = world.run("renew")
    assert (result["reason"], ran(result)) == ("backoff", {}), result
    assert told_of_all(hooks) == {"failed": 1}
    world.run("renew", "--force")
    assert told_of_all(hooks) == {"failed": 2}


def test_a_failure_that_could_not_be_told_is_forgotten_when_it_is_over(world, hooks):
    break_hook(world, hooks, "failed")
    world.connector.fault("sign", "error_503")
    result = world.run("renew", "--force")
    assert (result.status, result["exit_status"]) == (75, 75), result
    assert owed(world) == ["failed"]
    world.connector.clear_faults()
    assert ran(world.run("renew", "--force")) == {"renewed": None}
    assert owed(world) == []
    assert len(hooks.told("failed")) == 1


def test_what_is_only_looked_at_or_refused_at_once_is_no_failure(world, hooks):
    world.connector.fault("any", "error_503", times=9)
    world.run("renew", "--dry-run")
    world.run("status")
    world.run("keys")
    world.run("renew")
    world.connector.clear_faults()
    assert told_of_all(hooks) == {}


def test_that_a_token_is_needed_is_told_once(world, hooks):
    world.configure(rejected_after="0s")
    world.connector.fault("configuration", "empty_400", times=9)
    result = world.run("renew", "--force")
    assert (result.status, list(ran(result))) == (20, ["failed", "reenroll"]), result
    [told] = hooks.told("reenroll")
    assert "one-time token" in told["error_message"] and told["error_class"] == "connector"
    world.run("renew", "--force")
    assert told_of_all(hooks) == {"failed": 2, "reenroll": 1}


def test_it_is_told_again_until_the_hook_succeeds_or_it_is_over(world, hooks):
    world.configure(rejected_after="0s")
    break_hook(world, hooks, "reenroll")
    world.connector.fault("configuration", "empty_400")
    assert world.run("renew", "--force").status == 20
    assert owed(world) == ["reenroll"]
    assert world.run("enroll", "--token-file", world.one_time_token()).status == 0
    assert owed(world) == []
    assert told_of_all(hooks) == {"failed": 1, "reenroll": 1, "renewed": 1}


def test_revoking_the_active_certificate_needs_a_token(own_world, hooks):
    result = own_world.run("revoke", "--active")
    assert (result.status, ran(result)) == (0, {"reenroll": None}), result
    assert "has been revoked" in hooks.told("reenroll")[0]["error_message"]


def test_a_revocation_that_fails_has_changed_nothing(world, hooks):
    world.connector.fault("revoke", "error_503")
    assert world.run("revoke", "--active").status == 75
    assert told_of_all(hooks) == {} and owed(world) == []


def test_an_old_certificate_is_not_revoked_before_its_users_have_heard(own_world, hooks):
    own_world.configure(revoke_old="yes")
    break_hook(own_world, hooks, "renewed")
    result = own_world.run("renew", "--force")
    assert result.status == 11, result
    assert own_world.generation(1)["revoked"] is False
    assert not own_world.connector.calls("revoke")
    own_world.configure(hook_renewed=hooks.make("renewed"))
    assert own_world.run("renew", command=LATER).status == 0
    assert own_world.generation(1)["revoked"] is True
    assert own_world.run("status")["debts"] == []


def test_a_hook_that_others_could_change_is_not_run_and_doctor_says_so(world, hooks):
    result = examine(world)
    assert line(result, "hooks")["message"] == "4 may be run"
    hooks.folder.chmod(0o777)
    result = world.run("renew", "--force")
    assert result.status == 11, result
    assert f"may write to the folder {hooks.folder}" in ran(result)["renewed"]
    assert hooks.told("renewed") == []
    result = examine(world)
    assert (result.status, by_result(result)["fail"]) == (78, {"hooks"}), result
    assert str(hooks.folder) in line(result, "hooks")["message"]
    assert "renewal-agent-hooks(7)" in line(result, "hooks")["cure"]
    hooks.folder.chmod(0o755)
    assert line(examine(world), "hooks")["result"] == "warn"
    assert ran(world.run("renew", command=LATER)) == {"renewed": None}


def test_one_that_hangs_is_killed_and_holds_nothing_up(world, hooks):
    world.configure(hook_renewed=hooks.make("renewed", "sleep 100 & wait"), hook_timeout="1s")
    result = world.run("renew", "--force")
    assert (result.status, result["changed"]) == (11, True), result
    assert "not done after 1 s" in ran(result)["renewed"]
    world.assert_identity_works()


def test_a_setting_that_is_gone_owes_nothing(world, hooks):
    break_hook(world, hooks, "renewed")
    assert world.run("renew", "--force").status == 11
    world.configure(hook_renewed=None)
    assert world.run("renew").status == 0
    assert owed(world) == []


def test_a_hook_may_ask_the_agent(world, hooks):
    world.configure(hook_renewed=hooks.make(
        "renewed", f"{PROGRAM} --config {world.configuration} status || exit 1"))
    result = world.run("renew", "--force")
    assert result.status == 0, result
    assert f"generation     {world.active()}" in result.errors


@pytest.mark.parametrize("value, fact", [
    ("hook", "absolute path"), ('/bin/true "a', "not closed"), ("/bin/true" + 64 * " a", "64 words")])
def test_a_setting_that_names_no_program_is_wrong(world, value, fact):
    world.configure(hook_renewed=value)
    result = world.run("renew")
    assert (result.status, result["error"]["class"]) == (78, "config"), result
    assert "hook_renewed: " in result["error"]["message"] and fact in result["error"]["message"]

"""The module renewal_agent of the Ansible collection, on a program that answers as it is told."""
import os

import pytest

from module_host import ANOTHER, CERTIFICATE, error, report

TOKEN = "one-time-token-7c1d"
TO_COME = "2999-01-01T00:00:00Z"


def test_a_status_tells_certificate_and_state(host):
    host.answer("status")
    result = host.run(identity="orders")
    assert (result["changed"], result["rc"], result["state"]) == (False, 0, "ok")
    assert result["certificate"] == CERTIFICATE
    assert host.calls()[0]["words"] == ["--identity", "orders", "--json", "status"]


def test_a_status_of_a_dead_certificate_is_no_failure_but_says_what_is_needed(host):
    host.answer("status", 20, certificate=None, error=error("connector", "no certificate yet"))
    result = host.run()
    assert (result.get("failed"), result["rc"], result["state"]) == (False, 20, "none")
    assert "supply a one-time token" in result["msg"]


def test_a_renewal_has_changed_something_when_the_program_says_so(host):
    host.answer("renew", changed=True, reason="renewed", certificate=ANOTHER)
    assert host.run(command="renew", force=True)["changed"]
    assert host.calls()[0]["words"] == ["--json", "renew", "--force"]
    host.answer("renew", reason="not_due")
    result = host.run(command="renew")
    assert (result["changed"], result["reason"]) == (False, "not_due")
    assert "diff" not in result


def test_a_diff_shows_the_certificates_before_and_after(host):
    host.answer("status")
    host.answer("renew", changed=True, reason="renewed", certificate=ANOTHER)
    diff = host.run(command="renew", diff=True)["diff"]
    assert diff["before"]["orders"]["sha256"] == CERTIFICATE["sha256"]
    assert diff["after"]["orders"]["sha256"] == ANOTHER["sha256"]
    assert diff["after"]["orders"]["not_after"] == ANOTHER["not_after"]


def test_a_diff_of_all_shows_those_that_changed(host):
    host.answer_all("status", [report("status"), report("status", "billing")])
    host.answer_all("renew", [report("renew"), report(
        "renew", "billing", ANOTHER, changed=True, reason="renewed")])
    diff = host.run(command="renew", all=True, diff=True)["diff"]
    assert list(diff["before"]) == list(diff["after"]) == ["billing"]


@pytest.mark.parametrize("state, members, force, changed", [
    ("ok", {}, False, False), ("ok", {}, True, True), ("due", {}, False, True),
    ("renewing", {}, False, True),
    ("due", {"next_attempt": "2027-01-17T00:00:00Z"}, True, True),
    # Its window is closed.
    ("due", {"next_renewal": TO_COME}, False, False), ("due", {"next_renewal": TO_COME}, True, True),
    ("renewing", {"next_renewal": TO_COME}, False, True)])
def test_check_mode_asks_for_the_status_only(host, state, members, force, changed):
    host.answer("status", state=state, **members)
    host.answer("renew")
    result = host.run(command="renew", force=force, check=True, diff=True)
    assert result["changed"] == changed
    assert ("diff" in result) == changed
    assert host.commands() == ["status"]


def test_check_mode_fails_where_a_renewal_would(host):
    host.answer("status", state="due", next_attempt="2027-01-17T00:00:00Z")
    result = host.run(command="renew", check=True)
    assert (result["failed"], result["rc"], result["changed"]) == (True, 75, False)
    assert "2027-01-17T00:00:00Z" in result["msg"]
    host.answer("status", 20, state="re-enrolment-needed", error=error("connector", "expired"))
    result = host.run(command="renew", check=True)
    assert (result["failed"], result["rc"]) == (True, 20)


def test_check_mode_of_all_says_who_would_change_and_who_is_held_up(host):
    host.answer_all("status", [report("status", state="due"), report(
        "status", "billing", state="due", next_attempt="2027-01-17T00:00:00Z")])
    result = host.run(command="renew", all=True, check=True)
    assert (result["failed"], result["changed"]) == (True, True)
    assert "billing" in result["msg"] and "orders" not in result["msg"]


def test_a_dry_run_is_made_in_check_mode_too(host):
    host.answer("renew", reason="dry_run")
    assert not host.run(command="renew", dry_run=True, force=True, check=True)["changed"]
    assert host.calls()[0]["words"] == ["--json", "renew", "--force", "--dry-run"]


def test_an_enrolment_hands_the_token_over_on_the_standard_input_only(host):
    host.answer("status", 20, certificate=None, error=error("connector", "no certificate yet"))
    host.answer("enroll", changed=True, reason="renewed")
    result = host.run(command="enroll", token=TOKEN, url="https://gateway.example.com/graphql")
    call = host.calls()[-1]
    assert result["changed"]
    assert call["given"].strip() == TOKEN
    assert call["words"] == ["--json", "enroll", "--token-file", "-", "--url",
                             "https://gateway.example.com/graphql"]
    assert TOKEN not in str([call["words"], call["environment"]])
    assert TOKEN not in host.shown


def test_what_the_program_says_is_told_without_the_token(host):
    host.answer("status", 20, certificate=None, error=error("connector", "no certificate yet"))
    host.answer("enroll", 20, errors=f"sent {TOKEN}\n",
                error=error("connector", f"the token {TOKEN} is used up"))
    result = host.run(command="enroll", token=TOKEN)
    assert (result["failed"], result["rc"], result["error"]["class"]) == (True, 20, "connector")
    assert TOKEN not in host.shown


def test_the_token_of_a_file_is_hidden_as_well(host, tmp_path):
    host.answer("status", 20, certificate=None, error=error("connector", "no certificate yet"))
    host.answer("enroll", 20, error=error("connector", f"the token {TOKEN} is used up"))
    path = tmp_path / "one-time-token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o644)
    result = host.run(command="enroll", token_file=str(path))
    assert host.calls()[-1]["given"].strip() == TOKEN
    assert TOKEN not in host.shown
    assert "can be read by others" in result["warnings"][0]
    result = host.run(command="enroll", token_file=str(tmp_path / "none"))
    assert result["failed"] and "No such file" in result["msg"]


def test_an_identity_with_a_live_certificate_is_not_enrolled_again(host):
    host.answer("status")
    host.answer("enroll", changed=True, certificate=ANOTHER)
    assert not host.run(command="enroll")["changed"]
    assert not host.run(command="enroll", token=TOKEN)["changed"]
    assert host.commands() == ["status", "status"]
    assert host.run(command="enroll", token=TOKEN, force=True)["changed"]


def test_an_identity_without_one_needs_a_token(host):
    host.answer("status", 20, certificate=None, error=error("connector", "no certificate yet"))
    result = host.run(command="enroll", identity="orders")
    assert result["failed"] and "orders has no live certificate" in result["msg"]


def test_check_mode_of_an_enrolment_sends_nothing(host):
    host.answer("status", 20, certificate=None, error=error("connector", "no certificate yet"))
    result = host.run(command="enroll", token=TOKEN, check=True, diff=True)
    assert (result["changed"], result.get("failed", False), result["rc"]) == (True, False, 0)
    assert result["diff"]["before"] == {"orders": None}
    assert host.commands() == ["status"]


def test_an_enrolment_is_not_tried_with_a_configuration_that_is_wrong(host):
    host.answer("status", 78, certificate=None, error=error("config", "unknown setting"))
    result = host.run(command="enroll", token=TOKEN)
    assert (result["failed"], result["rc"]) == (True, 78)
    assert host.commands() == ["status"]


def test_a_revocation_names_the_generation_or_the_active_one(host):
    host.answer("revoke", changed=True)
    assert host.run(command="revoke", generation=3)["changed"]
    assert host.run(command="revoke", active=True)["changed"]
    assert [call["words"][2:] for call in host.calls()] == [["--generation", "3"], ["--active"]]


def generations(*revoked, active):
    """Numbered from 3 on; `active`: the number of one, or None."""
    return [{"number": number, "active": number == active, "revoked": each}
            for number, each in enumerate(revoked, 3)]


@pytest.mark.parametrize("which, changed", [
    ({"generation": 3}, False), ({"generation": 4}, True), ({"active": True}, True)])
def test_check_mode_of_a_revocation_says_whether_there_is_anything_to_revoke(host, which, changed):
    host.answer("status", generations=generations(True, False, False, active=5))
    host.answer("revoke", changed=True)
    result = host.run(command="revoke", check=True, **which)
    assert (result["changed"], result["failed"], result["rc"]) == (changed, False, 0)
    assert host.commands() == ["status"]


def test_check_mode_of_a_revocation_fails_where_a_revocation_would(host):
    host.answer("status", generations=generations(False, active=None), certificate=None)
    result = host.run(command="revoke", generation=7, check=True)
    assert (result["failed"], result["rc"], result["changed"]) == (True, 64, False)
    assert "orders has no generation 7" in result["msg"]
    result = host.run(command="revoke", active=True, check=True)
    assert (result["failed"], result["rc"]) == (True, 64)
    host.answer("status", 78, certificate=None, error=error("config", "unknown setting"))
    result = host.run(command="revoke", generation=3, check=True)
    assert (result["failed"], result["rc"], result["changed"]) == (True, 78, False)
    host.answer("status", 20, generations=generations(False, active=3),
                state="re-enrolment-needed", error=error("connector", "refused"))
    assert host.run(command="revoke", generation=3, check=True)["changed"]


def test_doctor_is_not_carried_out_in_check_mode(host):
    host.answer("doctor", checks=[])
    result = host.run(command="doctor", check=True)
    assert result["skipped"] and not result["changed"] and not result.get("failed")
    assert host.calls() == []
    assert not host.run(command="doctor")["failed"]


@pytest.mark.parametrize("status, kind, cure", [
    (69, "token", "HSM"), (70, "state", "doctor"), (75, "network", "later"),
    (76, "verification", "doctor"), (77, "pin", "do not try again"), (78, "config", "mend"),
    (20, "connector", "one-time token"), (64, "usage", "update")])
def test_a_failure_tells_exit_status_class_and_cure(host, status, kind, cure):
    host.answer("renew", status, errors="orders: it failed\n",
                error=error(kind, "it failed", retry=status == 75))
    result = host.run(command="renew")
    assert (result["failed"], result["rc"], result["changed"]) == (True, status, False)
    assert (result["error"]["class"], result["error"]["retry"]) == (kind, status == 75)
    assert result["msg"].startswith(f"it failed (exit status {status}: ") and cure in result["msg"]
    assert result["stderr"] == "orders: it failed\n"


def test_a_failure_of_all_names_the_identities(host):
    host.answer_all("renew", [report("renew", changed=True), report(
        "renew", "billing", error=error("network", "timed out"), status=75)], 75)
    result = host.run(command="renew", all=True)
    assert (result["failed"], result["changed"], result["rc"]) == (True, True, 75)
    assert result["msg"].startswith("billing: timed out (exit status 75")


def test_a_hook_that_failed_is_a_warning_and_the_renewal_is_none(host):
    host.answer("renew", 11, changed=True, reason="renewed",
                hooks=[{"event": "renewed", "error": "it ended with the exit status 1"}])
    result = host.run(command="renew")
    assert (result["changed"], result.get("failed", False), result["rc"]) == (True, False, 11)
    assert "the hook for renewed: it ended with the exit status 1" in result["warnings"][0]


def test_a_program_without_a_report_is_a_failure(host):
    host.answer("status", 127, output="Segmentation fault", errors="no libcrypto\n")
    result = host.run()
    assert result["failed"] and "exit status 127" in result["msg"] and "libcrypto" in result["msg"]
    host.answer("status", output='{"schema_version": 2}')
    assert "schema_version 2" in host.run()["msg"]
    assert host.run(program="/nonexistent/renewal-agent")["failed"]


@pytest.mark.parametrize("options, word", [
    ({"command": "revoke"}, "generation or active"),
    ({"command": "revoke", "generation": 1, "active": True}, "either"),
    ({"command": "renew", "token": TOKEN}, "token has no meaning"),
    ({"command": "enroll", "all": True}, "all has no meaning"),
    ({"identity": "orders", "all": True}, "either identity or all"),
    ({"command": "renew", "user": "nobody-is-called-so"}, "")])
def test_what_makes_no_sense_is_refused_before_the_program_runs(host, options, word):
    host.answer("status")
    result = host.run(**options)
    assert result["failed"] and word in result["msg"]
    assert host.calls() == []


def test_root_runs_the_program_as_another_user_and_nobody_else_can(host):
    host.answer("status")
    host.directory.chmod(0o777)
    for folder in host.directory.parents[:-2]:
        folder.chmod(folder.stat().st_mode | 0o055)
    result = host.run(user="nobody")
    if os.geteuid() == 0:
        assert not result.get("failed"), result
        made = host.directory / "calls.jsonl"
        assert (made.owner(), made.group()) == ("nobody", "nogroup")
    else:
        assert "only root" in result["msg"]

"""The Ansible collection on three hosts, over ssh, from a bare host to a revocation. The tests are
run in their order, on one fleet."""
import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from managed_host import BUILD

from fleet import COLLECTION, NAMES, Fleet


@pytest.fixture(scope="module")
def fleet(package):
    # Not where a file system of layers may be, as /tmp is in a container.
    with tempfile.TemporaryDirectory(prefix="renewal-agent-fleet-", dir="/var/tmp") as folder:
        fleet = Fleet(Path(folder), package)
        with fleet.running():
            yield fleet


def all_hosts(value):
    return {name: value for name in NAMES}


def test_the_collection_is_lint_free(fleet):
    folder = fleet.directory / "collections/ansible_collections/renewal_agent/fleet"
    (folder / ".ansible-lint").write_text((COLLECTION / ".ansible-lint").read_text())
    done = subprocess.run(["ansible-lint", "--offline", "--nocolor", "-p"], cwd=folder, text=True,
                          env=fleet.environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "production" in done.stdout + done.stderr


@pytest.mark.parametrize("kind, word", [("module", "RETURN VALUES"), ("role", "ENTRY POINT")])
def test_the_documentation_is_rendered(fleet, kind, word):
    done = fleet.run("ansible-doc", "-t", kind, "renewal_agent.fleet.renewal_agent")
    assert done.status == 0 and word in done.output, done


def test_check_mode_on_bare_hosts_changes_nothing(fleet):
    play = fleet.playbook("site", "--check", "--diff")
    assert play.status == 0, play
    for host in fleet.hosts.values():
        assert not host.exists("/usr/bin/renewal-agent")
        assert not host.exists("/etc/renewal-agent")


def test_the_first_run_enrols(fleet):
    # Without pipelining the modules, their arguments in them, are files on the hosts for a moment.
    play = fleet.playbook("site", "-vvv", "--diff", ANSIBLE_PIPELINING="false")
    assert play.status == 0, play
    assert play.recap("failed") == play.recap("unreachable") == all_hosts(0)
    assert all(play.recap("changed").values()), play
    assert len(set(fleet.certificates().values())) == len(NAMES)


def test_the_second_run_changes_nothing(fleet):
    before = fleet.certificates()
    play = fleet.playbook("site")
    assert play.status == 0, play
    assert play.recap("changed") == all_hosts(0), play
    assert fleet.certificates() == before


def test_check_mode_changes_nothing_either(fleet):
    play = fleet.playbook("site", "--check", "--diff")
    assert (play.status, play.recap("changed")) == (0, all_hosts(0)), play


def test_files_belong_to_whom_they_should(fleet):
    for host in fleet.hosts.values():
        said = host.output("stat", "-c", "%a %U:%G", "/etc/renewal-agent/orders.pin",
                           "/etc/renewal-agent/renewal-agent.conf", "/var/lib/renewal-agent")
        assert said.splitlines() == ["640 root:renewal-agent", "644 root:root",
                                     "755 renewal-agent:renewal-agent"]


def test_the_timers_run_and_what_they_start_works_in_its_sandbox(fleet):
    for host in fleet.hosts.values():
        assert host.output("systemctl", "is-enabled", "renewal-agent@orders.timer").strip() == \
            "enabled"
        assert host.output("systemctl", "is-active", "renewal-agent@orders.timer").strip() == \
            "active"
        host.run("systemctl", "start", "renewal-agent@orders.service")


def test_a_configuration_that_the_program_refuses_is_not_put_in_place(fleet):
    host = fleet.hosts["web1"]
    before = host.read("/etc/renewal-agent/renewal-agent.conf")
    play = fleet.playbook("site", "--limit", "web1", "-e",
                          json.dumps({"renewal_agent_settings": {"key_bitts": 2048}}))
    assert play.status != 0
    assert "key_bitts" in play.output and "key_bits" in play.output, play
    assert host.read("/etc/renewal-agent/renewal-agent.conf") == before


def test_a_configuration_that_does_not_fit_the_drop_ins_is_not_put_in_place(fleet):
    host = fleet.hosts["web1"]
    before = host.read("/etc/renewal-agent/renewal-agent.conf")
    host.run("sh", "-c", "mkdir -p /etc/renewal-agent/conf.d && "
             "printf '[agent]\\nretain = 3\\n' > /etc/renewal-agent/conf.d/retain.conf")
    try:
        play = fleet.playbook("site", "--limit", "web1", "-e",
                              json.dumps({"renewal_agent_settings": {"retain": 2}}))
        assert play.status != 0 and "retain" in play.output, play
        assert host.read("/etc/renewal-agent/renewal-agent.conf") == before
    finally:
        host.run("rm", "-r", "/etc/renewal-agent/conf.d")


def test_a_renewal_changes_something_once(fleet):
    before = fleet.certificates()
    results = fleet.module("--diff", command="renew", identity="orders", force=True)
    after = fleet.certificates()
    for name in NAMES:
        assert results[name]["changed"] and results[name]["reason"] == "renewed", results[name]
        diff = results[name]["diff"]
        assert diff["before"]["orders"]["sha256"] == before[name]
        assert diff["after"]["orders"]["sha256"] == after[name]
        assert before[name] != after[name]
    results = fleet.module(command="renew")
    assert {name: result["changed"] for name, result in results.items()} == all_hosts(False)
    assert fleet.certificates() == after


def test_check_mode_of_a_renewal_changes_nothing(fleet):
    before = fleet.certificates()
    fleet.connector.forget()
    results = fleet.module("--check", "--diff", command="renew", force=True)
    for name in NAMES:
        assert results[name]["changed"]
        assert results[name]["diff"]["before"]["orders"]["sha256"] == before[name]
    assert fleet.certificates() == before
    assert fleet.connector.calls() == fleet.connector.connections() == []


def test_the_diff_is_printed(fleet):
    play = fleet.run("ansible", "-i", fleet.inventory, "web1", "-m",
                     "renewal_agent.fleet.renewal_agent", "-a", "command=renew force=true",
                     "--check", "--diff")
    assert f'-        "sha256": "{fleet.certificates()["web1"]}"' in play.output, play
    assert '+        "sha256": "(another)"' in play.output


def test_a_batch_is_renewed_and_reported(fleet):
    before = fleet.certificates()
    reports = fleet.directory / "reports"
    options = ("-e", f"renewal_agent_reports={reports}", "-e", "batch=2")
    play = fleet.playbook("renew_in_batches", *options, "-e", "force=true")
    assert play.status == 0, play
    after = fleet.certificates()
    for name in NAMES:
        line, = (reports / f"{name}.json").read_text().splitlines()
        told, = json.loads(line)["identities"]
        assert told["certificate"]["sha256"] == after[name] != before[name]
    plan = json.loads(subprocess.run([BUILD / "renewal-agent", "--json", "plan", reports],
                                     check=True, capture_output=True).stdout)
    assert sorted(each["host"] for each in plan["moments"]) == list(NAMES)
    play = fleet.playbook("renew_in_batches", *options)
    assert (play.status, play.recap("changed")) == (0, all_hosts(0)), play


def test_a_generation_is_revoked_once(fleet):
    generation = int(fleet.hosts["web1"].output(
        "readlink", "/var/lib/renewal-agent/orders/current").strip().rpartition("/")[2]) - 1
    for changed in (True, False):
        result = fleet.module(command="revoke", generation=generation, hosts="web1")["web1"]
        assert (result["changed"], result["rc"]) == (changed, 0), result


def test_a_used_up_token_is_refused_with_a_clear_message(fleet):
    before = fleet.certificates()
    result = fleet.module("-vvv", command="enroll", force=True, token=fleet.tokens["web1"],
                          hosts="web1")["web1"]
    assert (result["failed"], result["rc"], result["changed"]) == (True, 20, False), result
    assert "used up" in result["msg"] and "supply a one-time token" in result["msg"]
    assert result["error"]["class"] == "connector" and result["error"]["retry"] is False
    assert fleet.certificates() == before


def test_a_host_whose_certificate_is_dead_needs_a_token_and_says_so(fleet):
    result = fleet.module(command="revoke", active=True, hosts="web3")["web3"]
    assert result["changed"], result
    status = fleet.module(hosts="web3")["web3"]
    assert (status["rc"], status["state"]) == (20, "re-enrolment-needed"), status

    del fleet.tokens["web3"]
    fleet.write_inventory()
    play = fleet.playbook("site", "--limit", "web3")
    assert play.status != 0
    assert "no live certificate and no one-time token" in play.output, play

    client_id = status["certificate"]["subject"].split("CN=")[1].split(",")[0]
    fleet.new_token("web3", client_id)
    fleet.write_inventory()
    play = fleet.playbook("site", "--limit", "web3", "-vvv")
    assert (play.status, play.recap("changed")) == (0, {"web3": 1}), play


def test_the_timer_of_an_identity_that_is_gone_is_stopped(fleet):
    host = fleet.hosts["web2"]
    host.run("systemctl", "enable", "--now", "renewal-agent@billing.timer")
    play = fleet.playbook("site", "--limit", "web2")
    assert (play.status, play.recap("changed")) == (0, {"web2": 1}), play
    assert host.run("systemctl", "is-enabled", "renewal-agent@billing.timer",
                    check=False).stdout.strip() == "disabled"


UNITS = {"timer_each": "renewal-agent@orders.timer", "timer_all": "renewal-agent-all.timer",
         "daemon": "renewal-agent.service"}


@pytest.mark.parametrize("schedule", ["daemon", "timer_all", "none", "timer_each"])
def test_another_schedule_takes_the_place_of_the_one_before(fleet, schedule):
    host = fleet.hosts["web1"]
    options = ("--limit", "web1", "-e", json.dumps({"renewal_agent_schedule": schedule}))
    play = fleet.playbook("site", *options)
    assert play.status == 0 and play.recap("changed")["web1"] > 0, play
    for each, unit in UNITS.items():
        state = host.run("systemctl", "is-active", unit, check=False).stdout.strip()
        enabled = host.run("systemctl", "is-enabled", unit, check=False).stdout.strip()
        assert (state, enabled) == (("active", "enabled") if each == schedule
                                    else ("inactive", "disabled")), (unit, play)
    play = fleet.playbook("site", *options)
    assert (play.status, play.recap("changed")) == (0, {"web1": 0}), play


def test_no_secret_was_shown_or_logged_or_left_behind(fleet):
    said = "\n".join(fleet.shown)
    assert len(said) > 100_000  # the runs at -vvv are in it
    assert [secret for secret in fleet.secrets if secret in said] == []
    for host in fleet.hosts.values():
        journal = host.output("journalctl", "--no-pager", "-o", "json", "--all").splitlines()
        assert [line for line in journal if "renewal-agent" in line]
        # The command line that made the token is the tests' own, and told by journald.
        assert [line for line in journal for secret in fleet.secrets if secret in line
                and '"_COMM":"softhsm2-util"' not in line] == []
        for secret in fleet.secrets:
            found = host.run("grep", "-rlsF", "--exclude-dir=journal",
                             "--", secret, "/etc", "/home", "/root", "/run", "/tmp", "/var",
                             check=False).stdout.split()
            assert set(found) <= {"/etc/renewal-agent/orders.pin"}, found

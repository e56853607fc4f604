"""The Debian package in a clean system: installed, used, removed, purged."""
import json
import re
import shlex

import pytest

from managed_host import ROOT, STATE, ManagedHost

FOLDERS = ("/etc", "/usr", "/var", "/run", "/home", "/opt", "/srv")
# What other packages' triggers, apt, dpkg and the journal write; and the user, who stays.
NOISE = ("/var/lib/dpkg/", "/var/lib/apt/", "/var/log/", "/var/cache/", "/run/systemd/",
         "/run/dbus/", "/run/user/", "/run/log/", "/run/credentials", "/run/nologin",
         "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid",
         "/etc/.pwd.lock", "/var/lib/systemd/", "/var/tmp/", "/run/utmp", "/run/mount")


def files(host):
    listed = host.output("find", *FOLDERS, "-xdev")
    return {each for each in listed.splitlines() if not each.startswith(NOISE)}


def test_a_purge_leaves_nothing_behind(clean_host, package):
    before = files(clean_host)
    clean_host.install(package)
    assert "/usr/bin/renewal-agent" in files(clean_host) - before
    clean_host.run("apt-get", "purge", "-y", "renewal-agent")
    after = files(clean_host)
    assert not after - before
    assert before - after <= {"/etc/apparmor.d/disable"}  # empty; dh_apparmor takes it along


@pytest.fixture(scope="module")
def used_host(layer, package, connector):
    with ManagedHost("used", f"{layer}/used", package, connector) as host:
        host.enroll()
        yield host


def test_nothing_runs_and_nothing_is_enabled_after_the_installation(clean_host, package):
    clean_host.install(package)
    units = clean_host.output("systemctl", "list-unit-files", "--no-legend", "renewal-agent*")
    assert len(units.splitlines()) == 9
    assert not [line for line in units.splitlines() if line.split()[1] == "enabled"]
    active = clean_host.output("systemctl", "list-units", "--no-legend", "renewal-agent*")
    assert active == ""
    clean_host.run("apt-get", "purge", "-y", "renewal-agent")


def test_every_unit_is_sound_where_it_is_installed(used_host):
    units = used_host.output("sh", "-c", "ls /lib/systemd/system/renewal-agent*").split()
    assert len(units) == 9
    said = used_host.run("systemd-analyze", "verify", "--man=no",
                         *(each.replace("@.", "@orders.") for each in units))
    assert "renewal-agent" not in said.stdout


def test_the_schemas_of_all_that_is_printed_are_installed(used_host):
    listed = used_host.output("ls", "/usr/share/renewal-agent").split()
    assert {"report.schema.json", "hook.schema.json", "plan.schema.json"} <= set(listed)


def test_commands_by_hand_work_as_the_agents_user(used_host):
    said = used_host.as_agent("sh", "-c", "renewal-agent --json status 2>/dev/null").stdout
    assert json.loads(said)["state"] == "ok"


def test_a_command_by_hand_has_the_credential_of_the_units_as_the_manual_says(used_host):
    """docs/operations.md's command, with what SoftHSM2's drop-in says."""
    text = (ROOT / "docs" / "operations.md").read_text()
    shown, = re.findall(r"^    (systemd-run .*\\\n.*)$", text, re.M)
    words = shlex.split(shown.replace("\\\n", " ").replace("NAME", "orders"))
    assert "User=renewal-agent" in words
    at = words.index("renewal-agent")
    generation = used_host.generation()
    used_host.run(*words[:at], "-p", "SupplementaryGroups=softhsm", *words[at:])
    assert used_host.generation() == generation + 1
    assert used_host.run(*words[at:], check=False).returncode == 77


def test_an_enrolled_host_renews_and_goes_on_after_removal_and_installation(used_host, package):
    generation = used_host.generation()
    used_host.renew_now()
    assert used_host.generation() == generation + 1

    used_host.run("apt-get", "remove", "-y", "renewal-agent")
    assert not used_host.exists("/usr/bin/renewal-agent")
    assert used_host.exists(f"{STATE}/orders/current/chain.pem")
    assert used_host.exists("/etc/renewal-agent/renewal-agent.conf")

    used_host.install(package)
    used_host.renew_now()
    assert used_host.generation() == generation + 2


def test_a_purge_of_a_used_host_leaves_its_keys_in_the_token_and_nothing_else(used_host):
    tokens = used_host.output("find", "/var/lib/softhsm", "-name", "*.object").split()
    used_host.run("rm", "-r", "/etc/systemd/system/renewal-agent.service.d",
                  *(f"/etc/systemd/system/renewal-agent{each}@.service.d"
                    for each in ("", "-enroll")), "/etc/systemd/system/renewal-agent-all.service.d")
    said = used_host.run("apt-get", "purge", "-y", "renewal-agent").stdout
    assert "still in their tokens" in said
    left = used_host.output("find", *FOLDERS, "-xdev", "-path", "*renewal-agent*")
    assert [each for each in left.splitlines() if not each.startswith(("/var/lib/dpkg", "/var/log"))
            ] == []
    assert used_host.output("find", "/var/lib/softhsm", "-name", "*.object").split() == tokens
    assert used_host.run("id", "renewal-agent").returncode == 0


def test_the_completion_is_loaded(clean_host, package):
    clean_host.install(package)
    said = clean_host.output("bash", "-c", ". /usr/share/bash-completion/bash_completion; "
                             "_completion_loader renewal-agent; complete -p renewal-agent")
    assert "_renewal_agent" in said

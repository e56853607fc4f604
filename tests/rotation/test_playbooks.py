"""The playbooks of the three procedures, and what root-ca makes of the reports that they keep."""
import json

import pytest
from cluster import sha256
from installation import FULL
from playbooks import COLLECTION, HOSTS, IDENTITIES, Playbooks, yaml

NO_HOST = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh",
           "ansible_ssh_common_args": "-o BatchMode=yes -o ConnectTimeout=5"}


@pytest.fixture
def playbooks(installation, tmp_path):
    return Playbooks(tmp_path, installation)


def one_time_tokens(hosts):
    made = {}
    for name in IDENTITIES:
        made[name] = hosts.one(name).one_time_token().read_text().strip()
    return made


@pytest.mark.full
def test_hosts_are_carried_over_and_none_that_is_silent_is_overlooked(
        installation, playbooks, hosts, secrets):
    secrets.replace(secrets.rotate("expiring"))
    installation.look("gateway")
    lagging = playbooks.run("rotate_expiring", new_ca=sha256(secrets.ca))
    assert lagging.status != 0 and "Renew what is on the old CA" in lagging.output, lagging
    assert secrets.run("retire", "--fleet", playbooks.reports).status == 75
    installation.look("signer")
    playbooks.write_inventory(silent=NO_HOST)
    play = playbooks.run("rotate_expiring", new_ca=sha256(secrets.ca), batch=1)
    assert play.status != 0 and "UNREACHABLE" in play.output, play
    assert playbooks.issuers() == {sha256(secrets.ca)}
    refused = secrets.run("retire", "--fleet", playbooks.reports)
    assert (refused.status, "silent/has-not-reported" in refused.errors) == (75, True), refused
    assert "1 of 5" in refused.errors
    playbooks.write_inventory()
    (playbooks.reports / "silent.json").unlink()
    again = playbooks.run("rotate_expiring", new_ca=sha256(secrets.ca))
    assert (again.status, again.changed()) == (0, dict.fromkeys(HOSTS, 0)), again
    assert secrets.run("retire", "--fleet", playbooks.reports).status == 0
    hosts.assert_all_work()


def test_what_is_under_a_compromised_certificate_is_renewed_and_distrusted(
        installation, playbooks, hosts, secrets):
    old = sha256(secrets.ca)
    installation.rotate("compromised-certificate")
    play = playbooks.run("rotate_compromised_certificate", distrusted_ca=old)
    assert play.status == 0, play
    assert playbooks.issuers() == {sha256(secrets.ca)}
    for host in HOSTS:
        drop_in = playbooks.folder / host / "conf.d" / "distrusted-ca.conf"
        assert f"distrusted_ca = {old}\n" in drop_in.read_text()
    if FULL:
        again = playbooks.run("rotate_compromised_certificate", distrusted_ca=old)
        assert (again.status, again.changed()) == (0, dict.fromkeys(HOSTS, 0)), again
    hosts.assert_all_work()


@pytest.mark.full
def test_those_that_are_locked_out_by_another_subject_are_enrolled_if_there_are_tokens(
        installation, playbooks, hosts, secrets):
    old = sha256(secrets.ca)
    installation.rotate("compromised-certificate", "--days", "365", "--subject", "CN=Kyma 2",
                        "--change-subject")
    refused = playbooks.run("rotate_compromised_certificate", distrusted_ca=old)
    assert refused.status != 0 and "supply one-time tokens" in refused.output, refused
    assert playbooks.issuers() == {old}
    playbooks.write_inventory(one_time_tokens(hosts))
    play = playbooks.run("rotate_compromised_certificate", "-vvv", distrusted_ca=old)
    assert play.status == 0, play
    assert playbooks.issuers() == {sha256(secrets.ca)}
    hosts.assert_only_these_work(IDENTITIES)


@pytest.mark.full
def test_after_a_compromise_of_the_key_all_enrol_with_their_tokens(
        installation, playbooks, hosts, secrets):
    key = json.loads(secrets.run("inspect", "--json").output)["signer"]["ca"]["public_key_sha256"]
    installation.rotate("compromised-key")
    playbooks.write_inventory(one_time_tokens(hosts))
    play = playbooks.run("rotate_compromised_key", "-vvv", distrusted_ca=key)
    assert play.status == 0, play
    assert playbooks.issuers() == {sha256(secrets.ca)}
    again = playbooks.run("rotate_compromised_key", distrusted_ca=key)
    assert (again.status, again.changed()) == (0, dict.fromkeys(HOSTS, 0)), again
    report = secrets.run("report", "--json", playbooks.reports)
    [ca] = json.loads(report.output)["cas"]
    assert (ca["sha256"], len(ca["identities"])) == (sha256(secrets.ca), len(IDENTITIES))
    hosts.assert_only_these_work(IDENTITIES)


def test_nothing_is_done_before_it_is_said_which_ca(playbooks):
    for name, variable in (("rotate_expiring", "new_ca"),
                           ("rotate_compromised_certificate", "distrusted_ca"),
                           ("rotate_compromised_key", "distrusted_ca")):
        play = playbooks.run(name, **{variable: "Kyma"})
        assert play.status != 0 and f"-e {variable}= is the SHA-256" in play.output, play
        assert not playbooks.reports.exists()


def test_the_three_are_no_more_tolerant_than_the_playbook_for_every_day():
    for path in (COLLECTION / "playbooks").glob("r*.yml"):
        play = yaml.safe_load(path.read_text())[-1]
        assert (play["serial"], play["max_fail_percentage"]) == \
            ("{{ batch | default('10%') }}", 5), path

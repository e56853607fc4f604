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
    new = sha256(secrets.ca)
    play = playbooks.run("rotate_compromised_certificate", distrusted_ca=old, new_ca=new)
    assert play.status == 0, play
    assert playbooks.issuers() == {new}
    for host in HOSTS:
        drop_in = playbooks.folder / host / "conf.d" / f"distrusted-ca-{old[:16]}.conf"
        assert f"distrusted_ca = {old}\n" in drop_in.read_text()
    assert {path.name for path in playbooks.reports.iterdir()} == {f"{host}.json" for host in HOSTS}
    if FULL:
        again = playbooks.run("rotate_compromised_certificate", distrusted_ca=old, new_ca=new)
        assert (again.status, again.changed()) == (0, dict.fromkeys(HOSTS, 0)), again
    hosts.assert_all_work()


@pytest.mark.full
def test_a_second_compromise_does_not_make_the_first_one_trusted_again(
        installation, playbooks, secrets):
    first = sha256(secrets.ca)
    for _ in range(2):
        old = sha256(secrets.ca)
        installation.rotate("compromised-certificate")
        play = playbooks.run("rotate_compromised_certificate", distrusted_ca=old,
                             new_ca=sha256(secrets.ca))
        assert play.status == 0, play
    for host in HOSTS:
        drop_ins = (playbooks.folder / host / "conf.d").glob("distrusted-ca-*.conf")
        text = "".join(path.read_text() for path in drop_ins)
        assert first in text and old in text


@pytest.mark.parametrize("name", [
    "rotate_compromised_certificate", pytest.param("rotate_compromised_key", marks=pytest.mark.full)])
def test_hosts_that_distrust_nothing_are_no_success(playbooks, name, installation, secrets):
    """A fingerprint that is nobody's: nothing is under it, and nothing would be renewed."""
    old = sha256(secrets.ca)
    installation.rotate("compromised-certificate")
    play = playbooks.run(name, distrusted_ca="0" * 64, new_ca=sha256(secrets.ca))
    assert play.status != 0 and "distrusted_ca has no effect on h01, h02" in play.output, play
    assert playbooks.issuers() == {old}
    assert json.loads((playbooks.reports / "hsm1.json").read_text())["identities"]


def test_one_that_is_held_up_does_not_make_the_others_renew_again(installation, playbooks):
    installation.connector.forget()
    installation.connector.fault("sign", "error_503")
    play = playbooks.run("renew_in_batches", batch=1, force=True)
    assert play.status == 0 and "FAILED - RETRYING" in play.output, play
    assert len(installation.connector.certificates()) == len(IDENTITIES)
    reports = [json.loads((playbooks.reports / f"{host}.json").read_text()) for host in HOSTS]
    assert [each["identity"] for one in reports for each in one["identities"]] == IDENTITIES


@pytest.mark.full
def test_those_that_are_locked_out_by_another_subject_are_enrolled_if_there_are_tokens(
        installation, playbooks, hosts, secrets):
    old = sha256(secrets.ca)
    installation.rotate("compromised-certificate", "--days", "365", "--subject", "CN=Kyma 2",
                        "--change-subject")
    playbooks.forget_setting("rejected_after")  # what the refusal means is said in ten minutes only
    named = {"distrusted_ca": old, "new_ca": sha256(secrets.ca)}
    refused = playbooks.run("rotate_compromised_certificate", **named)
    assert refused.status != 0 and "supply one-time tokens" in refused.output, refused
    assert playbooks.issuers() == {old}
    playbooks.write_inventory(one_time_tokens(hosts))
    play = playbooks.run("rotate_compromised_certificate", "-vvv", **named)
    assert play.status == 0, play
    assert playbooks.issuers() == {sha256(secrets.ca)}
    hosts.assert_only_these_work(IDENTITIES)


@pytest.mark.full
def test_after_a_compromise_of_the_key_all_enrol_with_their_tokens(
        installation, playbooks, hosts, secrets):
    key = json.loads(secrets.run("inspect", "--json").output)["signer"]["ca"]["public_key_sha256"]
    installation.rotate("compromised-key")
    playbooks.write_inventory(one_time_tokens(hosts))
    named = {"distrusted_ca": key, "new_ca": sha256(secrets.ca)}
    play = playbooks.run("rotate_compromised_key", "-vvv", **named)
    assert play.status == 0, play
    assert playbooks.issuers() == {sha256(secrets.ca)}
    again = playbooks.run("rotate_compromised_key", **named)
    assert (again.status, again.changed()) == (0, dict.fromkeys(HOSTS, 0)), again
    report = secrets.run("report", "--json", playbooks.reports)
    [ca] = json.loads(report.output)["cas"]
    assert (ca["sha256"], len(ca["identities"])) == (sha256(secrets.ca), len(IDENTITIES))
    hosts.assert_only_these_work(IDENTITIES)


def test_nothing_is_done_before_it_is_said_which_ca(playbooks):
    one = "ab" * 32
    for name, variables in (
            ("rotate_expiring", {"new_ca": "Kyma"}),
            ("rotate_compromised_certificate", {"distrusted_ca": one}),
            ("rotate_compromised_certificate", {"distrusted_ca": one, "new_ca": one}),
            ("rotate_compromised_key", {"distrusted_ca": "Kyma", "new_ca": one})):
        play = playbooks.run(name, **variables)
        assert play.status != 0 and "is the SHA-256 of" in play.output, play
        assert not playbooks.reports.exists()


def test_the_three_are_no_more_tolerant_than_the_playbook_for_every_day():
    for path in (COLLECTION / "playbooks").glob("r*.yml"):
        play = yaml.safe_load(path.read_text())[-1]
        assert (play["serial"], play["max_fail_percentage"]) == \
            ("{{ batch | default('10%') }}", 5), path

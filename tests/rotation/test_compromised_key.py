"""The third procedure: a new key and its certificate, nothing of the old is trusted. Every host ends
in exit status 20, comes back by a one-time token with a new key, and what the old key signed is never
accepted again."""
import json

import pytest
from cluster import certificates_of, gateway_secret, sha256
from hosts import NAMES
from installation import GATEWAY, SIGNER, Conflict

REASON = "compromised-key"


def assert_nothing_old_is_accepted(installation, hosts, names):
    """Not the certificate that a host had before, and not one that a thief of the key makes."""
    for name in names:
        before = hosts.one(name).sha256()
        assert hosts.one(name).run("rollback").status != 0
        assert hosts.one(name).sha256() == before
    assert not installation.accepts_forgery()


def test_every_host_is_locked_out_and_enrols_again_with_a_new_key(installation, hosts, secrets):
    assert installation.accepts_forgery()
    printed = secrets.rotate(REASON)
    assert list(printed) == [SIGNER, GATEWAY]
    secrets.replace_one(SIGNER, printed)
    installation.look("signer")
    hosts.assert_all_work()  # until the gateway looks
    secrets.replace_one(GATEWAY, printed)
    installation.look("gateway")
    assert not any(hosts.works().values())
    hosts.assert_all_locked_out()
    hosts.enroll_all_again()
    assert set(hosts.issuers().values()) == {sha256(secrets.ca)}
    assert_nothing_old_is_accepted(installation, hosts, NAMES[:2])
    hosts.assert_all_work()
    hosts.assert_at_rest()


def test_an_old_ca_that_comes_back_is_not_accepted_by_hosts_that_distrust_its_key(
        installation, hosts, secrets):
    before = {name: dict(each) for name, each in secrets.secrets.items()}
    key = json.loads(secrets.run("inspect", "--json").output)["signer"]["ca"]["public_key_sha256"]
    installation.rotate(REASON)
    hosts.distrust(NAMES[:2], key)
    assert hosts.one(NAMES[0]).run("status")["certificate"]["distrusted"]
    for name in NAMES[:2]:
        hosts.enroll_again(name)
    # Somebody puts the old Secrets back; the gateway, to be sure, trusts both.
    both = secrets.trusted + certificates_of(before[GATEWAY], "cacert")
    secrets.put_back(before[SIGNER])
    secrets.put_back(gateway_secret(*both))
    installation.look("signer", "gateway")
    assert installation.accepts_forgery()
    hosts.assert_all_work()
    shas = hosts.shas()
    for name in NAMES[:2]:
        refused = hosts.one(name).run("renew", "--force")
        assert (refused.status, refused["error"]["class"]) == (76, "verification"), refused
        assert "distrusted_ca names" in refused["error"]["message"]
        assert hosts.one(name).run("rollback").status == 76
    assert hosts.shas() == shas


def test_hosts_that_find_a_token_come_back_by_themselves(installation, hosts, secrets):
    installation.rotate(REASON)
    late = NAMES[:3]
    for name in late:
        path = hosts.folder_of_tokens() / name
        hosts.configure_one(name, enrollment_token_file=path)
    hosts.renew_each(late, status=20)
    for name in late[:2]:
        path = hosts.folder_of_tokens() / name
        hosts.one(name).one_time_token().rename(path)
        assert hosts.one(name).run("renew", "--force").status == 0
        assert not path.exists()
    hosts.assert_only_these_work(late[:2])
    for name in late:
        hosts.configure_one(name, enrollment_token_file=None)


def test_a_host_that_enrols_before_the_gateway_looks_has_not_lost_its_token(
        installation, hosts, secrets):
    secrets.replace(secrets.rotate(REASON))
    installation.look("signer")
    host = hosts.one(NAMES[0])
    result = host.run("enroll", "--token-file", host.one_time_token())
    assert result.status == 75, result
    hosts.assert_all_work()  # by what they had
    installation.look("gateway")
    assert host.run("renew").status == 0
    hosts.assert_only_these_work(NAMES[:1])
    assert host.certificate().issuer == secrets.ca.subject


def test_a_host_that_enrols_before_the_signer_looks_needs_another_token(
        installation, hosts, secrets):
    """What the old key signs is refused by the gateway, and never active."""
    secrets.replace(secrets.rotate(REASON))
    installation.look("gateway")
    before = hosts.shas()
    host = hosts.one(NAMES[0])
    result = host.run("enroll", "--token-file", host.one_time_token())
    assert result.status in (20, 75), result
    assert hosts.shas() == before
    assert host.run("renew", "--force").status in (20, 75)
    assert hosts.shas() == before
    installation.look("signer")
    hosts.enroll_again(NAMES[0])
    hosts.assert_only_these_work(NAMES[:1])
    assert_nothing_old_is_accepted(installation, hosts, NAMES[:1])


def test_kills_in_the_middle_lose_no_key_and_no_token_that_was_not_sent(
        installation, hosts, secrets):
    installation.rotate(REASON)
    for at in (31, 137, 205):
        assert installation.kill(at, "--force")
    assert not any(hosts.works().values())
    for name in NAMES[:4]:
        hosts.enroll_again(name)
    hosts.assert_only_these_work(NAMES[:4])
    hosts.assert_keys_fit()


def test_a_rotation_that_is_started_twice_leaves_the_key_that_was_first(
        installation, hosts, secrets):
    printed = secrets.rotate(REASON)
    secrets.replace_one(SIGNER, printed)
    installation.look("signer")
    key = secrets.key.public_key().public_numbers()
    for reason in (REASON, "expiring"):
        again = secrets.run("rotate", "--reason", reason, "--days", "365")
        assert (again.status, again.output) == (65, "")
    hosts.assert_all_work()
    secrets.replace(secrets.rotate(REASON, "--finish"))
    installation.look("gateway")
    assert secrets.key.public_key().public_numbers() == key
    assert secrets.trusted == [secrets.ca]
    hosts.enroll_again(NAMES[0])
    hosts.assert_only_these_work(NAMES[:1])
    assert not installation.accepts_forgery()


@pytest.mark.parametrize("signer_has", ["the older CA", "the newer CA"])
def test_two_operators_at_once_end_with_one_key(installation, hosts, secrets, signer_has):
    """Of the second one's List, the gateway's Secret is taken: with a CA whose key nobody has."""
    pair = [secrets.rotate(REASON)]
    while len({begin(each) for each in pair}) < 2:  # in another second
        pair.append(secrets.rotate(REASON))
    ours, theirs = sorted(pair[-2:], key=begin, reverse=signer_has == "the newer CA")
    secrets.replace_one(SIGNER, ours)
    with pytest.raises(Conflict, match=SIGNER):
        secrets.replace(theirs)
    with pytest.raises(Conflict, match=GATEWAY):
        secrets.replace_one(GATEWAY, ours)
    installation.look("signer", "gateway")
    assert not any(hosts.works().values())
    if signer_has == "the newer CA":
        secrets.replace(secrets.rotate(REASON, "--finish"))
    else:  # which may be the compromised one, for all that the Secrets say
        secrets.replace(secrets.rotate(REASON))
    installation.look("signer", "gateway")
    assert secrets.stage() == "steady"
    hosts.enroll_again(NAMES[0])
    hosts.assert_only_these_work(NAMES[:1])


def begin(printed):
    return certificates_of(printed[SIGNER], "ca.crt")[0].not_valid_before


def test_the_gateway_first_does_not_bring_the_compromised_ca_back(installation, hosts, secrets):
    old = secrets.ca
    printed = secrets.rotate(REASON)
    secrets.replace_one(GATEWAY, printed)
    installation.look("gateway")
    assert not any(hosts.works().values())
    assert secrets.stage() == "signer-behind"
    for arguments in ((REASON, "--finish"), ("expiring", "--finish"),
                      ("compromised-certificate", "--days", "365"), ("expiring", "--days", "365")):
        refused = secrets.run("rotate", "--reason", *arguments)
        assert (refused.status, refused.output) == (65, ""), refused
    assert "--reason compromised-key" in refused.errors
    installation.rotate(REASON)  # what was printed is lost; else its other half is put in place
    assert secrets.trusted == [secrets.ca] and secrets.ca != old
    hosts.enroll_again(NAMES[0])
    hosts.assert_only_these_work(NAMES[:1])


def test_the_gateway_first_is_made_good_by_the_signers_half(installation, hosts, secrets):
    printed = secrets.rotate(REASON)
    secrets.replace_one(GATEWAY, printed)
    installation.look("gateway")
    secrets.replace_one(SIGNER, printed)
    assert secrets.stage() == "steady"
    installation.look("signer")
    hosts.enroll_again(NAMES[0])
    hosts.assert_only_these_work(NAMES[:1])

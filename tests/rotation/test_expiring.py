"""The first procedure: a CA that is about to expire gets a new certificate for the same key, and for
a while both are trusted. No identity is ever without a working certificate."""
import pytest
from cluster import sha256
from hosts import NAMES
from installation import CA_DAYS_LEFT, FULL, GATEWAY, SIGNER, Conflict


def test_hosts_that_are_left_alone_carry_themselves_over_before_the_old_ca_ends(
        installation, hosts, secrets):
    old = sha256(secrets.ca)
    due = hosts.run_all("status")[1]
    assert len({each["next_renewal"] for each in due.values()}) == len(NAMES)
    installation.rotate("expiring")
    new = sha256(secrets.ca)
    hosts.assert_all_work()
    on_new = []
    for day in (0, 5, 10, CA_DAYS_LEFT - 5):
        installation.travel(day)
        assert hosts.run("--all", "renew").status == 0
        hosts.assert_all_work()
        issuers = hosts.issuers()
        assert set(issuers.values()) <= {old, new}
        on_old = [name for name in NAMES if issuers[name] == old]
        on_new.append(len(NAMES) - len(on_old))
        if on_old:
            installation.assert_not_retired(*on_old)
    assert on_new == sorted(set(on_new)) and 0 < on_new[0] and on_new[-1] == len(NAMES), on_new
    installation.assert_retired()
    installation.travel(CA_DAYS_LEFT + 1)
    hosts.assert_all_work()
    hosts.assert_at_rest()


def test_a_kill_at_any_point_leaves_every_identity_with_a_working_certificate(
        installation, hosts, secrets):
    installation.rotate("expiring")
    day = CA_DAYS_LEFT - 5 if FULL else 3
    installation.travel(day)
    due = [name for name, each in hosts.run_all("status")[1].items() if each["state"] == "due"]
    kills = installation.renew_with_kills(check=hosts.assert_all_work)
    assert kills >= 3
    issuers = hosts.issuers()
    assert {issuers[name] for name in due} == {sha256(secrets.ca)}
    assert len(due) == len(NAMES) if FULL else 5 <= len(due) < len(NAMES), due
    hosts.assert_at_rest()


def test_a_signer_that_is_ahead_of_the_gateway_harms_nobody(installation, hosts, secrets):
    """The Secrets in the wrong order, or a gateway that lags: name and key are the same."""
    printed = secrets.rotate("expiring")
    secrets.replace_one(SIGNER, printed)
    installation.look("signer")
    assert secrets.stage() == "signer-ahead"
    hosts.renew_each(NAMES[:3])
    assert [hosts.issuers()[name] for name in NAMES[:3]] == 3 * [sha256(secrets.ca)]
    hosts.assert_all_work()
    assert secrets.run("retire", "--without-report").status == 65
    secrets.replace_one(GATEWAY, printed)
    hosts.assert_all_work()  # it has not looked yet
    installation.look("gateway")
    installation.assert_not_retired(*NAMES[3:])
    hosts.assert_all_work()


def test_a_signer_that_lags_costs_another_renewal(installation, hosts, secrets):
    old = sha256(secrets.ca)
    secrets.replace(secrets.rotate("expiring"))
    installation.look("gateway")
    hosts.renew_each(NAMES[:3])
    assert set(hosts.issuers().values()) == {old}
    installation.assert_not_retired(*NAMES)
    installation.look("signer")
    hosts.renew_each(NAMES[:3])
    installation.assert_not_retired(*NAMES[3:])
    hosts.assert_all_work()


def test_an_old_ca_that_is_retired_too_early_harms_nobody(installation, hosts, secrets):
    installation.rotate("expiring")
    installation.assert_not_retired(*NAMES)
    secrets.replace(secrets.run("retire", "--without-report").secrets)
    installation.look("gateway")
    hosts.assert_all_work()
    hosts.renew_each(NAMES[:2])
    hosts.assert_all_work()


def test_a_rotation_that_is_started_twice_goes_on_where_it_is(installation, hosts, secrets):
    printed = secrets.rotate("expiring")
    secrets.replace_one(GATEWAY, printed)
    installation.look("gateway")
    for arguments in (("--days", "365"), ("--days", "90")):
        again = secrets.run("rotate", "--reason", "expiring", *arguments)
        assert (again.status, again.output) == (65, "") and "--finish" in again.errors
    hosts.assert_all_work()
    finished = secrets.rotate("expiring", "--finish")
    assert finished.keys() == {SIGNER}
    secrets.replace(finished)
    installation.look("signer")
    assert secrets.stage() == "overlap"
    assert secrets.run("rotate", "--reason", "expiring", "--days", "365").status == 65
    hosts.renew_each(NAMES[:2])
    hosts.assert_all_work()


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_two_operators_at_once_end_with_one_ca_that_both_sides_know(
        installation, hosts, secrets, first):
    """Of the second one's List, that Secret is taken which the first has not replaced yet."""
    ours, theirs = secrets.rotate("expiring"), secrets.rotate("expiring")
    begun, late = (ours, theirs) if first == "ours" else (theirs, ours)
    secrets.replace_one(GATEWAY, begun)
    with pytest.raises(Conflict, match=GATEWAY):
        secrets.replace(late)
    with pytest.raises(Conflict, match=SIGNER):
        secrets.replace_one(SIGNER, begun)
    installation.look("signer", "gateway")
    hosts.assert_all_work()
    assert secrets.stage() in ("signer-ahead", "gateway-ahead")
    secrets.replace(secrets.rotate("expiring", "--finish"))
    installation.look("signer", "gateway")
    assert secrets.stage() == "overlap" and secrets.ca in secrets.trusted
    hosts.renew_each(NAMES[:2])
    hosts.assert_all_work()


def test_an_overlap_carries_hosts_over_to_another_subject_and_back_again(
        installation, hosts, secrets):
    before = secrets.gateway
    installation.rotate("expiring", "--days", "365", "--subject", "CN=Kyma 2", "--change-subject")
    hosts.assert_all_work()
    hosts.renew_each(NAMES[:3])
    hosts.assert_all_work()
    overlap = dict(secrets.gateway)
    installation.assert_not_retired(*NAMES[3:])
    # Too early: these are locked out, until the bundle of before is put back.
    secrets.replace(secrets.run("retire", "--without-report").secrets)
    installation.look("gateway")
    hosts.assert_only_these_work(NAMES[:3])
    hosts.renew_each(NAMES[3:5], status=20)
    secrets.put_back(overlap)
    installation.look("gateway")
    hosts.renew_each(NAMES[3:5])
    hosts.assert_all_work()
    assert before["data"] != overlap["data"]

"""The second procedure: a compromised CA certificate is replaced by another one of the same key, and
trusted no more at once. With the same subject no host notices; with another one all are locked out
and come back by one-time tokens."""
from cluster import sha256
from hosts import NAMES
from installation import FULL, GATEWAY, SIGNER

REASON = "compromised-certificate"
OTHER_SUBJECT = ("--days", "365", "--subject", "CN=Kyma 2", "--change-subject")


def test_with_the_same_subject_no_identity_is_ever_without_a_working_certificate(
        installation, hosts, secrets):
    old = sha256(secrets.ca)
    printed = secrets.rotate(REASON)
    assert list(printed) == [SIGNER, GATEWAY]
    secrets.replace_one(SIGNER, printed)
    hosts.assert_all_work()
    secrets.replace_one(GATEWAY, printed)
    installation.look("gateway")
    hosts.assert_all_work()
    assert secrets.trusted == [secrets.ca]
    # The signer lags: what comes under the distrusted CA is not taken, and all work on.
    hosts.distrust(NAMES, old)
    before = hosts.shas()
    result, each = hosts.run_all("renew")
    assert {one["exit_status"] for one in each.values()} == {76}, result
    assert hosts.shas() == before
    hosts.assert_all_work()
    installation.look("signer")
    hosts.assert_all_renew()
    assert set(hosts.issuers().values()) == {sha256(secrets.ca)}
    assert {each["reason"] for each in hosts.run_all("renew")[1].values()} == {"not_due"}
    assert secrets.run("retire", "--fleet", installation.report()).status == 65  # no overlap
    hosts.assert_at_rest()


def test_the_secrets_in_the_wrong_order_and_a_signer_that_lags_harm_nobody(
        installation, hosts, secrets):
    old = sha256(secrets.ca)
    printed = secrets.rotate(REASON)
    secrets.replace_one(GATEWAY, printed)
    installation.look("gateway")
    assert secrets.stage() == "gateway-ahead"
    hosts.assert_all_work()
    hosts.renew_each(NAMES[:3])
    assert set(hosts.issuers().values()) == {old}  # renewed too early, and the report says so
    secrets.replace_one(SIGNER, printed)
    hosts.renew_each(NAMES[:1])
    assert set(hosts.issuers().values()) == {old}
    installation.look("signer")
    hosts.renew_each(NAMES[:3])
    assert {hosts.issuers()[name] for name in NAMES[:3]} == {sha256(secrets.ca)}
    hosts.assert_all_work()


def test_kills_in_the_middle_leave_every_identity_with_a_working_certificate(
        installation, hosts, secrets):
    old = sha256(secrets.ca)
    installation.rotate(REASON)
    due = NAMES if FULL else NAMES[11:]  # which are due by their dates too, or nearly so
    hosts.distrust(due, old)
    assert installation.renew_with_kills(check=hosts.assert_all_work) >= 3
    hosts.assert_all_work()
    issuers = hosts.issuers()
    assert old not in {issuers[name] for name in due}
    hosts.assert_at_rest()


def test_a_rotation_that_is_started_twice_leaves_one_ca_that_both_sides_know(
        installation, hosts, secrets):
    printed = secrets.rotate(REASON)
    secrets.replace_one(SIGNER, printed)
    installation.look("signer")
    assert secrets.run("rotate", "--reason", REASON, "--days", "365").status == 65
    secrets.replace(secrets.rotate(REASON, "--finish"))
    installation.look("gateway")
    assert secrets.trusted == [secrets.ca]
    # After its end it is another rotation, which harms nobody either.
    installation.rotate(REASON)
    assert secrets.trusted == [secrets.ca]
    hosts.assert_all_work()
    hosts.renew_each(NAMES[:2])
    hosts.assert_all_work()


def test_with_another_subject_all_are_locked_out_and_enrol_again(installation, hosts, secrets):
    installation.rotate(REASON, *OTHER_SUBJECT)
    assert not any(hosts.works().values())
    hosts.assert_all_locked_out()
    hosts.enroll_all_again()
    assert set(hosts.issuers().values()) == {sha256(secrets.ca)}
    hosts.assert_at_rest()


def test_a_host_that_renews_before_the_gateway_looks_keeps_what_it_has(
        installation, hosts, secrets):
    secrets.replace(secrets.rotate(REASON, *OTHER_SUBJECT))
    installation.look("signer")
    before = hosts.shas()
    hosts.renew_each(NAMES[:3], status=75)
    assert hosts.shas() == before
    hosts.assert_all_work()
    installation.look("gateway")
    assert not any(hosts.works().values())
    hosts.renew_each(NAMES[:3], status=20)
    hosts.enroll_again(NAMES[0])
    hosts.assert_only_these_work(NAMES[:1])


def test_a_host_that_enrols_before_the_signer_looks_needs_another_token(
        installation, hosts, secrets):
    """The gateway first, or a signer that lags: what it signs is of no use, and never active."""
    secrets.replace(secrets.rotate(REASON, *OTHER_SUBJECT))
    installation.look("gateway")
    before = hosts.shas()
    host = hosts.one(NAMES[0])
    result = host.run("enroll", "--token-file", host.one_time_token())
    assert result.status == 75
    assert hosts.shas() == before
    installation.look("signer")
    hosts.enroll_again(NAMES[0])
    hosts.assert_only_these_work(NAMES[:1])

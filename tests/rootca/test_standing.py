"""Secrets that are not, or not only, those of a rotation in its order: what is made of them."""
import base64
import datetime
import json

import pytest
from cluster import PEM, Cluster, certificates_of, gateway_secret, new_ca, new_key, root_ca
from cluster import shared_key, signer_secret

GATEWAY = "kyma-gateway-certs-cacert"
SIGNER = "connector-service-app-ca"


def ago(days):
    return datetime.datetime.utcnow().replace(microsecond=0) - datetime.timedelta(days)


def assert_refused(result, *facts):
    assert (result.status, result.output) == (65, ""), result
    assert not [fact for fact in facts if fact not in result.errors], result.errors


def trust(cluster, *certificates):
    cluster.gateway["data"] = gateway_secret(*certificates)["data"]


def test_an_intermediate_ca_is_not_taken_for_half_a_rotation():
    """The gateway trusts the root above it; finishing anything would lock every host out."""
    root_key = new_key()
    root = new_ca(root_key, subject="Root")
    ca = new_ca(shared_key(), subject="Kyma", issuer=(root, root_key))
    cluster = Cluster(signer_secret(ca, shared_key()), gateway_secret(root))
    for arguments in (["inspect"], ["retire", "--without-report"],
                      ["rotate", "--reason", "compromised-key", "--finish"],
                      ["rotate", "--reason", "compromised-key", "--days", "365"],
                      ["rotate", "--reason", "expiring", "--days", "365"]):
        assert_refused(cluster.run(*arguments), "not self-signed", "CN=Root", "intermediate",
                       "kyma-integration/connector-service-app-ca")


@pytest.mark.parametrize("arguments", [["--finish"], ["--days", "365"]])
@pytest.mark.parametrize("signers_begin", [10, 30])
def test_secrets_of_two_installations_are_not_made_one(arguments, signers_begin):
    ca = new_ca(shared_key(), subject="Ours", begins=ago(signers_begin))
    theirs = new_ca(new_key(), subject="Theirs", begins=ago(20))
    cluster = Cluster(signer_secret(ca, shared_key()), gateway_secret(theirs))
    assert cluster.run("rotate", "--reason", "compromised-key", *arguments).status == 65
    assert cluster.run("rotate", "--reason", "expiring", *arguments).status == 65
    if signers_begin == 10:
        shown = cluster.run("inspect").output
        assert "two installations" in shown and "--finish --change-subject" in shown


@pytest.mark.parametrize("reason, first", [
    ("compromised-key", SIGNER), ("compromised-certificate", SIGNER),
    ("compromised-certificate", GATEWAY), ("expiring", GATEWAY)])
def test_another_subject_is_finished_only_when_it_is_asked_for_again(cluster, reason, first):
    printed = cluster.rotate(reason, "--days", "365", "--subject", "CN=Other", "--change-subject")
    cluster.replace({first: printed[first]})
    refused = cluster.run("rotate", "--reason", reason, "--finish")
    assert_refused(refused, "CN=Other", "--change-subject")
    cluster.replace(cluster.rotate(reason, "--finish", "--change-subject"))
    assert cluster.ca == certificates_of(printed[SIGNER], "ca.crt")[0]
    assert cluster.stage() == ("overlap" if reason == "expiring" else "steady")


def test_a_warning_of_another_subject_says_when_it_locks_out(cluster):
    wanted = ("--days", "365", "--subject", "CN=Other", "--change-subject")
    later = cluster.run("rotate", "--reason", "expiring", *wanted).errors
    assert "from its retirement on" in later and "one-time tokens" not in later
    assert "from now on" in cluster.run("rotate", "--reason", "compromised-key", *wanted).errors


def test_a_compromised_signer_that_is_put_back_is_no_overlap(cluster):
    """Retiring would leave it as the only one that is trusted."""
    before = cluster.signer
    old = cluster.ca
    cluster.replace(cluster.rotate("compromised-key"))
    trust(cluster, cluster.ca, old)
    assert cluster.stage() == "overlap"
    cluster.secrets[SIGNER] = before
    assert cluster.stage() == "signer-behind"
    assert_refused(cluster.run("retire", "--without-report"), "compromised", "put back")
    for reason in ("expiring", "compromised-certificate"):
        assert_refused(cluster.run("rotate", "--reason", reason, "--days", "365"), "put back")
        assert_refused(cluster.run("rotate", "--reason", reason, "--finish"))
    cluster.replace(cluster.rotate("compromised-key"))
    assert cluster.trusted == [cluster.ca]
    assert cluster.ca.public_key() != old.public_key()


@pytest.mark.parametrize("begins", [ago(1000), ago(0)])
def test_a_ca_of_another_installation_is_no_rotation_and_stays(cluster, begins):
    old = cluster.ca
    theirs = new_ca(new_key(), subject="Theirs", days=5000, begins=begins)
    trust(cluster, theirs, old)
    assert cluster.stage() == "steady"
    assert "of another key and another subject" in cluster.run("inspect").output
    assert_refused(cluster.run("retire", "--without-report"), "no overlap")
    cluster.replace(cluster.rotate("expiring"))
    assert cluster.trusted == [theirs, old, cluster.ca]
    assert cluster.stage() == "overlap"
    retired = cluster.run("retire", "--without-report")
    assert "CN=Theirs" in retired.errors
    cluster.replace(retired.secrets)
    assert cluster.trusted == [theirs, cluster.ca]
    assert cluster.stage() == "steady"


@pytest.mark.parametrize("reason", ["compromised-certificate", "compromised-key"])
def test_what_is_compromised_leaves_no_other_ca_trusted_and_names_it(cluster, reason):
    trust(cluster, cluster.ca, new_ca(new_key(), subject="Theirs"))
    result = cluster.run("rotate", "--reason", reason, "--days", "365")
    assert "CN=Theirs" in result.errors and "add it" in result.errors
    cluster.replace(result.secrets)
    assert cluster.trusted == [cluster.ca]


def test_a_bundle_that_stands_there_twice_is_changed_twice(cluster):
    cluster.gateway["data"]["ca.crt"] = cluster.gateway["data"]["cacert"]
    for arguments, stage in ((["rotate", "--reason", "expiring", "--days", "365"], "overlap"),
                             (["retire", "--without-report"], "steady"),
                             (["rotate", "--reason", "compromised-key", "--days", "365"], "steady")):
        cluster.replace(cluster.run(*arguments).secrets)
        assert cluster.stage() == stage
        assert certificates_of(cluster.gateway, "ca.crt") == cluster.trusted


def test_a_bundle_that_is_full_is_not_made_longer_than_can_be_read(cluster):
    others = [new_ca(shared_key(), subject=f"Kyma {number}", begins=ago(100))
              for number in range(15)]
    trust(cluster, *others, cluster.ca)
    cluster.signer["data"]["ca.crt"] = base64.b64encode(cluster.ca.public_bytes(PEM)).decode()
    printed = cluster.rotate("compromised-certificate")
    cluster.replace({SIGNER: printed[SIGNER]})
    assert_refused(cluster.run("rotate", "--reason", "expiring", "--finish"), "too long")


@pytest.mark.parametrize("reason, first", [
    ("compromised-certificate", SIGNER), ("compromised-certificate", GATEWAY),
    ("expiring", SIGNER), ("expiring", GATEWAY)])
def test_half_a_rotation_is_advised_to_end_with_a_compromised_certificate_distrusted(
        cluster, reason, first):
    printed = cluster.rotate(reason)
    cluster.replace({first: printed[first]})
    advice = json.loads(cluster.run("inspect", "--json").output)["next"]
    sound, distrusted = (advice.index(f"--reason {each} --finish")
                         for each in ("expiring", "compromised-certificate"))
    assert distrusted < sound
    assert "compromised, only" in advice and "goes on trusting" in advice


@pytest.mark.parametrize("first", [SIGNER, GATEWAY])
def test_a_key_found_compromised_half_way_through_another_rotation_is_replaced(cluster, first):
    old = cluster.ca
    printed = cluster.rotate("expiring")
    cluster.replace({first: printed[first]})
    assert cluster.stage() in ("gateway-ahead", "signer-ahead")
    cluster.replace(cluster.rotate("compromised-key"))
    assert cluster.stage() == "steady"
    assert cluster.trusted == [cluster.ca]
    assert cluster.ca.public_key() != old.public_key()


def test_a_signers_secret_that_lost_its_key_is_told_by_its_name(cluster):
    cluster.signer["data"].pop("ca.key")
    shown = root_ca("inspect", "--json", secrets=[cluster.gateway, cluster.signer])
    assert json.loads(shown.output)["signer"]["secret"] == f"kyma-integration/{SIGNER}"

"""What is not as it has to be gets a clear error, and nothing is printed."""
import base64
import datetime
import json
import os
import pty
import subprocess

import pytest
from cluster import PEM, PROGRAM, TIMEOUT, Cluster, gateway_secret, key_pem, new_ca, new_key
from cluster import root_ca, secret, signer_secret
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROTATE = ("rotate", "--reason", "expiring", "--days", "365")


def encoded(data):
    return base64.b64encode(data).decode()


def without(key):
    return lambda cluster: cluster.signer["data"].pop(key)


def signer_data(key, value):
    return lambda cluster: cluster.signer["data"].update({key: value})


def gateway_data(key, value):
    return lambda cluster: cluster.gateway["data"].update({key: value})


def twice(cluster):
    pem = cluster.ca.public_bytes(PEM)
    cluster.signer["data"]["ca.crt"] = encoded(pem + pem)


def with_text(cluster):
    cluster.gateway["data"]["cacert"] = encoded(b"# ours\n" + cluster.ca.public_bytes(PEM))


def with_key(cluster):
    cluster.gateway["data"]["cacert"] = encoded(
        cluster.ca.public_bytes(PEM) + key_pem(cluster.key))


def two_bundles(cluster):
    cluster.gateway["data"]["ca.crt"] = encoded(new_ca(new_key()).public_bytes(PEM))


def two_that_are_deep(cluster):
    deep = "!"
    for _ in range(28):
        deep = {"a": deep}
    cluster.gateway["data"].update({"cacert": deep, "ca.crt": deep})


def encrypted(cluster):
    cluster.signer["data"]["ca.key"] = encoded(
        key_pem(cluster.key, serialization.BestAvailableEncryption(b"secret")))


def elliptic(cluster):
    key = ec.generate_private_key(ec.SECP256R1())
    cluster.signer["data"].update({"ca.crt": encoded(new_ca(key).public_bytes(PEM)),
                                   "ca.key": encoded(key_pem(key))})


def metadata(which, **changes):
    return lambda cluster: getattr(cluster, which)["metadata"].update(changes)


def drop(which, member):
    return lambda cluster: getattr(cluster, which)["metadata"].pop(member)


@pytest.mark.parametrize("spoil, facts", [
    (lambda cluster: cluster.signer.update(data={"ca.cert": "AA=="}), ["neither", "ca.key"]),
    (without("ca.crt"), ["ca.crt", "kyma-integration/connector-service-app-ca", "missing"]),
    (signer_data("ca.crt", "!"), ["ca.crt", "not base64"]),
    (signer_data("ca.crt", encoded(b"nothing")), ["ca.crt", "BEGIN CERTIFICATE"]),
    (twice, ["ca.crt", "more than 1 certificate"]),
    (gateway_data("cacert", ""), ["cacert", "no certificate"]),
    (with_text, ["cacert", "BEGIN CERTIFICATE"]),
    (with_key, ["cacert", "BEGIN CERTIFICATE"]),
    (two_bundles, ["both cacert and ca.crt"]),
    (two_that_are_deep, ["cacert", "not base64"]),
    (lambda cluster: cluster.gateway["data"].pop("cacert"), ["neither cacert nor ca.crt"]),
    (lambda cluster: cluster.gateway.update(kind="ConfigMap"), ["ConfigMap", "not a v1 Secret"]),
    (lambda cluster: cluster.gateway.update(apiVersion="v2"), ["not a v1 Secret"]),
    (lambda cluster: cluster.gateway.pop("data"), ["no data"]),
    (lambda cluster: cluster.gateway.update(immutable=True), ["immutable"]),
    (lambda cluster: cluster.gateway.update(stringData={"cacert": "x"}), ["stringData"]),
    (lambda cluster: cluster.signer.update(stringData={"ca.key": "x"}), ["stringData"]),
    (drop("gateway", "resourceVersion"), ["resourceVersion"]),
    (drop("gateway", "name"), ["name"]),
])
def test_a_secret_that_is_not_right_is_refused(cluster, spoil, facts):
    spoil(cluster)
    result = cluster.run(*ROTATE)
    assert (result.status, result.output) == (65, ""), result
    assert not [fact for fact in facts if fact not in result.errors], result.errors
    assert cluster.run("inspect").status == 65


def short(cluster):
    key = new_key(1024)
    cluster.signer["data"].update({"ca.crt": encoded(new_ca(key).public_bytes(PEM)),
                                   "ca.key": encoded(key_pem(key))})


@pytest.mark.parametrize("spoil, fact", [
    (without("ca.key"), "ca.key of the Secret kyma-integration/connector-service-app-ca is missing"),
    (signer_data("ca.key", encoded(b"nothing")), "not a private key"),
    (signer_data("ca.key", encoded(key_pem(new_key()))), "ca.key does not belong to ca.crt"),
    (encrypted, "ca.key is encrypted"),
    (elliptic, "RSA only"),
    (short, "1024 bits"),
])
def test_a_private_key_that_is_not_right_is_shown_and_not_used(cluster, spoil, fact):
    spoil(cluster)
    for refused in (cluster.run(*ROTATE), cluster.run("retire", "--without-report"),
                    cluster.run("rotate", "--reason", "compromised-key", "--finish")):
        assert (refused.status, refused.output) == (65, ""), refused
        assert fact in refused.errors and "--reason compromised-key" in refused.errors
    shown = cluster.run("inspect")
    assert shown.status == 0 and fact in shown.output, shown
    assert "its key belongs to it" not in shown.output
    assert fact in json.loads(cluster.run("inspect", "--json").output)["signer"]["key_fault"]


@pytest.mark.parametrize("spoil", [
    without("ca.key"), signer_data("ca.key", encoded(key_pem(new_key())))])
def test_a_private_key_that_is_lost_is_replaced_by_a_new_one(cluster, spoil):
    spoil(cluster)
    cluster.replace(cluster.rotate("compromised-key"))
    assert cluster.stage() == "steady"
    assert cluster.ca.public_key().public_numbers() == cluster.key.public_key().public_numbers()
    assert json.loads(cluster.run("inspect", "--json").output)["signer"]["key_fault"] is None


@pytest.mark.parametrize("text, facts", [
    ("", ["empty"]),
    ("nothing", ["not valid JSON"]),
    ("[]", ["not a JSON object"]),
    ('{"kind": "List"}', ["without items"]),
    ('{"kind": "Secret", "kind": "Secret"}', ["twice"]),
    ("{" * 100, ["not valid JSON"]),
    ('{"a": "\\', ["not valid JSON"]),
    ("}{", ["not valid JSON"]),
])
def test_what_is_no_secret_at_all_is_refused(text, facts):
    result = root_ca("inspect", text=text)
    assert (result.status, result.output) == (65, ""), result
    assert not [fact for fact in facts if fact not in result.errors], result.errors


def test_one_secret_and_three_are_not_two(cluster):
    for secrets in ([cluster.signer], [cluster.signer, cluster.gateway, cluster.gateway],
                    [cluster.signer, cluster.signer]):
        result = root_ca("inspect", secrets=secrets)
        assert (result.status, result.output) == (65, "")
        assert "two" in result.errors


def test_a_ca_that_has_expired_has_nothing_to_overlap_with():
    long_ago = datetime.datetime.utcnow() - datetime.timedelta(100)
    cluster = Cluster.fresh(begins=long_ago, days=92)
    result = cluster.run(*ROTATE)
    assert (result.status, result.output) == (65, "")
    assert "expired" in result.errors and "compromised-certificate" in result.errors


@pytest.mark.parametrize("reason", ["expiring", "compromised-certificate", "compromised-key"])
def test_a_ca_that_is_not_yet_valid_is_shown_so_and_not_rotated(reason):
    tomorrow = datetime.datetime.utcnow() + datetime.timedelta(1)
    cluster = Cluster.fresh(begins=tomorrow)
    result = cluster.run("rotate", "--reason", reason, "--days", "365")
    assert (result.status, result.output) == (65, "")
    assert "not yet valid" in result.errors and "clock" in result.errors
    assert "NOT YET VALID" in cluster.run("inspect").output


def test_a_new_certificate_that_ends_sooner_than_the_old_one_is_refused(cluster):
    result = cluster.run("rotate", "--reason", "expiring", "--days", "30")
    assert (result.status, result.output) == (65, "")
    assert "--days" in result.errors


@pytest.mark.parametrize("name, reason", [
    ("nowhere.json", "No such file"), (".", "Is a directory"), ("a/b", "No such file")])
def test_secrets_that_cannot_be_read_are_named(tmp_path, name, reason):
    result = root_ca("inspect", tmp_path / name)
    assert (result.status, result.output) == (66, ""), result
    assert str(tmp_path / name) in result.errors and reason in result.errors


def test_reports_that_cannot_be_read_are_named(cluster, tmp_path):
    cluster.replace(cluster.rotate("expiring"))
    for result in (cluster.run("retire", "--fleet", tmp_path / "nowhere"),
                   root_ca("report", tmp_path / "nowhere", text="")):
        assert (result.status, result.output) == (66, ""), result
        assert str(tmp_path / "nowhere") in result.errors


@pytest.mark.parametrize("arguments", [
    (), ("nothing",), ("rotate",), ("rotate", "--reason", "boredom", "--days", "1"),
    ("rotate", "--reason", "expiring"), ("rotate", "--reason", "expiring", "--days", "0"),
    ("rotate", "--reason", "expiring", "--days", "1", "--finish"),
    ("rotate", "--reason", "expiring", "--days", "1", "--change-subject"),
    ("retire",), ("retire", "--fleet", "x", "--without-report"), ("report",),
    ("inspect", "--days", "3"), ("inspect", "--nonsense"), ("inspect", "--fleet", "x"),
])
def test_a_wrong_command_line_is_64(arguments):
    result = root_ca(*arguments, text="")
    assert (result.status, result.output) == (64, ""), result
    assert result.errors.startswith("root-ca: ")


def test_a_failure_is_json_too_when_that_was_asked_for():
    result = root_ca("inspect", "--json", text="")
    assert result.status == 65
    assert json.loads(result.output)["failed"] is True


def test_the_private_key_is_not_printed_on_a_terminal(cluster, tmp_path):
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps(cluster.signer) + json.dumps(cluster.gateway))
    ours, theirs = pty.openpty()
    done = subprocess.run([PROGRAM, *ROTATE, path], stdout=theirs, stderr=subprocess.PIPE,
                          text=True, timeout=TIMEOUT)
    os.close(theirs)
    with os.fdopen(ours, "rb") as terminal:
        try:
            shown = terminal.read()
        except OSError:  # nothing came, and the other end is closed
            shown = b""
    assert (done.returncode, shown) == (64, b"")
    assert "terminal" in done.stderr


def test_the_gateways_secret_alone_may_be_printed_on_a_terminal(cluster):
    cluster.replace(cluster.rotate("expiring"))
    ours, theirs = pty.openpty()
    text = json.dumps(cluster.signer) + json.dumps(cluster.gateway)
    done = subprocess.run([PROGRAM, "retire", "--without-report"], input=text, stdout=theirs,
                          stderr=subprocess.PIPE, text=True, timeout=TIMEOUT)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0, done.stderr


def test_a_full_disk_is_an_error(cluster):
    text = json.dumps(cluster.signer) + json.dumps(cluster.gateway)
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, *ROTATE], input=text, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=TIMEOUT)
    assert done.returncode == 73 and "cannot write" in done.stderr


def test_more_objects_than_anybody_has_are_refused():
    many = [secret(f"s{number}", "n", {"a": b"b"}) for number in range(40)]
    result = root_ca("inspect", secrets=many)
    assert result.status == 65 and "more than" in result.errors

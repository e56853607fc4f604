"""The guide's three procedures, as root-ca carries them out on the Secrets."""
import base64
import datetime
import json

import pytest
from cluster import LAST_APPLIED, Cluster, certificates_of, data_of, gateway_secret, key_pem
from cluster import new_ca, new_key, root_ca, shared_key, signer_secret
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding


def numbers(key):
    return key.public_key().public_numbers()


def identifier_of(certificate):
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def issue(ca, key):
    """A host's certificate, as the Connector signs it."""
    return (x509.CertificateBuilder().subject_name(ca.subject).issuer_name(ca.subject)
            .public_key(shared_key().public_key()).serial_number(2)
            .not_valid_before(datetime.datetime.utcnow())
            .not_valid_after(datetime.datetime.utcnow() + datetime.timedelta(90))
            .sign(key, hashes.SHA256()))


def assert_issued_by(leaf, ca):
    assert leaf.issuer == ca.subject
    ca.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, padding.PKCS1v15(),
                           leaf.signature_hash_algorithm)


def test_an_expiring_ca_gets_a_new_certificate_for_its_key_and_both_are_trusted(cluster):
    old, key = cluster.ca, cluster.key
    printed = cluster.rotate("expiring")
    # the gateway has to know the new one before the signer uses it
    assert list(printed) == ["kyma-gateway-certs-cacert", "connector-service-app-ca"]
    cluster.replace(printed)
    new = cluster.ca
    assert numbers(cluster.key) == numbers(key) == new.public_key().public_numbers()
    assert cluster.trusted == [old, new]
    assert cluster.stage() == "overlap"
    leaf = issue(old, key)
    assert_issued_by(leaf, old)
    assert_issued_by(leaf, new)


def test_a_compromised_certificate_is_replaced_and_trusted_no_more(cluster):
    old, key = cluster.ca, cluster.key
    printed = cluster.rotate("compromised-certificate")
    assert list(printed) == ["connector-service-app-ca", "kyma-gateway-certs-cacert"]
    cluster.replace(printed)
    assert cluster.ca != old
    assert numbers(cluster.key) == numbers(key)
    assert cluster.trusted == [cluster.ca]
    assert cluster.stage() == "steady"
    assert_issued_by(issue(old, key), cluster.ca)


def test_a_compromised_key_is_replaced_by_one_of_4096_bits(cluster):
    old, key = cluster.ca, cluster.key
    printed = cluster.rotate("compromised-key")
    # the new key is nowhere else
    assert list(printed) == ["connector-service-app-ca", "kyma-gateway-certs-cacert"]
    cluster.replace(printed)
    assert cluster.key.key_size == 4096
    assert numbers(cluster.key) != numbers(key)
    assert cluster.ca.public_key().public_numbers() == numbers(cluster.key)
    assert cluster.ca.subject == old.subject
    assert cluster.trusted == [cluster.ca]
    assert cluster.stage() == "steady"


@pytest.mark.parametrize("reason", ["expiring", "compromised-certificate", "compromised-key"])
def test_the_new_certificate_is_that_of_a_root_ca(cluster, reason):
    old = cluster.ca
    before = datetime.datetime.utcnow()
    cluster.replace(cluster.rotate(reason, "--days", "200"))
    new = cluster.ca
    assert new.version == x509.Version.v3
    assert new.subject.public_bytes() == new.issuer.public_bytes() == old.subject.public_bytes()
    assert new.serial_number.bit_length() > 64
    constraints = new.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical and constraints.value.ca
    usage = new.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.key_cert_sign and usage.value.crl_sign
    assert not usage.value.digital_signature
    authority = new.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert authority.key_identifier == identifier_of(new)
    assert isinstance(new.signature_hash_algorithm, hashes.SHA256)
    assert_issued_by(new, new)
    assert new.not_valid_before <= before + datetime.timedelta(minutes=1)
    end = before + datetime.timedelta(200)
    assert abs(new.not_valid_after - end) < datetime.timedelta(minutes=1)


def test_a_key_identifier_that_is_no_sha1_of_the_key_is_kept_with_the_key():
    key = shared_key()
    ca = new_ca(key, identifier=b"of another kind")
    cluster = Cluster(signer_secret(ca, key), gateway_secret(ca))
    cluster.replace(cluster.rotate("expiring"))
    assert identifier_of(cluster.ca) == b"of another kind"


def test_a_ca_that_is_a_minute_old_is_older_than_the_new_one():
    just_now = datetime.datetime.utcnow().replace(microsecond=0)
    cluster = Cluster.fresh(begins=just_now)
    cluster.replace(cluster.rotate("expiring"))
    assert cluster.ca.not_valid_before > just_now
    assert cluster.stage() == "overlap"


def test_everything_else_in_the_secrets_stays(cluster):
    cluster.signer["data"]["other"] = "AAAA"
    cluster.signer["metadata"]["annotations"] = {"note": "ours", LAST_APPLIED: "a copy"}
    cluster.gateway["metadata"]["annotations"] = {LAST_APPLIED: "a copy"}
    before = {name: dict(each["metadata"]) for name, each in cluster.secrets.items()}
    printed = cluster.rotate("expiring")
    for name, each in printed.items():
        metadata = each["metadata"]
        assert "managedFields" not in metadata
        expected = {key: value for key, value in before[name].items()
                    if key not in ("managedFields", "annotations")}
        assert {key: value for key, value in metadata.items() if key != "annotations"} == expected
        assert each["type"] == "Opaque"
    signer = printed["connector-service-app-ca"]
    assert signer["metadata"]["annotations"] == {"note": "ours"}
    assert signer["data"]["other"] == "AAAA"
    assert "annotations" not in printed["kyma-gateway-certs-cacert"]["metadata"]


def test_a_private_key_that_kubectl_apply_has_copied_is_pointed_out(cluster):
    cluster.signer["metadata"]["annotations"] = {LAST_APPLIED: "a copy"}
    result = cluster.run("rotate", "--reason", "expiring", "--days", "365")
    assert result.status == 0
    assert "annotation" in result.errors and "kubectl replace" in result.errors


def test_the_older_guides_name_of_the_bundle_is_understood():
    key = shared_key()
    ca = new_ca(key)
    result = root_ca("rotate", "--reason", "expiring", "--days", "365", secrets=[
        signer_secret(ca, key), gateway_secret(ca, key="ca.crt")])
    assert result.status == 0, result
    assert len(certificates_of(result.secrets["kyma-gateway-certs-cacert"], "ca.crt")) == 2


def test_the_secrets_come_in_any_order_as_files_or_as_a_list(cluster, tmp_path):
    signer, gateway = tmp_path / "signer.json", tmp_path / "gateway.json"
    signer.write_text(json.dumps(cluster.signer))
    gateway.write_text(json.dumps(cluster.gateway))
    listed = {"apiVersion": "v1", "kind": "List", "items": [cluster.gateway, cluster.signer]}
    assert root_ca("inspect", gateway, signer).status == 0
    assert root_ca("inspect", signer, "-", text=gateway.read_text()).status == 0
    assert root_ca("inspect", text=json.dumps(listed)).status == 0


def test_another_subject_is_made_only_when_it_is_asked_for_twice(cluster):
    wanted = ("rotate", "--reason", "compromised-certificate", "--days", "365",
              "--subject", "CN=Other,O=Org")
    refused = cluster.run(*wanted)
    assert (refused.status, refused.output) == (64, "")
    result = cluster.run(*wanted, "--change-subject")
    assert result.status == 0, result
    assert "one-time tokens" in result.errors
    cluster.replace(result.secrets)
    assert cluster.ca.subject.rfc4514_string() in ("O=Org,CN=Other", "CN=Other,O=Org")


def test_a_rotation_that_is_started_twice_changes_nothing_the_second_time(cluster):
    cluster.replace(cluster.rotate("expiring"))
    again = cluster.run("rotate", "--reason", "expiring", "--days", "365")
    assert (again.status, again.output) == (65, "")
    assert "already" in again.errors and "retire" in again.errors


@pytest.mark.parametrize("reason, first", [
    ("expiring", "kyma-gateway-certs-cacert"),
    ("expiring", "connector-service-app-ca"),
    ("compromised-certificate", "connector-service-app-ca"),
    ("compromised-certificate", "kyma-gateway-certs-cacert"),
    ("compromised-key", "connector-service-app-ca"),
])
def test_a_rotation_that_stopped_between_the_secrets_is_finished_with_the_same_ca(
        cluster, reason, first):
    old = cluster.ca
    printed = cluster.rotate(reason)
    [new] = certificates_of(printed["connector-service-app-ca"], "ca.crt")
    cluster.replace({first: printed[first]})
    assert cluster.stage() in ("gateway-ahead", "signer-ahead")
    refused = cluster.run("rotate", "--reason", reason, "--days", "365")
    assert (refused.status, refused.output) == (65, "")
    assert "half-way" in refused.errors and "--finish" in refused.errors
    finished = cluster.rotate(reason, "--finish")
    assert list(finished) == [name for name in printed if name != first]
    cluster.replace(finished)
    assert cluster.ca == new
    assert cluster.trusted == ([old, new] if reason == "expiring" else [new])
    nothing = cluster.run("rotate", "--reason", reason, "--finish")
    assert (nothing.status, nothing.output) == (65, "")
    assert "nothing to finish" in nothing.errors


def test_a_rotation_to_a_new_key_is_not_finished_as_one_of_the_certificate(cluster):
    printed = cluster.rotate("compromised-key")
    cluster.replace({"connector-service-app-ca": printed["connector-service-app-ca"]})
    for reason in ("expiring", "compromised-certificate"):
        refused = cluster.run("rotate", "--reason", reason, "--finish")
        assert (refused.status, refused.output) == (65, "")
        assert "not a rotation for this reason" in refused.errors


def test_a_gateway_that_got_a_ca_of_a_lost_key_is_not_given_the_compromised_one_back(cluster):
    printed = cluster.rotate("compromised-key")
    cluster.replace({"kyma-gateway-certs-cacert": printed["kyma-gateway-certs-cacert"]})
    assert cluster.stage() == "signer-behind"
    for reason in ("expiring", "compromised-certificate", "compromised-key"):
        refused = cluster.run("rotate", "--reason", reason, "--finish")
        assert (refused.status, refused.output) == (65, "")
        assert "begin again" in refused.errors
    assert cluster.run("rotate", "--reason", "expiring", "--days", "365").status == 65
    lost = cluster.trusted
    cluster.replace(cluster.rotate("compromised-key"))
    assert cluster.stage() == "steady"
    assert cluster.trusted == [cluster.ca] != lost


def test_a_key_found_compromised_during_the_overlap_ends_it(cluster):
    cluster.replace(cluster.rotate("expiring"))
    cluster.replace(cluster.rotate("compromised-key"))
    assert cluster.trusted == [cluster.ca]


def test_the_key_of_pkcs8_is_read_and_kept_as_it_is(cluster):
    pkcs8 = cluster.key.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption())
    cluster.signer["data"]["ca.key"] = base64.b64encode(pkcs8).decode()
    printed = cluster.rotate("expiring")
    assert data_of(printed["connector-service-app-ca"], "ca.key") == pkcs8
    assert key_pem(cluster.key) != pkcs8

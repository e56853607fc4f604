"""Taking over an identity that somebody made with openssl, or with a key in the token."""
import hashlib
import json
import os

import pytest
from clock import later
from openssl_identity import OpensslIdentity, import_key, openssl


@pytest.fixture
def made(new_world):
    return OpensslIdentity(new_world)


def assert_adopted(world, result, number=1):
    assert (result.status, result["changed"], result["reason"]) == (0, True, "none"), result
    assert world.active() == number
    assert world.generation()["adopted"]
    assert world.journal()["phase"] == "IDLE"
    assert result["certificate"]["sha256"] == world.sha256()
    assert world.run("renew", "--dry-run")["reason"] == "dry_run"


def refused(world, result, status, kind, *facts):
    assert (result.status, result["error"]["class"]) == (status, kind), result
    assert not [fact for fact in facts if fact not in result["msg"]], result["msg"]
    assert not (world.folder / "current").is_symlink()


def test_a_key_in_a_file_is_adopted_without_the_token_and_moves_into_it(new_world, made):
    world = new_world
    result = world.run(*made.arguments())
    assert world.shim.calls() == []
    assert_adopted(world, result)
    assert result["certificate"]["key_uri"] == f"file://{made.key}"
    current = world.folder / "current"
    assert (current / "chain.pem").read_bytes().split() == made.chain.read_bytes().split()
    assert os.readlink(current / "key.pem") == str(made.key)
    assert world.run("status")["state"] == "ok"
    before = made.key.read_bytes()
    subject = world.certificate().subject
    world.shim.forget()
    assert world.run("renew", "--force")["reason"] == "renewed"
    assert world.calls("C_GenerateKeyPair") == 1
    assert world.signatures() == 2  # the request and the probe
    assert (world.active(), world.certificate().subject) == (2, subject)
    world.assert_key_fits()
    world.assert_nothing_under_way()
    assert "PRIVATE KEY" not in "".join(
        path.read_text() for path in world.state.rglob("*")
        if path.is_file() and not path.is_symlink())
    # Out of retention: its key is named, and stays.
    result = world.run("renew", "--force")
    assert f"still lies in file://{made.key}" in result.errors
    assert world.generations() == [2, 3]
    assert made.key.read_bytes() == before
    world.assert_whole()


def test_what_is_adopted_shows_in_keys_and_doctor(new_world, made):
    assert new_world.run(*made.arguments()).status == 0
    key, = new_world.run("keys")["keys"]
    assert (key["role"], key["id"], key["generation"], key["whole"], key["uri"]) == \
        ("active", None, 1, True, f"file://{made.key}")
    doctor = new_world.run("doctor")
    assert doctor.status == 0, doctor
    results = {check["name"]: check["result"] for check in doctor["checks"]}
    assert results["key-certificate"] == "warn"
    assert {results[name] for name in ("signer", "self-test", "connector")} == {"ok"}
    made.key.rename(made.folder / "away")
    key, = new_world.run("keys")["keys"]
    assert not key["whole"]
    result = new_world.run("renew", "--force")
    assert (result.status, result["error"]["class"]) == (69, "token"), result
    assert str(made.key) in result["msg"]


@pytest.mark.parametrize("form", ["pkcs1", "certificate_in_the_key_file", "ca_apart", "leaf_alone"])
def test_the_forms_in_which_openssl_leaves_it(new_world, made, form):
    arguments = made.arguments()
    if form == "pkcs1":
        openssl("rsa", "-in", made.key, "-traditional", "-out", made.folder / "old.key")
        arguments = made.arguments(key=made.folder / "old.key")
    elif form == "certificate_in_the_key_file":
        made.key.write_bytes(made.chain.read_bytes() + made.key.read_bytes())
    elif form == "ca_apart":
        arguments = made.arguments("--ca", made.ca, certificate=made.leaf)
    else:
        arguments = made.arguments(certificate=made.leaf)
    result = new_world.run(*arguments)
    assert_adopted(new_world, result)
    assert ("holds the certificate alone" in result.errors) == (form == "leaf_alone")
    assert new_world.run("renew", "--force").status == 0


def test_a_key_that_everybody_may_read_is_warned_about(new_world, made):
    made.key.chmod(0o644)
    assert "every user of this host can read" in new_world.run(*made.arguments()).errors


def test_a_key_that_cannot_be_used_is_refused_and_said_why(new_world, made):
    world = new_world
    other, encrypted, curve = (made.folder / name for name in ("other", "encrypted", "curve"))
    openssl("genrsa", "-out", other, "2048")
    openssl("rsa", "-in", made.key, "-aes256", "-passout", "pass:secret", "-out", encrypted)
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", curve)
    for key, status, kind, fact in (
            (other, 76, "verification", "no certificate in"),
            (encrypted, 69, "token", "is encrypted"),
            (curve, 69, "token", "is not an RSA key"),
            (made.leaf, 69, "token", "holds no private key in PEM form"),
            (made.folder, 69, "token", "is no key file"),
            (made.folder / "none", 64, "usage", "cannot find")):
        refused(world, world.run(*made.arguments(key=key)), status, kind, fact)
    refused(world, world.run(*made.arguments(certificate=made.key)), 64, "usage", str(made.key))
    refused(world, world.run(*made.arguments("--ca", other)), 64, "usage", str(other))
    refused(world, world.run("adopt", "--key", made.key), 64, "usage", "--certificate")


def test_an_identity_that_does_not_work_is_refused(new_world, made):
    world = new_world
    result = world.run(*made.arguments(), command=later("+100d"))
    refused(world, result, 76, "verification", "expired")
    der = openssl("x509", "-in", made.leaf, "-outform", "DER")
    world.connector.revoke(hashlib.sha256(der).hexdigest())
    result = world.run(*made.arguments())
    refused(world, result, 75, "connector")
    assert result["reason"] == "rejected"


def test_an_active_identity_is_replaced_by_force_only_or_when_it_is_dead(world):
    made = OpensslIdentity(world)
    world.assert_fails(64, "usage", "has an active certificate, generation 1", "adopt --force",
                       arguments=made.arguments())
    assert_adopted(world, world.run(*made.arguments("--force")), 2)
    assert world.run("revoke", "--active").status == 0
    # with the same key it could be, in the same second, the certificate that was revoked
    other = OpensslIdentity(world)
    assert_adopted(world, world.run(*other.arguments()), 3)


def test_what_was_under_way_is_thrown_away(world):
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    world.connector.clear_faults()
    made = OpensslIdentity(world)
    assert_adopted(world, world.run(*made.arguments("--force")), 3)
    assert len(world.token.private_keys()) == 1


@pytest.mark.parametrize("uri", ["id=%AB%CD", "object=their%20key", "id=%AB%CD;object=their%20key",
                                 "token=fleet;object=their%20key;type=private"])
def test_a_key_in_the_token_is_adopted_and_never_destroyed(new_world, made, uri):
    world = new_world
    import_key(world.token, made.key, "their key", "abcd")
    before = world.token.objects()
    result = world.run(*made.arguments(key=f"pkcs11:{uri}"))
    assert_adopted(world, result)
    assert "id=%AB%CD" in result["certificate"]["key_uri"]
    key, = world.run("keys")["keys"]
    assert (key["role"], key["label"], key["id"]) == ("active", "their key", "abcd")
    assert world.run("doctor").status == 0
    world.shim.forget()
    assert world.run("renew", "--force")["reason"] == "renewed"
    result = world.run("renew", "--force")
    assert "still lies in pkcs11:" in result.errors
    assert world.run("keys", "--prune", "--unknown").status == 0
    world.assert_key_fits()
    kept = [each for each in world.token.objects() if each.id == b"\xab\xcd"]
    assert len(kept) == len(before)
    world.assert_identity_works()


def test_a_key_in_the_token_must_be_the_only_one_that_is_meant(new_world, made):
    world = new_world
    import_key(world.token, made.key, "their key", "abcd")
    world.token.make_key_pair("their key", b"\x01")
    for uri, status, fact in (
            ("object=their%20key", 69, "several private keys"),
            ("object=none", 69, "no private key with an id"),
            ("token=other;id=%AB%CD", 64, "another token"),
            ("token=fleet", 64, "names no key, add id= or object="),
            ("id=%AB%CD?pin-value=1234", 64, "has a PIN")):
        result = world.run(*made.arguments(key=f"pkcs11:{uri}"))
        assert (result.status, fact in result["msg"]) == (status, True), result
    refused(world, world.run(*made.arguments(key="pkcs11:id=%01")), 76, "verification",
            "no certificate in")


def test_the_key_of_a_lost_state_directory_is_taken_over(world):
    """Its label is ours, but the tag in it is not this state directory's any more."""
    uri = (world.folder / "current" / "key.uri").read_text().strip()
    chain = world.directory / "saved.pem"
    chain.write_bytes((world.folder / "current" / "chain.pem").read_bytes())
    refusal = world.run("adopt", "--certificate", chain, "--key", uri, "--force")
    assert (refusal.status, "already" in refusal["msg"]) == (64, True), refusal
    world.state.rename(world.directory / "lost")
    assert_adopted(world, world.run("adopt", "--certificate", chain, "--key", uri))
    assert world.run("renew", "--force").status == 0


def test_going_back_to_what_was_adopted(new_world, made):
    assert new_world.run(*made.arguments()).status == 0
    assert new_world.run("renew", "--force").status == 0
    result = new_world.run("rollback")
    assert_adopted(new_world, result)
    assert json.dumps(result.json).count("file://") == 1


def test_an_adopted_certificate_is_revoked_after_the_renewal_that_replaces_it(new_world, made):
    new_world.configure(revoke_old="yes", retain="0")
    assert new_world.run(*made.arguments()).status == 0
    assert new_world.run("renew", "--force").status == 0
    assert new_world.run("status")["debts"] == []
    assert new_world.generations() == [2]
    assert made.key.exists()
    new_world.assert_identity_works()

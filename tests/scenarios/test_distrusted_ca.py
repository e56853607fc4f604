"""distrusted_ca: certificates under such a CA are due, and none under it is accepted again."""
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from world import World, finish, wait_until

from client import StandIn

pytestmark = pytest.mark.usefixtures("old_ca")


@pytest.fixture
def world(new_world):
    """What waits for the Connector waits for no time at all."""
    new_world.configure(distrusted_ca_wait="0s")
    new_world.enroll()
    return new_world


def issuer(world):
    return world.run("status")["certificate"]["issuer_sha256"]


def ca_in(text):
    return x509.load_pem_x509_certificate(text.encode())


def key_sha256(certificate):
    return hashlib.sha256(certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def bundle(world):
    """The SHA-256 of each certificate in ca-bundle.pem."""
    blocks = (world.folder / "ca-bundle.pem").read_text().split("-----BEGIN ")[1:]
    return [ca_in("-----BEGIN " + each).fingerprint(hashes.SHA256()).hex() for each in blocks]


def signings(world):
    return len(world.connector.calls("sign"))


def test_a_certificate_under_it_is_due_and_the_new_ca_of_the_same_key_is_fine(world):
    old = issuer(world)
    assert world.run("renew")["reason"] == "not_due"
    world.configure(distrusted_ca=":".join(old.upper()[i:i + 2] for i in range(0, 64, 2)))
    status = world.run("status")
    assert (status["state"], status["certificate"]["distrusted"]) == ("due", True)
    world.connector.ca(signer="same_key", gateway="new")
    result = world.assert_renews("--detailed-exitcode")
    assert result["certificate"]["issuer_sha256"] != old
    assert (result["certificate"]["previous_issuer_sha256"],
            result["certificate"]["previous_issuer_same_key"],
            result["certificate"]["distrusted"]) == (old, True, False)
    assert bundle(world) == [result["certificate"]["issuer_sha256"]]
    assert world.run("renew")["reason"] == "not_due"


def test_the_public_key_stands_for_every_certificate_with_it(world):
    old = ca_in(world.connector.ca()["ca.crt"])
    world.configure(distrusted_ca=key_sha256(old))
    world.connector.ca(signer="same_key", gateway="new")
    world.assert_fails(76, "verification", "distrusted_ca", arguments=("renew",))
    world.connector.ca(signer="new_key", gateway="both")
    before = issuer(world)
    result = world.assert_renews("--force")
    assert (result["certificate"]["previous_issuer_sha256"],
            result["certificate"]["previous_issuer_same_key"]) == (before, False)


def test_an_answer_still_under_it_is_asked_for_again_with_the_same_key(world):
    world.shim.forget()
    world.configure(distrusted_ca=issuer(world), distrusted_ca_wait="1s")
    world.connector.forget()
    process = world.start("renew")
    wait_until(lambda: signings(world) >= 2)
    world.connector.ca(signer="same_key", gateway="new")
    result = finish(process)
    assert (result.status, result["reason"]) == (0, "renewed"), result
    assert "it is asked for again in" in result.errors
    assert world.calls("C_GenerateKeyPair") == 1
    world.assert_whole()


def test_it_is_asked_for_so_often_and_then_stays_as_it_is(world):
    world.configure(distrusted_ca=issuer(world))
    world.connector.forget()
    before = signings(world)
    result = world.assert_fails(76, "verification", "was issued by the CA", "distrusted_ca names",
                                arguments=("renew",))
    assert signings(world) == before + 4
    assert result["next_attempt"]
    world.connector.ca(signer="same_key", gateway="new")
    world.assert_renews("--force")


def test_no_more_are_asked_for_than_the_ceiling_allows(world):
    world.configure(distrusted_ca=issuer(world), max_certificates_per_day="2")
    before = signings(world)
    world.assert_fails(76, "verification", "was issued by the CA", arguments=("renew",))
    assert signings(world) == before + 2


def test_a_root_above_the_ca_that_issues_counts_as_well(tmp_path):
    with StandIn(tmp_path / "connector", "--intermediate", "--attach-root") as connector:
        world = World(tmp_path, connector)
        world.enroll()
        chain = (world.folder / "current" / "ca.pem").read_text()
        root = ca_in(chain[chain.rindex("-----BEGIN"):])
        world.configure(distrusted_ca=root.fingerprint(hashes.SHA256()).hex(),
                        distrusted_ca_wait="0s")
        assert world.run("status")["certificate"]["distrusted"] is True
        world.assert_fails(76, "verification", "distrusted_ca names", "Kyma Root",
                           arguments=("renew",))
        assert world.generations() == [1]


def test_consumers_are_told_before_the_renewal_succeeds(world):
    old = issuer(world)
    assert bundle(world) == [old]
    world.configure(distrusted_ca=old)
    assert world.run("renew").status == 76
    assert bundle(world) == []


def test_consumers_trust_again_what_was_distrusted_by_mistake(world):
    old = issuer(world)
    world.configure(distrusted_ca=old)
    assert world.run("renew").status == 76
    world.configure(distrusted_ca=None)
    world.run("renew")
    assert bundle(world) == [old]


def test_the_ca_that_a_retained_generation_came_from_leaves_the_bundle_too(world):
    old = issuer(world)
    world.connector.ca(signer="same_key", gateway="both")
    world.assert_renews()
    assert bundle(world) == [issuer(world), old]
    world.configure(distrusted_ca=old)
    assert world.run("renew")["reason"] == "not_due"
    assert bundle(world) == [issuer(world)]


def test_nobody_goes_back_to_it(world):
    old = issuer(world)
    world.connector.ca(signer="same_key", gateway="both")
    world.assert_renews()
    world.configure(distrusted_ca=old)
    world.assert_fails(76, "verification", "go back to generation 1", "distrusted_ca names",
                       arguments=("rollback",))


def test_what_was_proven_before_it_was_distrusted_does_not_become_active(world):
    old = issuer(world)
    world.connector.fault("probe", "error_502")
    assert world.run("renew", "--force").status == 75
    assert world.journal()["phase"] == "VERIFIED"
    world.connector.clear_faults()
    world.configure(distrusted_ca=old)
    result = world.assert_fails(76, "verification", "distrusted_ca names")
    assert "does not become active" in result.errors
    world.connector.ca(signer="same_key", gateway="new")
    world.assert_renews("--force")


def test_an_enrolment_under_it_has_used_its_token_up(new_world):
    authority = ca_in(new_world.connector.ca()["ca.crt"])
    new_world.configure(distrusted_ca=key_sha256(authority))
    result = new_world.run("enroll", "--token-file", new_world.one_time_token())
    assert (result.status, result["certificate"]) == (20, None), result
    assert "distrusted_ca names" in result["error"]["message"]
    assert signings(new_world) == 1


def test_doctor_says_so(world):
    world.configure(distrusted_ca=issuer(world))
    check, = [each for each in world.run("doctor")["checks"] if each["name"] == "certificate"]
    assert (check["result"], "distrusted_ca" in check["message"]) == ("warn", True)


def test_a_window_is_not_waited_for(world):
    world.configure(distrusted_ca=issuer(world), window="Mon 02:00-02:01")
    world.connector.ca(signer="same_key", gateway="new")
    world.assert_renews("--detailed-exitcode")

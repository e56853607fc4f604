"""The main job, with nothing wrong."""
import json
import os
import stat
import subprocess

from clock import later
from soft_token import SoftToken
from world import BUILD


def test_the_first_certificate_comes_by_a_one_time_token(new_world):
    result = new_world.run("enroll", "--token-file", new_world.one_time_token())
    assert (result.status, result["changed"], result["reason"]) == (0, True, "renewed"), result
    assert new_world.active() == 1
    assert result["certificate"]["sha256"] == new_world.sha256()
    new_world.assert_whole()


def test_a_renewal_brings_a_new_key_and_a_new_certificate(world):
    before = world.certificate()
    result = world.assert_renews()
    assert (result["changed"], result["reason"]) == (True, "renewed")
    assert world.active() == 2
    assert world.certificate().public_key() != before.public_key()
    assert world.certificate().subject == before.subject
    assert world.generations() == [1, 2]


def most_sessions(world, signer):
    """One of ours and one of the signer. pkcs11-provider keeps another for the login that it does
    not make; and on a second slot with a token (NSS) one for random numbers, or one for the time of
    a look for profiles when the module is of PKCS#11 3 (p11-kit)."""
    if signer != "provider":
        return 2
    return 3 if type(world.token) is SoftToken else 4


def test_a_renewal_keeps_to_its_budget_of_calls_and_handshakes(world):
    world.connector.forget()
    result = world.run("renew", "--force")
    assert world.calls("C_Initialize") <= 2
    assert world.calls("C_OpenSession") <= most_sessions(world, result["signer"])
    assert world.calls("C_Login") == 1
    assert world.calls("C_GenerateKeyPair") == 1
    assert world.signatures() == 3
    assert len({call["connection"] for call in world.connector.calls()}) == 2
    assert [call["operation"] for call in world.connector.calls()] == \
        ["configuration", "sign", "probe"]


def test_the_keys_older_than_the_retained_generations_are_destroyed(world):
    for _ in range(3):
        world.assert_renews()
    assert world.generations() == [3, 4]


def test_nothing_due_means_no_module_and_no_connection(world):
    world.connector.forget()
    result = world.run("renew")
    assert (result.status, result["changed"], result["reason"]) == (0, False, "not_due"), result
    assert world.shim.calls() == []
    assert world.connector.connections() == []
    line, = result.errors.splitlines()
    assert line.startswith("renewal-agent: orders: nothing to do: valid until ")
    assert f"next renewal {result['next_renewal']}" in line


def test_detailed_exit_codes_tell_changed_from_nothing_to_do(world):
    assert world.run("--detailed-exitcode", "renew").status == 10
    assert world.run("--detailed-exitcode", "renew", "--force").status == 0


def test_what_consumers_read_is_readable_and_holds_no_pin(world):
    world.assert_renews()
    current = world.folder / "current"
    assert os.readlink(current) == "generations/2"
    uri = (current / "key.uri").read_text()
    assert uri.startswith("pkcs11:") and "type=private" in uri
    for name in ("certificate.pem", "chain.pem", "ca.pem", "key.uri", "key.pem"):
        assert stat.S_IMODE((current / name).stat().st_mode) == 0o644
    assert stat.S_IMODE((world.folder / "journal.json").stat().st_mode) == 0o600
    for path in world.state.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert world.token.pin not in path.read_text()
    chain = (current / "chain.pem").read_bytes()
    assert chain == (current / "certificate.pem").read_bytes() + (current / "ca.pem").read_bytes()


def test_the_request_id_of_the_run_is_sent_with_every_call(world):
    world.connector.forget()
    world.run("renew", "--force")
    ids = {call["request_id"] for call in world.connector.calls()}
    assert len(ids) == 1 and None not in ids


def test_a_certificate_of_a_short_life_becomes_due_and_is_renewed_by_a_plain_renew(new_world):
    new_world.connector.settings(validity_seconds=90)
    new_world.configure(lifetime_fraction="0.1", jitter="0")
    new_world.enroll()
    result = new_world.run("renew", command=later("+20s"))
    assert (result.status, result["reason"]) == (0, "renewed"), result


def test_a_revoked_generation_is_refused_by_the_connector_afterwards(world):
    world.assert_renews()
    result = world.run("revoke", "--generation", "1")
    assert result.status == 0, result
    world.assert_identity_works()
    result = world.run("revoke", "--active")
    assert result.status == 0, result
    assert world.run("renew", "--dry-run").status in (20, 75)


def test_the_supervisor_links_neither_curl_nor_pkcs11():
    needed = subprocess.run(["readelf", "-d", BUILD / "renewal-agent"], check=True, text=True,
                            capture_output=True).stdout
    assert "libcurl" not in needed and "p11" not in needed


def test_status_and_keys_tell_what_is_there(world):
    world.assert_renews()
    status = world.run("status")
    assert status.status == 0
    assert status["state"] == "ok"
    assert status["certificate"]["sha256"] == world.sha256()
    assert status["certificate"]["key_bits"] == 2048
    keys = world.run("keys")["keys"]
    assert {(key["role"], key["generation"]) for key in keys} == {("active", 2), ("retained", 1)}
    for key in keys:
        assert key["attributes"]["sensitive"] and not key["attributes"]["extractable"]
        assert bytes.fromhex(key["id"]) in world.key_ids()
    json.dumps(keys)

"""Tokens differ: each face that a real one may have, on SoftHSM, for an enrolment and a renewal.
What differs is found out from the token; nothing is configured."""
import contextlib
import os
import signal

import pytest
from world import FIRST_SIGNER, HANDS_PIN_ON, SIGNERS, finish, wait_until

RAW_AND_PSS = ["mechanism CKM_RSA_PKCS_PSS absent", "mechanism CKM_RSA_X_509 absent"]


def assert_works_with(world, *plan, logins=1):
    """The objects in the token are not looked at: some faces change them."""
    world.shim.plan(*plan)
    result = world.run("enroll", "--token-file", world.one_time_token())
    assert (result.status, result["changed"]) == (0, True), result
    world.shim.forget()
    world.connector.forget()
    for generation in (2, 3):
        result = world.run("renew", "--force")
        assert (result.status, result["reason"]) == (0, "renewed"), result
        assert world.active() == generation
        assert world.calls("C_Login") == logins
        assert "beginning again" not in result.errors
        world.shim.forget()
    assert world.run("renew", "--dry-run").status == 0
    assert len(world.token.private_keys()) == 2



@pytest.mark.parametrize("plan, version", [
    ([], "TLSv1.3"), (RAW_AND_PSS[1:], "TLSv1.3"), (RAW_AND_PSS, "TLSv1.2"),
    (RAW_AND_PSS[:1], "TLSv1.3" if FIRST_SIGNER == "engine" else "TLSv1.2"),  # it alone can pad
    (["C_GetMechanismInfo 2+ fail CKR_FUNCTION_NOT_SUPPORTED"], "TLSv1.3")])
def test_a_token_whose_keys_make_no_pss_speaks_tls_1_2(new_world, plan, version):
    new_world.connector.settings(tls_min="1.2", tls_max="1.3")
    assert_works_with(new_world, *plan)
    assert {call["tls_version"] for call in new_world.connector.calls()} == {version}


def test_such_a_token_and_a_server_of_tls_1_3_only_have_nothing_in_common(world):
    world.connector.settings(tls_min="1.3", tls_max="1.3")
    world.shim.plan(*RAW_AND_PSS)
    world.assert_fails(76, "connector", "the token has no RSA-PSS")


@pytest.mark.parametrize("result", ["CKR_GENERAL_ERROR", "CKR_TEMPLATE_INCONSISTENT"])
def test_a_token_that_refuses_usages_that_are_false(new_world, result):
    assert_works_with(new_world, f"usage-false {result}")


def test_a_token_that_wants_no_login(new_world):
    new_world.configure(pin_file=None)
    assert_works_with(new_world, f"unlogin-required {new_world.token.pin_file}", logins=0)


def test_a_token_that_does_not_count(new_world):
    assert_works_with(new_world, "token-count UNKNOWN")


@pytest.mark.parametrize("plan", [
    "keysize CKM_RSA_PKCS_KEY_PAIR_GEN 18446744073709551615 4096",  # CK_UNAVAILABLE_INFORMATION
    "C_GetMechanismInfo * fail CKR_FUNCTION_NOT_SUPPORTED"])
def test_a_token_that_does_not_tell_which_keys_it_makes(new_world, plan):
    assert_works_with(new_world, plan)


def test_a_module_that_cannot_lock(new_world):
    assert_works_with(new_world, "C_Initialize 1 fail CKR_CANT_LOCK")


@pytest.mark.skipif("engine" not in SIGNERS, reason="no engine here")
def test_private_keys_that_do_not_tell_their_modulus_are_too_much_for_the_engine(new_world):
    """libp11 reads it from the private object only; that costs neither one-time token nor key."""
    new_world.configure(signer="engine")
    token = new_world.one_time_token()
    new_world.shim.plan("modulus-hidden")
    result = new_world.run("enroll", "--token-file", token)
    assert (result.status, result["error"]["class"]) == (69, "token"), result
    assert new_world.run("keys")["keys"][0]["whole"]
    new_world.shim.plan()
    result = new_world.run("enroll", "--token-file", token)
    assert result.status == 0, result
    assert new_world.calls("C_GenerateKeyPair") == 1
    new_world.assert_whole()


def test_a_token_that_keeps_no_public_keys(new_world):
    assert_works_with(new_world, "no-public-keys")
    assert len(new_world.token.objects(kind="public")) == 0
    assert all(key["whole"] for key in new_world.run("keys")["keys"])


NEEDS_ENGINE = pytest.mark.skipif(
    not HANDS_PIN_ON, reason="the engine alone hands the PIN on for a signature")


@pytest.mark.skipif(HANDS_PIN_ON, reason="this signer hands the PIN on")
@pytest.mark.parametrize("pad", [False, True])
def test_such_keys_are_too_much_for_the_other_signers(new_world, pad):
    """That costs no one-time token."""
    token = new_world.one_time_token()
    faces = ["always-authenticate"]
    if pad:
        new_world.configure(pin_file=None, pin_pad="yes")
        faces.append(f"pin-pad {new_world.token.pin_file}")
    new_world.shim.plan(*faces)
    result = new_world.run("enroll", "--token-file", token)
    assert (result.status, result["error"]["class"]) == (69, "token"), result
    assert "CKA_ALWAYS_AUTHENTICATE" in result["error"]["message"]
    assert "set signer = engine, or auto" in result["error"]["message"]
    assert not new_world.connector.calls()


@NEEDS_ENGINE
def test_keys_that_want_the_pin_for_each_signature(new_world):
    """One login, and one of the context for each of the three signatures of a renewal."""
    assert_works_with(new_world, "always-authenticate", logins=4)


@NEEDS_ENGINE
def test_such_keys_and_a_pin_pad(new_world):
    new_world.configure(pin_file=None, pin_pad="yes")
    assert_works_with(new_world, "always-authenticate", f"pin-pad {new_world.token.pin_file}",
                      logins=4)


@NEEDS_ENGINE
def test_such_keys_and_a_pin_that_can_be_read_once(new_world):
    """The first such key is made when the PIN is gone already, and the next run goes on with it."""
    new_world.configure(pin_file=None, pin_fd=0)
    with_pin = ("sh", "-c", f'exec "$@" 0<{new_world.token.pin_file}', "sh")
    new_world.shim.plan("always-authenticate")
    enrol = ("enroll", "--token-file", new_world.one_time_token())
    result = new_world.run(*enrol, command=with_pin)
    assert (result.status, result["error"]["class"]) == (69, "token"), result
    assert "pin_fd" in result["error"]["message"]
    assert "run it again" in result["error"]["message"]
    assert new_world.run(*enrol, command=with_pin).status == 0
    assert new_world.calls("C_GenerateKeyPair") == 1


def memory_of(pid):
    """All that a process has written to memory, for root to read."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, permissions = line.split()[:2]
            begin, end = (int(number, 16) for number in span.split("-"))
            if permissions.startswith("rw"):
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    memory.seek(begin)
                    yield memory.read(end - begin)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the worker")
@pytest.mark.parametrize("theirs", [False, True])
@pytest.mark.parametrize("plan, kept", [
    ([], False), pytest.param(["always-authenticate"], True, marks=NEEDS_ENGINE)])
def test_the_pin_is_gone_after_the_login_but_for_such_keys_of_ours(new_world, plan, kept, theirs):
    if theirs:
        new_world.token.make_key_pair("their key", b"\x01", always_authenticate=True)
    new_world.shim.plan(*plan)
    assert new_world.run("enroll", "--token-file", new_world.one_time_token()).status == 0
    new_world.shim.forget()
    new_world.shim.plan(*plan, "C_SignInit 1 hang")
    run = new_world.start("renew", "--force")
    worker = wait_until(
        lambda: [call.pid for call in new_world.shim.calls() if call.result == "hang"])[0]
    pin = new_world.token.pin.encode()
    assert any(pin in part for part in memory_of(worker)) == kept
    os.kill(worker, signal.SIGKILL)
    assert finish(run).status == 75

"""The token refuses, or answers wrongly: 69, said with the PKCS#11 name, and nothing is lost."""
import pytest
from clock import later
from world import SIGNER, SIGNERS


def assert_heals(host, keys=1):
    host.shim.plan()
    host.shim.forget()
    host.assert_recovers(keys)


def assert_heals_whatever_key(world):
    world.shim.plan()
    world.assert_identity_works()
    assert world.run("renew", "--force").status == 0
    world.assert_whole()


@pytest.mark.parametrize("plan, facts", [
    (["no-token"], ["no token", "pkcs11:token=fleet"]),
    (["C_GetTokenInfo * fail CKR_DEVICE_ERROR"], ["pkcs11:token=fleet", "CKR_DEVICE_ERROR"]),
    (["C_GetSlotList * fail CKR_GENERAL_ERROR"], ["cannot list the tokens", "CKR_GENERAL_ERROR"]),
    (["C_Initialize 1 fail CKR_DEVICE_ERROR"],
     ["cannot initialize the module", "libtoken-shim.so", "CKR_DEVICE_ERROR"]),
    (["C_OpenSession 1 fail CKR_SESSION_COUNT"],
     ["cannot open a session with the token fleet", "CKR_SESSION_COUNT"]),
    (["C_FindObjects 1 fail CKR_DEVICE_REMOVED"], ["fleet", "CKR_DEVICE_REMOVED"]),
    (["C_GetAttributeValue 1 fail CKR_DEVICE_ERROR"], ["CKR_DEVICE_ERROR"]),
    (["capacity 1"], ["fleet", "CKR_DEVICE_MEMORY", "full"]),
    (["flags +WRITE_PROTECTED", "C_GenerateKeyPair * fail CKR_TOKEN_WRITE_PROTECTED"],
     ["fleet", "CKR_TOKEN_WRITE_PROTECTED", "write protected"]),
    (["C_OpenSession * fail CKR_TOKEN_WRITE_PROTECTED"], ["fleet", "CKR_TOKEN_WRITE_PROTECTED"]),
    (["keysize CKM_RSA_PKCS_KEY_PAIR_GEN 512 1024"],
     ["fleet", "512 to 1024 bits", "2048", "key_bits"]),
    (["mechanism CKM_RSA_PKCS_KEY_PAIR_GEN absent"],
     ["fleet", "does not make RSA keys", "CKR_MECHANISM_INVALID"]),
    (["C_GenerateKeyPair * fail CKR_DEVICE_ERROR"],
     ["fleet", "would not generate the key", "CKR_DEVICE_ERROR"]),
    (["C_GenerateKeyPair * fail CKR_GENERAL_ERROR"],
     ["fleet", "would not generate the key", "CKR_GENERAL_ERROR"]),
    (["C_GenerateKeyPair 1 fail-after CKR_DEVICE_ERROR"],
     ["fleet", "would not generate the key", "CKR_DEVICE_ERROR"]),
    (["C_GenerateKeyPair * fail-after CKR_GENERAL_ERROR"],
     ["fleet", "would not generate the key", "CKR_GENERAL_ERROR"]),
    (["bad-signature 2+"], ["sign"]),
])
def test_a_failing_token(world, plan, facts):
    world.shim.plan(*plan)
    world.assert_fails(69, "token", *facts)
    assert_heals(world)


def test_a_template_that_the_token_refuses_is_tried_without_the_usages(host):
    host.shim.plan("C_GenerateKeyPair 1 fail CKR_ATTRIBUTE_VALUE_INVALID")
    assert host.run("renew", "--force").status == 0
    assert host.calls("C_GenerateKeyPair") == 2
    host.shim.plan()
    host.assert_whole()


def test_a_refusal_of_a_template_that_was_none_leaves_one_pair(host):
    host.shim.plan("C_GenerateKeyPair 1 fail-after CKR_FUNCTION_FAILED")
    result = host.run("renew", "--force")
    assert result.status in (0, 69), result
    assert_heals(host)


@pytest.mark.parametrize("call", ["C_SignInit", "signature"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_signature_that_fails(world, call, nth):
    """Of the old key's handshake, the request, and the new key's handshake; and all that follow,
    of whichever signer: the engine tries another mechanism when C_SignInit fails once."""
    world.shim.plan(f"{call} {nth}+ fail CKR_DEVICE_ERROR")
    before = world.sha256()
    result = world.run("renew", "--force")
    assert (result.status, result["error"]["class"]) == (69, "token"), result
    assert f'the signer "{SIGNER or SIGNERS[-1]}" with the token fleet' in \
        result["error"]["message"]
    assert world.sha256() == before
    assert_heals_whatever_key(world)


@pytest.mark.parametrize("nth", [1, 3])
def test_a_wrong_signature_in_a_handshake_is_seen_by_the_connector(world, nth):
    world.shim.plan(f"bad-signature {nth}+")
    world.assert_fails(69, "token", "our key's signature is wrong", "decrypt_error")
    assert_heals_whatever_key(world)


def test_a_second_session_that_is_refused_does_not_hang_for_ever(host):
    """libp11 waits for ever then, and the deadline ends it; pkcs11-provider may do with one."""
    host.configure(step_timeout="2s", request_timeout="1s")
    host.shim.plan("C_OpenSession 2 fail CKR_SESSION_COUNT")
    result = host.run("renew", "--force")
    assert result.status in (0, 69, 75), result
    assert result.status == 0 or result["error"]["class"] in ("token", "deadline"), result
    host.configure(step_timeout=None, request_timeout=None)
    assert_heals_whatever_key(host)


def test_a_key_that_cannot_be_destroyed_is_owed_and_destroyed_later(world):
    world.assert_renews()
    world.shim.plan("C_DestroyObject * fail CKR_DEVICE_ERROR")
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    assert "CKR_DEVICE_ERROR" in result.errors
    debts = world.run("status")["debts"]
    assert [debt["generation"] for debt in debts] == [1], debts
    world.shim.plan()
    assert world.run("renew", command=later("+1d")).status == 0
    assert world.generations() == [2, 3]
    world.assert_whole()
    assert world.run("status")["debts"] == []


@pytest.mark.parametrize("module, facts", [
    ("/no/such/module.so", ["/no/such/module.so", "cannot load"]),
    ("/usr/lib/x86_64-linux-gnu/libc.so.6", ["libc.so.6", "no C_GetFunctionList"]),
    ("/etc/passwd", ["/etc/passwd", "cannot load"]),
])
def test_a_path_that_is_no_module(host, module, facts):
    host.configure(module=module)
    host.assert_fails(69, "token", *facts)
    host.configure(module=host.shim.module)
    assert_heals(host)

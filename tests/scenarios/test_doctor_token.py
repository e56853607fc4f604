"""What doctor says of a token, a PIN or a key that is not as it should be."""
import os
import shutil
import subprocess

import pytest
from doctor import (AS_IT_SHOULD_BE, OF_KEY, OF_LOGIN, OF_TOKEN, assert_fails, by_result, examine,
                    line)
from remote_token import RemoteToken
from system import has_program, inside
from world import HANDS_PIN_ON, SIGNER, SIGNERS, World


def pin_file(host, text, mode=0o600):
    path = host.directory / "another-pin"
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def assert_only_fails(host, name, status, *facts, skipped, **arguments):
    """As assert_fails, where no key signs: without one there is no answer, and so no Date."""
    result = examine(host, logins=arguments.pop("logins", 1), **arguments)
    found = by_result(result)
    assert (result.status, found["fail"]) == (status, {name}), result
    assert found["skipped"] - AS_IT_SHOULD_BE == {"clock", *skipped}, result
    text = line(result, name)["message"] + (line(result, name)["cure"] or "")
    assert not [fact for fact in facts if fact not in text], text
    assert line(result, name)["cure"]
    return result


def test_a_module_that_is_missing(host):
    host.configure(module="/nowhere/libpkcs11.so")
    assert_only_fails(host, "module", 69, "/nowhere/libpkcs11.so", "`module`", logins=0,
                      skipped={"token"} | OF_TOKEN)


def test_a_token_that_is_missing(host):
    host.shim.plan("no-token")
    assert_only_fails(host, "token", 69, "no token", "pkcs11:token=fleet", "Plug the token in",
                      "daemon", logins=0, skipped=OF_TOKEN)


def test_another_token_than_the_one_that_is_meant(host):
    host.configure(token="pkcs11:token=fleat")
    result = assert_only_fails(host, "token", 69, "no token", "or set `token` to one that is",
                               logins=0, skipped=OF_TOKEN)
    host.configure(token=line(result, "token")["cure"].split()[-1])
    assert examine(host).status == 0


def test_a_uri_that_means_two_tokens(world):
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "second", "--pin",
                    "7654321", "--so-pin", "87654321"], check=True, capture_output=True,
                   env=world.token.environment())
    world.configure(token="pkcs11:model=SoftHSM%20v2")
    result = assert_only_fails(world, "token", 69, "2 tokens match", "Set `token` to one of: ",
                               logins=0, skipped=OF_TOKEN)
    named = line(result, "token")["cure"].split(" to one of: ")[1].split(", ")
    assert sorted(uri.split("token=")[1] for uri in named) == ["fleet", "second"]
    world.configure(token=next(uri for uri in named if uri.endswith("fleet")))
    assert examine(world).status == 0


def test_a_token_in_two_slots(host):
    host.shim.plan("duplicate-slot")
    assert_only_fails(host, "token", 69, "2 tokens match", "no serial= tells them apart",
                      "show it in one slot", "different labels", logins=0, skipped=OF_TOKEN)


def test_a_token_without_room_for_a_session(host):
    host.shim.plan("C_OpenSession 1 fail CKR_SESSION_COUNT")
    assert_only_fails(host, "token", 69, "CKR_SESSION_COUNT", "the token and the module",
                      logins=0, skipped=OF_TOKEN)


def test_a_p11_kit_server_that_does_not_run(tmp_path, connector):
    world = World(tmp_path, connector, RemoteToken)
    try:
        world.enroll()
        world.token.kill()
        result = assert_only_fails(world, "token", 69, "no token", "P11_KIT_SERVER_ADDRESS",
                                   logins=0, skipped=OF_TOKEN)
        cure = line(result, "token")["cure"]
        assert f"p11-kit server --name {world.token.socket} --provider MODULE " \
            f"'{world.token.uri}'" in cure
        world.token.start()
        assert examine(world).status == 0
    finally:
        world.token.close()


def test_a_pin_file_that_is_missing(host):
    host.configure(pin_file="/nowhere/pin")
    assert_only_fails(host, "pin-source", 77, "/nowhere/pin", "0600", logins=0,
                      skipped={"pin-latch", "login"} | OF_LOGIN)


def test_a_pin_command_that_fails_or_hangs(host):
    host.configure(pin_file=None, pin_command="/bin/false")
    assert_only_fails(host, "pin-source", 77, "/bin/false", "by hand", logins=0,
                      skipped={"pin-latch", "login"} | OF_LOGIN)
    host.configure(pin_command="/bin/sleep 100", step_timeout="2s", request_timeout="1s")
    result = host.run("doctor")
    assert by_result(result)["fail"] == {"pin-source"}, result
    assert "pin_command" in line(result, "pin-source")["cure"]


def test_arguments_that_the_module_does_not_take(host):
    host.configure(module_init_args="configdir=/nowhere")
    assert_only_fails(host, "module", 69, "CKR_ARGUMENTS_BAD", "`module_init_args`", logins=0,
                      skipped={"token"} | OF_TOKEN)
    host.assert_fails(69, "token", "see module_init_args", "CKR_ARGUMENTS_BAD")


def test_a_wrong_pin_is_tried_once_and_latched(world):
    world.configure(pin_file=pin_file(world, "not-the-pin"))
    world.shim.forget()
    result = world.run("doctor")
    assert (result.status, by_result(result)["fail"]) == (77, {"login"}), result
    assert "CKR_PIN_INCORRECT" in line(result, "login")["message"]
    assert world.calls("C_Login") == 1
    for _ in range(3):
        result = assert_only_fails(
            world, "pin-latch", 77, "not tried again", "Mend the PIN", logins=0,
            skipped={"login"} | OF_LOGIN)
        assert line(result, "pin-state")["result"] == "warn"
    assert world.run("renew", "--force").status == 77
    assert world.calls("C_Login") == 0
    world.configure(pin_file=world.token.pin_file)
    result = examine(world, logins=0)  # SoftHSM shows COUNT_LOW until a right one comes
    assert (result.status, line(result, "login")["result"]) == (0, "skipped"), result
    world.assert_renews()
    assert examine(world).status == 0


def test_a_pin_that_another_run_had_refused(world):
    world.configure(pin_file=pin_file(world, "not-the-pin"))
    assert world.run("renew", "--force").status == 77
    world.shim.plan("flags -COUNT_LOW")
    assert_only_fails(world, "pin-latch", 77, "--retry-pin", logins=0,
                      skipped={"login"} | OF_LOGIN)


@pytest.mark.parametrize("flag, fact", [("FINAL_TRY", "--retry-pin"),
                                        ("LOCKED", "security officer")])
def test_a_token_that_is_near_its_lock_is_not_logged_in_to(host, flag, fact):
    host.shim.plan(f"flags +{flag}")
    result = examine(host, logins=0)
    found = by_result(result)
    assert (result.status, line(result, "pin-state")["result"]) == (77, "fail"), result
    assert found["fail"] == {"pin-state", "pin-latch"}
    for name in found["fail"]:
        assert fact in line(result, name)["cure"], result
        assert "Mend the PIN" not in line(result, name)["cure"]
    assert "login" in found["skipped"]


@pytest.mark.skipif(not has_program("pkcs11-tool"), reason="no pkcs11-tool here")
def test_a_locked_pin_is_set_anew_as_the_cure_says(new_world):
    officers_pin, first, second = "87654321", "7654321", "1234567"
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "second", "--pin", first,
                    "--so-pin", officers_pin], check=True, capture_output=True,
                   env=new_world.token.environment())
    own = pin_file(new_world, first)
    new_world.configure(token="pkcs11:token=second", pin_file=own)
    new_world.enroll()
    new_world.shim.plan("flags +LOCKED")
    cure = line(examine(new_world, logins=0), "pin-state")["cure"]
    assert f"Write it to {own}; then run doctor again" in cure
    command = cure.split("by a new PIN: ")[1].split(". ")[0].split()
    assert command[:3] == ["pkcs11-tool", "--module", new_world.shim.module]
    new_world.shim.plan()
    subprocess.run(inside(*command, "--so-pin", officers_pin, "--new-pin", second), check=True,
                   capture_output=True, env={**os.environ, **new_world.shim.environment()})
    assert by_result(new_world.run("doctor"))["fail"] == {"login"}  # not written yet
    pin_file(new_world, second)
    assert new_world.run("renew", "--force").status == 0
    assert examine(new_world).status == 0


@pytest.mark.parametrize("result", ["CKR_PIN_LOCKED", "CKR_PIN_EXPIRED"])
def test_a_lock_that_only_the_login_shows(host, result):
    host.shim.plan(f"C_Login 1 fail {result}")
    assert_only_fails(host, "login", 77, result, "security officer", "--init-pin",
                      str(host.token.pin_file), skipped=OF_LOGIN)


@pytest.mark.parametrize("source, facts", [
    ({"pin_command": "/bin/cat {pin_file}"}, ["what this prints: /bin/cat"]),
    ({"pin_credential": "fleet-pin"}, ["the credential fleet-pin"]),
    ({"pin_pad": "yes"}, ["at the pin pad"]),
])
def test_where_the_new_pin_of_a_locked_one_belongs(world, source, facts):
    source = {name: value.format(pin_file=world.token.pin_file)
              for name, value in source.items()}
    folder = world.directory / "credentials"
    folder.mkdir()
    shutil.copy(world.token.pin_file, folder / "fleet-pin")
    world.configure(pin_file=None, **source)
    world.shim.plan(f"pin-pad {world.token.pin_file}", "flags +LOCKED")
    result = examine(world, logins=0, CREDENTIALS_DIRECTORY=str(folder))
    cure = line(result, "pin-state")["cure"]
    assert not [fact for fact in facts if fact not in cure], cure


def test_a_wrong_try_of_somebody_else_is_warned_of_and_no_try_used_up(host):
    host.shim.plan("flags +COUNT_LOW")
    result = examine(host, logins=0)
    found = by_result(result)
    assert (result.status, found["fail"], found["warn"]) == (0, set(), {"pin-state"}), result
    assert {"login"} | OF_LOGIN <= found["skipped"]


def test_a_key_that_is_gone(world):
    world.token.destroy(id=bytes.fromhex(world.generation()["key_id"]))
    result = assert_only_fails(
        world, "key-certificate", 69, "is not in the token", "backup", "one-time token",
        skipped=OF_KEY | {"key-attributes"})
    assert "nobody" in line(result, "connection")["message"]


def test_a_key_that_is_not_that_of_the_certificate(world):
    key = bytes.fromhex(world.generation()["key_id"])
    label = world.token.objects(kind="private", id=key)[0].label
    world.token.destroy(id=key)
    world.token.make_key_pair(label, key)
    assert_only_fails(world, "key-certificate", 69, "not that of the active certificate",
                      skipped=OF_KEY)


def test_a_token_that_makes_no_keys_of_the_wanted_size(host):
    host.shim.plan("keysize CKM_RSA_PKCS_KEY_PAIR_GEN 1024 1536")
    assert_fails(host, "key-generation", 69, "1024 to 1536", "key_bits")


@pytest.mark.parametrize("mechanism, name", [("CKM_RSA_PKCS_KEY_PAIR_GEN", "key-generation"),
                                             ("CKM_RSA_PKCS", "sign-pkcs1")])
def test_a_mechanism_that_is_missing(host, mechanism, name):
    host.shim.plan(f"mechanism {mechanism} absent")
    result = examine(host)
    assert line(result, name)["result"] == "fail", result
    assert mechanism in line(result, name)["message"]
    assert result.status == 69


@pytest.mark.parametrize("plan, name", [
    ("C_GetMechanismInfo * fail CKR_FUNCTION_NOT_SUPPORTED", "key-generation"),
    ("flags -USER_PIN_INITIALIZED", "pin-state")])
def test_what_a_token_does_not_tell_is_a_warning_where_it_works(world, plan, name):
    world.shim.plan(plan)
    result = examine(world)
    assert (result.status, line(result, name)["result"]) == (0, "warn"), result
    assert line(result, name)["cure"]
    assert world.run("renew", "--force").status == 0


@pytest.mark.skipif(not HANDS_PIN_ON, reason="the engine alone hands the PIN on for a signature")
def test_a_token_that_wants_no_login_but_the_pin_for_each_signature(new_world):
    new_world.shim.plan("always-authenticate", f"unlogin-required {new_world.token.pin_file}")
    assert new_world.run("enroll", "--token-file", new_world.one_time_token()).status == 0
    result = examine(new_world, logins=3)  # one for each signature
    assert (result.status, by_result(result)["fail"]) == (0, set()), result
    assert new_world.run("renew", "--force").status == 0


def test_a_token_without_pss_is_warned_of(host):
    host.shim.plan("mechanism CKM_RSA_PKCS_PSS absent", "mechanism CKM_RSA_X_509 absent")
    assert line(examine(host), "sign-pss")["result"] == "warn"


def test_a_token_that_tells_no_counts_is_no_fault(host):
    host.shim.plan("token-count UNKNOWN")
    result = examine(host)
    assert (result.status, by_result(result)["warn"]) == (0, set()), result
    assert line(result, "capacity")["message"].count("unknown") >= 2


def test_a_signature_that_is_wrong_is_found_by_the_self_test(host):
    host.shim.plan("bad-signature *")
    result = assert_only_fails(host, "self-test", 69, "does not verify", SIGNER or SIGNERS[-1],
                               "`signer`",
                               skipped={"connector"})
    assert "nobody" in line(result, "connection")["message"]


@pytest.mark.parametrize("plan", ["C_GetMechanismInfo 1 lose-sessions",
                                  "C_FindObjectsInit * fail CKR_DEVICE_ERROR",
                                  "C_Login 1 fail CKR_DEVICE_ERROR"])
def test_a_token_that_does_not_answer_is_not_one_that_lacks_the_key(host, plan):
    host.shim.plan(plan)
    result = host.run("doctor")
    assert result.status == 69, result
    failed = [check for check in result["checks"] if check["result"] == "fail"]
    assert failed
    for check in failed:
        assert "the token and the module" in check["cure"], check
        assert "one-time token" not in check["cure"], check


@pytest.mark.parametrize("flag", ["FINAL_TRY", ""])
def test_what_tries_a_pin_again_renews_nothing(world, flag):
    world.configure(pin_file=pin_file(world, "not-the-pin"))
    assert world.run("renew", "--force").status == 77
    world.shim.plan(f"flags {'+' + flag if flag else '-COUNT_LOW'}")
    result = examine(world, logins=0)
    text = "".join(check["message"] + (check["cure"] or "") for check in result["checks"])
    assert "renew --dry-run --retry-pin" in text
    assert "--force" not in text


def test_leftovers_are_counted_and_left(world):
    label = world.token.private_keys()[0].label.rsplit("/", 1)[0]
    world.token.make_key_pair(f"{label}/99", b"\x99" * 16)
    result = examine(world)
    assert (result.status, by_result(result)["warn"]) == (0, {"leftovers"}), result
    assert "keys --prune" in line(result, "leftovers")["cure"]
    assert world.token.objects(id=b"\x99" * 16)


def test_a_key_that_may_leave_the_token_fails_beside_one_that_may_not(world):
    world.assert_renews()
    key = bytes.fromhex(world.generation(1)["key_id"])
    label = world.token.objects(kind="private", id=key)[0].label
    world.token.destroy(id=key)
    world.token.make_key_pair(label, key, extractable=True)
    result = assert_fails(world, "key-attributes", 69, "CKA_EXTRACTABLE is not FALSE", "--force")
    assert [one["result"] for one in result["checks"] if one["name"] == "key-attributes"] == \
        ["fail", "ok"]


@pytest.mark.parametrize("call, name", [
    ("C_Initialize 1", "module"), ("C_GetTokenInfo 1", "token"), ("C_Login 1", "login"),
    ("C_FindObjectsInit 2", "key-attributes"), ("C_SignInit 1", "self-test")])
def test_a_module_that_hangs_fails_the_check_at_hand_and_the_rest_is_reported(
        host, call, name):
    host.configure(step_timeout="2s", request_timeout="1s")
    host.shim.plan(f"{call} hang")
    result = host.run("doctor")
    found = by_result(result)
    assert (result.status, found["fail"]) == (75, {name}), result
    assert "not done after 2 s" in line(result, name)["message"]
    assert line(result, name)["cure"]
    names = [check["name"] for check in result["checks"]]
    assert found["skipped"] - AS_IT_SHOULD_BE >= set(names[names.index(name) + 1:])
    assert {"configuration", "state-fsync", "pin-source"} <= found["ok"]
    host.configure(step_timeout=None, request_timeout=None)
    host.shim.plan()
    host.assert_identity_works()


def test_a_module_that_crashes_fails_the_check_at_hand(host):
    host.shim.plan("C_GetMechanismInfo 1 segfault")
    result = host.run("doctor")
    assert (result.status, by_result(result)["fail"]) == (69, {"key-generation"}), result
    assert "SIGSEGV" in line(result, "key-generation")["message"]


def test_a_module_that_does_not_finalize_takes_nothing_back(host):
    host.shim.plan("C_Finalize 1 hang")
    result = examine(host)
    assert (result.status, by_result(result)["fail"]) == (0, set()), result

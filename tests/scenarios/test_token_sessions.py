"""Sessions that end by themselves: a device that restarts, comes loose, or ends what is idle. One
more worker logs in, finds the new key by its id and goes on; no second key is made."""
import pytest
from world import ENGINE_CRASHES, FIRST_SIGNER

GENERATED = ["C_GenerateKeyPair 1 lose-sessions-after"]


def assert_got_over(world, *plan, by_signer=False):
    """By a second login; with `by_signer`, it may be the signer that opens another session."""
    before = world.sha256()
    world.shim.plan(*plan)
    result = world.run("renew", "--force")
    if ENGINE_CRASHES and "the worker crashed (SIGSEGV)" in result.errors:
        assert (result.status, world.sha256()) == (69, before), result
        world.shim.plan()
        world.assert_renews()
        assert world.calls("C_GenerateKeyPair") == 1
        return
    assert (result.status, result["changed"]) == (0, True), result
    again = "beginning again with a new login" in result.errors
    assert again or by_signer
    assert world.calls("C_GenerateKeyPair") == 1
    assert world.calls("C_Login") == (2 if again else 1)
    assert world.sha256() != before
    world.shim.plan()
    world.assert_whole()


@pytest.mark.parametrize("result", [
    "CKR_SESSION_HANDLE_INVALID", "CKR_SESSION_CLOSED", "CKR_DEVICE_REMOVED"])
def test_a_session_lost_during_the_generation_costs_no_second_key(world, result):
    assert_got_over(world, f"C_GenerateKeyPair 1 fail-after {result}", *GENERATED)


@pytest.mark.parametrize("result", [
    "CKR_SESSION_HANDLE_INVALID", "CKR_DEVICE_REMOVED", "CKR_TOKEN_NOT_PRESENT"])
def test_an_answer_that_was_lost_counts_for_nothing(world, result):
    """The session lives, but what the call said leaves open what it did."""
    assert_got_over(world, f"C_GenerateKeyPair 1 fail-after {result}")


@pytest.mark.parametrize("call", [
    "C_GenerateKeyPair 1 lose-sessions-after", "C_SignInit 1 lose-sessions",
    "C_SignInit 2 lose-sessions", "C_SignInit 3 lose-sessions", "signature 1 lose-sessions-after",
    "signature 2 lose-sessions-after"])
def test_a_session_that_dies_between_the_calls(world, call):
    assert_got_over(world, call)


@pytest.mark.parametrize("call", ["C_SignInit 1", "C_SignInit 2", "C_SignInit 3"])
def test_a_session_of_the_signer_alone_that_dies(world, call):
    """Our own lives, and tells nothing. libp11's engine, from 0.4.13 on, mostly notices."""
    if (FIRST_SIGNER, call) != ("pkcs11prov", "C_SignInit 2"):
        assert_got_over(world, f"{call} lose-later-sessions", by_signer=FIRST_SIGNER == "engine")
        return
    # It makes a signature up, which tells nothing of the session: the key is not trusted any more.
    world.shim.plan(f"{call} lose-later-sessions")
    world.assert_fails(69, "token", "does not verify")
    world.shim.plan()
    world.assert_renews()


def test_a_device_that_stays_away_is_said_and_its_return_is_enough(world):
    world.shim.plan("C_GenerateKeyPair 1 fail-after CKR_DEVICE_REMOVED",
                    "C_GetSlotList 3+ fail CKR_TOKEN_NOT_PRESENT")
    result = world.assert_fails(69, "token", "CKR_TOKEN_NOT_PRESENT")
    assert "would not generate the key" in result.errors
    assert "CKR_DEVICE_REMOVED" in result.errors
    assert world.journal()["phase"] == "PLANNED"
    world.shim.plan()
    world.assert_renews()
    assert world.calls("C_GenerateKeyPair") == 1


def test_a_session_that_dies_every_time_is_given_up_after_the_second(world):
    world.shim.plan("C_SignInit * lose-sessions")
    if ENGINE_CRASHES:
        world.assert_fails(69, "token", "the worker crashed (SIGSEGV)")
    else:
        world.assert_fails(69, "token", "request the certificate")
        assert world.calls("C_Login") == 2
    world.shim.plan()
    world.shim.forget()
    world.assert_identity_works()
    world.assert_renews()
    assert world.calls("C_GenerateKeyPair") == 0


def test_a_key_that_never_signs_costs_no_more_than_a_second_login(world):
    world.shim.plan("C_SignInit * fail CKR_DEVICE_ERROR")
    world.assert_fails(69, "token", "request the certificate")
    assert world.calls("C_Login") == 2
    assert world.calls("C_GenerateKeyPair") == 1
    world.shim.plan()
    world.assert_renews()


def test_a_pin_refused_meanwhile_is_not_tried_again(world):
    world.shim.plan(*GENERATED, "C_Login 2 fail CKR_PIN_INCORRECT")
    for _ in range(2):
        world.assert_fails(77, "pin", "fleet", reason="latched")
    assert world.calls("C_Login") == 2
    world.shim.plan()
    world.assert_renews("--force", "--retry-pin")
    assert world.calls("C_GenerateKeyPair") == 1


def test_a_pin_from_a_descriptor_is_there_once_and_the_next_run_goes_on(world):
    world.configure(pin_file=None, pin_fd=0)
    world.shim.plan(*GENERATED)
    with_pin = ("sh", "-c", f'exec "$@" 0<{world.token.pin_file}', "sh")
    world.assert_fails(69, "token", command=with_pin)
    world.shim.plan()
    result = world.run("renew", "--force", command=with_pin)
    assert (result.status, result["changed"]) == (0, True), result
    assert world.calls("C_GenerateKeyPair") == 1


def test_an_enrolment_whose_session_dies_before_its_token_is_sent(new_world):
    new_world.shim.plan(*GENERATED)
    result = new_world.run("enroll", "--token-file", new_world.one_time_token())
    assert result.status == 0, result
    assert new_world.calls("C_GenerateKeyPair") == 1
    new_world.shim.plan()
    new_world.assert_whole()

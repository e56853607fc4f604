"""A wrong PIN is tried once, and never when the token shows that few tries are left."""
import pytest
from clock import later


@pytest.fixture
def wrong(host):
    """A PIN file with a wrong PIN in it."""
    file = pin_file(host, "not-the-pin")
    host.configure(pin_file=file)
    return file


def pin_file(host, text, mode=0o600):
    path = host.directory / "another-pin"
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def assert_latched(host, *facts, logins, arguments=("renew", "--force")):
    source = f"the PIN file {host.settings()['pin_file']}"
    host.assert_fails(77, "pin", "fleet", source, *facts, reason="latched", arguments=arguments)
    assert host.calls("C_Login") == logins


def test_ten_runs_with_a_wrong_pin_try_it_once(new_world):
    new_world.connector.settings(validity_seconds=2800)
    new_world.configure(lifetime_fraction="0.1", jitter="0")
    new_world.enroll()
    file = pin_file(new_world, "not-the-pin\n")
    new_world.configure(pin_file=file)
    for turn in range(10):
        result = new_world.run("renew", *(["--force"] if turn % 2 else []),
                               command=later("+290s"))
        assert (result.status, result["reason"]) == (77, "latched"), result
        assert "fleet" in result["error"]["message"], result
        assert ("CKR_PIN_INCORRECT" if turn == 0 else "not tried again") in result.errors
        assert not result["error"]["retry"]
    assert new_world.calls("C_Login") == 1
    status = new_world.run("status")
    assert (status.status, status["last_error"]["class"]) == (0, "pin"), status
    new_world.shim.forget()
    file.write_text(new_world.token.pin)
    assert new_world.run("renew", "--force").status == 0
    new_world.assert_whole()


def test_a_wrong_pin_that_is_mended_needs_nothing_else(host, wrong):
    assert_latched(host, "CKR_PIN_INCORRECT", "mend the PIN", logins=1)
    wrong.write_text(host.token.pin)
    host.shim.forget()
    host.assert_recovers()


def test_a_wrong_pin_is_tried_again_by_hand_only(host, wrong):
    assert_latched(host, "CKR_PIN_INCORRECT", logins=1)
    assert_latched(host, "--retry-pin", logins=1)
    assert_latched(host, "CKR_PIN_INCORRECT", logins=2,
                   arguments=("renew", "--force", "--retry-pin"))
    host.configure(pin_file=host.token.pin_file)
    host.shim.forget()
    host.assert_recovers()


@pytest.mark.parametrize("command", [("renew", "--dry-run"), ("keys",),
                                     ("keys", "--prune"), ("revoke", "--generation", "1")])
def test_no_command_tries_a_refused_pin(world, command):
    world.assert_renews()
    world.shim.forget()
    world.configure(pin_file=pin_file(world, "not-the-pin"))
    assert world.run("renew", "--force").status == 77
    result = world.run(*command)
    assert (result.status, result["error"]["class"]) == (77, "pin"), result
    assert world.calls("C_Login") == 1


def test_the_last_try_is_left_to_a_person(host):
    host.shim.plan("flags +FINAL_TRY")
    assert_latched(host, "one more wrong PIN locks", "--retry-pin", logins=0)
    assert host.run("renew", "--dry-run", "--retry-pin").status == 0
    host.shim.plan()
    host.shim.forget()
    host.assert_recovers()


def test_a_first_enrolment_tries_a_refused_pin_again_by_hand(new_world):
    new_world.shim.plan("C_Login 1 fail CKR_PIN_INCORRECT")
    token_file = new_world.one_time_token()
    for _ in range(2):
        result = new_world.run("enroll", "--token-file", token_file)
        assert (result.status, result["reason"]) == (77, "latched"), result
    assert "`enroll --retry-pin`" in result["error"]["message"]
    assert new_world.calls("C_Login") == 1
    new_world.shim.plan()
    assert new_world.run("enroll", "--token-file", token_file, "--retry-pin").status == 0
    new_world.assert_whole()


def test_a_pin_is_tried_again_by_hand_when_nothing_is_due(host):
    host.shim.plan("C_Login 1 fail CKR_PIN_INCORRECT")
    assert host.run("keys").status == 77
    host.shim.plan()
    host.shim.forget()
    assert_latched(host, "`renew --dry-run --retry-pin`", logins=0)
    assert host.run("renew", "--dry-run", "--retry-pin").status == 0
    host.shim.forget()
    host.assert_recovers()


def test_a_locked_token_is_not_tried_at_all(host):
    host.shim.plan("flags +LOCKED")
    assert_latched(host, "locked", "security officer", logins=0)
    assert_latched(host, "locked", logins=0, arguments=("renew", "--force", "--retry-pin"))
    host.shim.plan()
    host.shim.forget()
    host.assert_recovers()


def test_a_token_that_counts_is_never_locked_by_us(world):
    world.shim.plan("count-wrong-logins 3")
    for turn in range(6):
        world.configure(pin_file=pin_file(world, f"not-the-pin-{turn}"))
        assert world.run("renew", "--force").status == 77
    assert world.calls("C_Login") == 2
    world.configure(pin_file=world.token.pin_file)
    assert world.run("renew", "--force").status == 77  # a person has to look first
    assert world.calls("C_Login") == 2
    world.assert_renews("--force", "--retry-pin")


def test_a_login_that_was_cut_counts_when_the_token_shows_a_try_less(world):
    world.shim.plan("C_Login 1 kill")
    assert world.run("renew", "--force").status == 75
    world.shim.plan("flags +COUNT_LOW")
    world.shim.forget()
    assert_latched(world, "cut", "--retry-pin", logins=0)
    world.shim.plan()
    world.assert_renews("--force", "--retry-pin")


def test_a_login_that_was_cut_is_forgotten_when_the_token_shows_nothing(host):
    host.shim.plan("C_Login 1 kill")
    host.assert_fails(75, "state", "SIGKILL", "logging in to token fleet")
    host.shim.plan()
    host.shim.forget()
    host.assert_recovers()


@pytest.mark.parametrize("result, facts", [
    ("CKR_PIN_LOCKED", ["CKR_PIN_LOCKED", "security officer"]),
    ("CKR_PIN_EXPIRED", ["CKR_PIN_EXPIRED", "set a new PIN"]),
])
def test_a_pin_that_the_token_will_not_look_at(host, result, facts):
    host.shim.plan(f"C_Login 1 fail {result}")
    host.assert_fails(77, "pin", "fleet", *facts)
    host.shim.plan()
    host.shim.forget()
    host.assert_recovers()


def test_a_login_that_fails_for_another_reason_is_no_wrong_pin(host):
    host.shim.plan("C_Login 1 fail CKR_DEVICE_ERROR")
    host.assert_fails(69, "token", "cannot log in to the token fleet", "CKR_DEVICE_ERROR")
    host.shim.plan()
    host.shim.forget()
    host.assert_recovers()

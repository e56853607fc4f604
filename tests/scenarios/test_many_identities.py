"""Several identities in one run: those with the same token, PIN and signer have one worker and one
login. One that fails, hangs or is killed takes nothing from the others."""
import os
import signal
from pathlib import Path

import pytest
from fleet import Fleet
from world import ENGINE_CRASHES, HANDS_PIN_ON, SIGNERS, finish, is_alive, wait_until

NAMES = ["a", "b", "c", "d", "e"]
ALL = ("renew", "--force")


@pytest.fixture(scope="module")
def enrolled(shared_connector, tmp_path_factory):
    fleet = Fleet(tmp_path_factory.mktemp("fleet"), shared_connector, NAMES)
    fleet.enroll_all()
    return fleet


@pytest.fixture
def fleet(enrolled, connector):
    """The same host for each test, without what the one before configured and planned."""
    before = enrolled.settings()
    enrolled.shim.plan()
    enrolled.shim.forget()
    connector.forget()
    yield enrolled
    enrolled.shim.plan()
    for own in enrolled._own.values():
        own.clear()
    enrolled.configure(**{**dict.fromkeys(enrolled.settings()), **before})


def assert_renewed(fleet, before, *failed):
    """All but these have a new certificate, and it works."""
    after = fleet.shas()
    assert {name for name in NAMES if after[name] == before[name]} == set(failed)


def test_one_login_renews_them_all(fleet):
    before = fleet.shas()
    result, each = fleet.run_all(*ALL)
    assert (result.status, result["changed"], result["failed"]) == (0, True, False), result
    assert [one["identity"] for one in result["identities"]] == NAMES
    assert {one["reason"] for one in each.values()} == {"renewed"}
    assert len({one["run_id"] for one in each.values()}) == len(NAMES)
    assert fleet.calls("C_Login") == 1
    assert fleet.calls("C_Initialize") <= 2 and fleet.calls("C_Finalize") >= 1
    assert fleet.calls("C_GenerateKeyPair") == len(NAMES)
    assert fleet.signatures() == 3 * len(NAMES)
    assert len(fleet.workers()) == 1
    assert_renewed(fleet, before)
    for name in NAMES:
        fleet.one(name).assert_identity_works()


@pytest.mark.parametrize("signer", SIGNERS)
def test_every_signer_works_for_one_after_another_and_for_keys_of_after_its_start(fleet, signer):
    before = fleet.shas()
    fleet.configure(signer=signer)
    result, each = fleet.run_all(*ALL)
    assert result.status == 0, result
    assert {one["signer"] for one in each.values()} == {signer}
    assert fleet.calls("C_Login") == 1
    assert_renewed(fleet, before)


def test_nobody_calls_the_module_when_nothing_is_due(fleet):
    result, each = fleet.run_all("renew", "--detailed-exitcode")
    assert (result.status, result["changed"]) == (10, False), result
    assert {one["reason"] for one in each.values()} == {"not_due"}
    assert not fleet.shim.calls()


def test_a_wrong_connector_and_a_key_that_is_gone_fail_alone(fleet):
    # The URL that the Connector has named may not be used instead.
    fleet.configure_one("b", connector_url="https://localhost:1/graphql",
                        connector_hosts="localhost.invalid")
    key_id = bytes.fromhex(fleet.one("d").generation()["key_id"])
    assert fleet.token.destroy(id=key_id) == 2
    before = fleet.shas()
    result, each = fleet.run_all(*ALL)
    assert (each["b"]["exit_status"], each["b"]["error"]["class"]) == (75, "network"), each["b"]
    assert (each["d"]["exit_status"], each["d"]["error"]["class"]) == (69, "token"), each["d"]
    assert result.status == 69
    assert fleet.calls("C_Login") == 2  # what failed over its token leaves its session to nobody
    assert_renewed(fleet, before, "b", "d")
    fleet.configure_one("b", connector_url=None, connector_hosts=None)
    fleet.one("d").enroll()
    result, each = fleet.run_all(*ALL)
    assert result.status == 0, result


@pytest.mark.parametrize("end, status", [("kill", 75), ("segfault", 69)])
def test_a_worker_that_dies_over_the_third_costs_the_others_one_more_login(fleet, end, status):
    before = fleet.shas()
    fleet.shim.plan(f"C_GenerateKeyPair 3 {end}-after" if end == "kill" else "signature 8 segfault")
    result, each = fleet.run_all(*ALL)
    assert result.status == status, result
    assert {name: one["exit_status"] for name, one in each.items()} == \
        {**dict.fromkeys(NAMES, 0), "c": status}
    assert fleet.calls("C_Login") == 2
    assert len(fleet.workers()) == 2
    assert_renewed(fleet, before, "c")
    fleet.shim.plan()
    result, each = fleet.run_all("renew", *(["--force"] if status == 69 else []))
    assert each["c"]["reason"] == "resumed", each["c"]
    assert fleet.one("c").sha256() != before["c"]
    assert fleet.one("c").calls("C_GenerateKeyPair") == (5 if status == 75 else 9)


def test_a_session_that_ends_in_the_middle_is_begun_again_once_for_the_rest(fleet):
    before = fleet.shas()
    fleet.shim.plan("C_SignInit 7 lose-sessions")
    result, each = fleet.run_all(*ALL)
    if ENGINE_CRASHES:
        assert {name: one["exit_status"] for name, one in each.items()} == \
            {**dict.fromkeys(NAMES, 0), "c": 69}
        assert fleet.calls("C_Login") == 2
        assert_renewed(fleet, before, "c")
        return
    assert result.status == 0, result
    assert "c: the" not in result.errors.split("beginning again with a new login")[0].splitlines()[0]
    assert result.errors.count("beginning again with a new login") == 1
    assert fleet.calls("C_Login") == 2
    assert fleet.calls("C_GenerateKeyPair") == len(NAMES)
    assert_renewed(fleet, before)


def test_a_session_that_ends_between_two_is_found_before_anything_is_done(fleet):
    before = fleet.shas()
    fleet.shim.plan("signature 6 lose-sessions-after")
    result, _ = fleet.run_all(*ALL)
    assert result.status == 0, result
    assert fleet.calls("C_Login") == 2
    assert_renewed(fleet, before)


def test_a_session_of_the_signer_that_ends_while_a_key_is_made_is_begun_again_once(fleet):
    """That of the one before it; our own goes on."""
    before = fleet.shas()
    fleet.shim.plan("C_GenerateKeyPair 2 lose-later-sessions-after")
    result, _ = fleet.run_all(*ALL)
    assert result.status == 0, result
    assert fleet.calls("C_Login") <= 2
    assert fleet.calls("C_GenerateKeyPair") == len(NAMES)
    assert_renewed(fleet, before)


def test_a_token_that_was_away_for_one_of_them_is_there_for_the_next(fleet):
    """The old session lives on in the module, and whoever asked it would find no key."""
    tokens, away = fleet.token.directory / "tokens", fleet.directory / "away"
    fleet.configure_one("a", hook_renewed=f"/usr/bin/mv {tokens} {away}")
    fleet.configure_one("b", hook_failed=f"/usr/bin/mv {away} {tokens}")
    before = fleet.shas()
    result, each = fleet.run_all(*ALL)
    assert (each["b"]["exit_status"], each["b"]["error"]["class"]) == (69, "token"), each["b"]
    assert result.status == 69
    assert len(fleet.workers()) == 2
    assert_renewed(fleet, before, "b")


def test_two_tokens_have_a_worker_each(fleet, connector, tmp_path):
    hosts = Fleet(tmp_path, connector, ["a", "b", "c", "d"])
    other = hosts.add_token("other")
    for name in ("b", "d"):
        hosts.configure_one(name, **other)
    hosts.enroll_all()
    hosts.shim.forget()
    result, _ = hosts.run_all(*ALL)
    assert result.status == 0, result
    assert hosts.calls("C_Login") == 2
    assert len(hosts.workers()) == 2
    hosts.shim.forget()
    assert hosts.run_all("renew", "--force", "--dry-run")[0].status == 0
    assert hosts.calls("C_Login") == 2


def test_a_refused_pin_is_tried_once_for_all_and_by_hand_once_too(fleet):
    file = fleet.directory / "wrong-pin"
    file.write_text("not-the-pin")
    file.chmod(0o600)
    fleet.configure(pin_file=file)
    for logins, arguments in [(1, ALL), (1, ALL), (2, (*ALL, "--retry-pin"))]:
        result, each = fleet.run_all(*arguments)
        assert result.status == 77, result
        assert {(one["exit_status"], one["reason"]) for one in each.values()} == {(77, "latched")}
        assert fleet.calls("C_Login") == logins
    # Another signer has another worker, and the same latch.
    for name in ("b", "d"):
        fleet.configure_one(name, signer=SIGNERS[-1])
    assert fleet.run_all(*ALL, "--retry-pin")[0].status == 77
    assert fleet.calls("C_Login") == 3
    assert file.name in each["e"]["msg"] and each["e"]["msg"].count("plan the renewal") == 1
    file.write_text(fleet.token.pin)
    for name in ("b", "d"):
        fleet.configure_one(name, signer=None)
    assert fleet.run_all(*ALL)[0].status == 0


def run_with_pin_once(fleet):
    """All of them, with the PIN in a pipe that gives it to the first who reads."""
    reading, writing = os.pipe()
    os.write(writing, fleet.token.pin.encode())
    os.close(writing)
    fleet.configure(pin_file=None, pin_fd=0)
    process = fleet.start("--all", *ALL, stdin=reading)
    os.close(reading)
    return finish(process)


def test_a_descriptor_that_gives_its_pin_once_is_enough_for_all(fleet):
    before = fleet.shas()
    result = run_with_pin_once(fleet)
    assert result.status == 0, result
    assert fleet.calls("C_Login") == 1
    assert_renewed(fleet, before)


@pytest.mark.skipif("engine" not in SIGNERS, reason="no engine here, which tries twice")
def test_a_key_that_does_not_sign_takes_no_such_pin_from_the_others(fleet):
    """There is no second login that could tell whether the signer's session has ended."""
    before = fleet.shas()
    fleet.configure(signer="engine")
    fleet.shim.plan("C_SignInit 4 fail CKR_DEVICE_ERROR", "C_SignInit 5 fail CKR_DEVICE_ERROR")
    result = run_with_pin_once(fleet)
    assert result.status == 69, result
    assert fleet.calls("C_Login") == 1
    assert_renewed(fleet, before, "b")
    # For the tests to come: this key has been made, and waits for its certificate.
    fleet.shim.plan()
    fleet.configure(pin_file=fleet.token.pin_file, pin_fd=None)
    assert fleet.one("b").run("renew", "--force").status == 0


def test_the_locks_of_those_that_are_done_and_to_come_are_free(fleet):
    fleet.shim.plan("C_GenerateKeyPair 3 hang")
    run = fleet.start("--all", *ALL)
    try:
        worker = wait_until(lambda: [call.pid for call in fleet.shim.calls()
                                     if call.result == "hang"])[0]
        fleet.shim.plan()
        assert [name for name in NAMES if not fleet.lock_is_free(name)] == ["c"]
        held = [os.stat(each) for each in Path(f"/proc/{worker}/fd").iterdir()]
        assert [name for name in NAMES if any(
            os.path.samestat(os.stat(fleet.state / name / "lock"), each) for each in held)] == ["c"]
        assert fleet.one("a").run("renew").status == 0
        fleet.configure(lock_wait="1s")
        busy = fleet.one("c").run("renew")
        assert (busy.status, busy["error"]["class"]) == (75, "busy"), busy
        assert f"pid {run.pid}" in busy["error"]["message"]
        # The worker's own hold: the supervisor cannot give back anything.
        run.send_signal(signal.SIGSTOP)
        assert not fleet.lock_is_free("c")
    finally:
        run.kill()
        run.communicate()
    wait_until(lambda: not is_alive(worker))
    assert all(fleet.lock_is_free(name) for name in NAMES)
    result, each = fleet.run_all("renew")
    assert (result.status, each["c"]["reason"]) == (0, "resumed"), result


def test_a_signal_ends_the_run_and_not_one_identity_of_it(fleet):
    before = fleet.shas()
    fleet.shim.plan("C_GenerateKeyPair 2 hang")
    run = fleet.start("--all", *ALL)
    wait_until(lambda: [call for call in fleet.shim.calls() if call.result == "hang"])
    run.send_signal(signal.SIGTERM)
    result = finish(run)
    each = {one["identity"]: one for one in result["identities"]}
    assert result.status == 75
    assert "interrupted by SIGTERM" in each["b"]["msg"]
    assert {each[name]["exit_status"] for name in "cde"} == {75}
    assert_renewed(fleet, before, "b", "c", "d", "e")
    fleet.shim.plan()
    assert fleet.run_all("renew")[1]["b"]["reason"] == "resumed"


def test_spare_keys_are_made_after_all_renewals_by_the_same_login(fleet):
    before = fleet.shas()
    fleet.configure(spare_key="yes")
    fleet.shim.plan("C_GenerateKeyPair 7 kill")
    result, each = fleet.run_all(*ALL)
    assert result.status == 0, result
    assert_renewed(fleet, before)
    assert fleet.calls("C_Login") == 2
    assert [name for name in NAMES if fleet.one(name).spare()] == ["a", "c", "d", "e"]
    assert {one["reason"] for one in each.values()} == {"renewed"}
    fleet.shim.plan()
    result, each = fleet.run_all("renew")
    assert {name: one["reason"] for name, one in each.items()} == \
        {**dict.fromkeys(NAMES, "not_due"), "b": "spare_made"}
    fleet.shim.forget()
    before = fleet.shas()
    assert fleet.run_all(*ALL)[0].status == 0
    assert fleet.calls("C_Login") == 1
    assert_renewed(fleet, before)
    fleet.configure(spare_key=None)
    assert fleet.run_all(*ALL)[0].status == 0


@pytest.mark.skipif(not HANDS_PIN_ON, reason="the engine alone hands the PIN on for a signature")
def test_a_key_that_wants_the_pin_each_time_is_served_behind_one_that_does_not(fleet):
    """From a descriptor the PIN cannot be read again when its turn comes."""
    fleet.shim.plan("always-authenticate")
    assert fleet.one("e").run(*ALL).status == 0
    before = fleet.shas()
    result = run_with_pin_once(fleet)
    assert result.status == 0, result.errors
    assert_renewed(fleet, before)


@pytest.mark.skipif(HANDS_PIN_ON, reason="this signer hands the PIN on")
def test_such_a_key_fails_alone_with_a_signer_that_keeps_no_pin(connector, tmp_path):
    hosts = Fleet(tmp_path, connector, ["a", "b", "c"])
    hosts.enroll_all()
    hosts.shim.plan("always-authenticate")
    assert hosts.one("b").run(*ALL).status == 69
    hosts.shim.plan()
    hosts.shim.forget()
    result, each = hosts.run_all(*ALL)
    assert {name: one["exit_status"] for name, one in each.items()} == {"a": 0, "b": 69, "c": 0}
    assert "CKA_ALWAYS_AUTHENTICATE" in each["b"]["error"]["message"]
    assert result.status == 69
    assert hosts.calls("C_Login") == 3  # a second one for b, whose session is left to nobody

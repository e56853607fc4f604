"""Slow tokens, full ones, and ones that come and go: carried through, and no hand is needed."""
import os
import signal
import socket

import pytest
from clock import later
from world import FIRST_SIGNER, TIMEOUT, finish, wait_until


def test_a_generation_longer_than_any_other_step_is_carried_through(world):
    world.configure(step_timeout="2s", request_timeout="1s", key_generation_timeout="1h")
    world.shim.plan("C_GenerateKeyPair 1 delay 4000")
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    assert result["timings_ms"]["key_generation"] >= 4000
    world.shim.plan()
    world.assert_whole()


def test_no_connection_is_open_during_the_generation(world):
    world.connector.forget()
    world.shim.plan("C_GenerateKeyPair 1 hang")
    run = world.start("renew", "--force")
    hung = wait_until(lambda: [call for call in world.shim.calls() if call.result == "hang"])
    assert world.connector.connections() == []
    os.kill(hung[0].pid, signal.SIGKILL)
    assert finish(run).status == 75
    world.shim.plan()
    world.assert_renews()


def test_the_service_manager_waits_as_long_as_the_generation_may_take(world):
    name = str(world.directory / "notify")
    world.configure(key_generation_timeout="1h")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        manager.settimeout(TIMEOUT)
        assert world.run("renew", "--force", NOTIFY_SOCKET=name).status == 0
        while True:
            message = manager.recv(4096).decode()
            if "generating RSA 2048 in token fleet" in message:
                break
    assert int(message.split("EXTEND_TIMEOUT_USEC=")[1].split()[0]) > 3600 * 1000000


def label_of(world, number):
    return f"renewal-agent/{(world.state / 'tag').read_text().strip()}/orders/{number}"


def test_leftovers_of_ours_make_room_for_the_new_key(world):
    world.token.make_key_pair(label_of(world, 77), b"\x07\x07")
    world.shim.plan("capacity 2")
    result = world.run("renew", "--force")
    assert result.status == 0, result
    assert f"destroyed the leftover key {label_of(world, 77)}" in result.errors
    world.shim.plan()
    world.assert_whole()


def test_a_full_token_is_said_with_what_of_ours_is_in_it(world):
    world.assert_renews()
    world.token.make_key_pair("their key", b"\x01")
    world.shim.plan("capacity 3")
    world.assert_fails(69, "token", "CKR_DEVICE_MEMORY", "the token is full",
                       f"2 keys of ours are in it: {label_of(world, 1)}, {label_of(world, 2)}")
    world.token.destroy(label="their key")
    world.assert_renews()


AWAY = ["CKR_DEVICE_REMOVED", "CKR_TOKEN_NOT_PRESENT", "CKR_DEVICE_ERROR"]


@pytest.mark.parametrize("share", range(3))
def test_a_token_that_vanishes_at_any_call_and_returns_needs_no_hand(world, share):
    """From the nth call on nothing answers any more; later a plain run finds all well."""
    world.assert_renews()
    world.run("renew", "--force")
    calls = [call.function for call in world.shim.calls()]
    end = calls.index("C_Finalize")
    for number in range(3 + 7 * share, end, 61):
        before = world.active()
        world.shim.forget()
        world.shim.plan(f"* {number}+ fail {AWAY[share]}")
        world.configure(step_timeout="30s", request_timeout="15s")
        result = world.run("renew", "--force")
        told = (number, calls[number - 1], result)
        if result.status == 75:  # libp11 0.4.12 and 0.4.13 wait for ever for another session
            assert result["error"]["class"] == "deadline", told
            assert FIRST_SIGNER == "engine", told
            assert world.shim.calls()[-1].function == "C_OpenSession", told
        else:
            assert result.status in (0, 69), told
        world.configure(step_timeout=None, request_timeout=None)
        world.shim.plan()
        world.shim.forget()
        result = world.run("renew", command=later("+1d"))
        assert result.status == 0, (number, calls[number - 1], result)
        if world.active() == before:  # nothing was begun, and nothing is due
            world.assert_renews()
        world.assert_whole()


def test_a_token_that_is_away_between_two_runs(world):
    away = world.directory / "away"
    tokens = world.token.directory / "tokens"
    tokens.rename(away)
    tokens.mkdir()
    world.assert_fails(69, "token", "no token", world.token.uri)
    tokens.rmdir()
    away.rename(tokens)
    world.shim.forget()
    world.assert_recovers()


def test_a_token_that_is_full_of_retained_keys_has_room_when_fewer_are_retained(world):
    world.assert_renews()
    world.shim.plan("capacity 2")
    world.assert_fails(69, "token", "full")
    world.configure(retain=0)
    world.assert_renews()
    assert len(world.generations()) == 1

"""A call of the module that never returns, and a module that crashes: the worker pays for it."""
import os
import resource
import signal
import time
from pathlib import Path

import pytest

CRASHES = {"segfault": "SIGSEGV", "abort": "SIGABRT"}


def assert_heals(world):
    """Whatever phase was cut: at most one more key is made."""
    world.configure(step_timeout=None, key_generation_timeout=None)
    world.shim.plan()
    world.assert_identity_works()
    world.assert_renews()


def assert_worker_is_gone(world):
    pids = {call.pid for call in world.shim.calls()}
    assert pids and not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("function, step", [
    ("C_Initialize", "opening the token"),
    ("C_GetTokenInfo", "opening the token"),
    ("C_OpenSession", "opening the token"),
    ("C_Login", "logging in to token fleet"),
    ("C_GenerateKeyPair", "generating RSA 2048 in token fleet"),
    ("C_Sign", "requesting the certificate"),
])
def test_a_call_that_never_returns_ends_with_its_deadline(world, function, step):
    timeout = "key_generation_timeout" if function == "C_GenerateKeyPair" else "step_timeout"
    world.configure(**{timeout: "2s"})
    world.shim.plan(f"{function} 1 hang")
    world.assert_fails(75, "deadline", step, "not done after 2 s", "the token")
    assert world.shim.calls()[-1].result == "hang"
    assert_worker_is_gone(world)
    assert_heals(world)


def test_a_login_and_a_probe_that_hang_leave_the_phase_they_were_in(world):
    world.configure(step_timeout="2s")
    world.shim.plan("C_Sign 3 hang")
    world.assert_fails(75, "deadline", "probing with the new certificate")
    assert world.journal()["phase"] == "VERIFIED"
    assert_heals(world)
    assert world.calls("C_GenerateKeyPair") == 1


def test_a_module_that_does_not_finalize_takes_nothing_back(world):
    world.shim.plan("C_Finalize 1 hang")
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    assert_worker_is_gone(world)
    world.shim.plan()
    world.assert_whole()


@pytest.mark.parametrize("action", CRASHES)
@pytest.mark.parametrize("function, step", [
    ("C_Initialize", "opening the token"),
    ("C_Login", "logging in to token fleet"),
    ("C_GenerateKeyPair", "generating RSA 2048"),
    ("C_SignInit", "requesting the certificate"),
])
def test_a_module_that_crashes(world, action, function, step):
    world.shim.plan(f"{function} 1 {action}")
    world.assert_fails(69, "token", CRASHES[action], step, world.shim.module)
    assert_heals(world)


def test_a_module_that_crashes_at_its_end_takes_nothing_back(world):
    world.shim.plan("C_Finalize 1 segfault")
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    world.shim.plan()
    world.assert_whole()


def hanging(world, function):
    """The run, and the pid of the worker that hangs in this function."""
    world.shim.plan(f"{function} 1 hang")
    run = world.start("renew", "--force")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        hung = [call.pid for call in world.shim.calls() if call.result == "hang"]
        if hung:
            return run, hung[0]
        time.sleep(0.02)
    raise AssertionError("it does not hang")


def test_no_core_dump_and_no_debugger_gets_the_pin(world):
    """Not dumpable: its memory belongs to root, also for the user that it runs as."""
    run, worker = hanging(world, "C_Login")
    try:
        limits = Path(f"/proc/{worker}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
        status = Path(f"/proc/{worker}/status").read_text()
        assert f"PPid:\t{run.pid}\n" in status
        assert os.stat(f"/proc/{worker}/mem").st_uid == 0
        os.kill(worker, signal.SIGSEGV)
    finally:
        output, _ = run.communicate(timeout=60)
    assert "crashed (SIGSEGV)" in output
    assert not list(Path(resource.__file__).parent.glob("core.[0-9]*"))
    assert_heals(world)

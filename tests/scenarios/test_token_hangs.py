"""A call of the module that never returns, and a module that crashes: the worker pays for it."""
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from world import PROGRAM, TIMEOUT, World, is_alive, wait_until

CRASHES = {"segfault": "SIGSEGV", "abort": "SIGABRT"}


def assert_heals(world):
    """Whatever phase was cut: at most one more key is made."""
    world.configure(step_timeout=None, request_timeout=None, key_generation_timeout=None)
    world.shim.plan()
    world.assert_identity_works()
    world.assert_renews()


def assert_worker_is_gone(world):
    pids = {call.pid for call in world.shim.calls()}
    assert pids and not [pid for pid in pids if is_alive(pid)]


@pytest.mark.parametrize("function, step", [
    ("C_Initialize", "opening the token"),
    ("C_GetTokenInfo", "opening the token"),
    ("C_OpenSession", "opening the token"),
    ("C_Login", "logging in to token fleet"),
    ("C_GenerateKeyPair", "generating RSA 2048 in token fleet"),
    ("signature", "requesting the certificate"),
])
def test_a_call_that_never_returns_ends_with_its_deadline(world, function, step):
    timeout = "key_generation_timeout" if function == "C_GenerateKeyPair" else "step_timeout"
    world.configure(**{timeout: "2s", "request_timeout": "1s"})
    world.shim.plan(f"{function} 1 hang")
    world.assert_fails(75, "deadline", step, "not done after 2 s", "the token")
    assert world.shim.calls()[-1].result == "hang"
    assert_worker_is_gone(world)
    assert_heals(world)


def test_a_login_and_a_probe_that_hang_leave_the_phase_they_were_in(world):
    world.configure(step_timeout="2s", request_timeout="1s")
    world.shim.plan("signature 3 hang")
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


# Root may read everything; what is meant shows with another user.
USER = 12345
AS_USER = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups") \
    if os.geteuid() == 0 else ()


@pytest.fixture
def users_world(connector):
    """A host of an unprivileged user; its folder lies where that user gets to."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        world = World(directory, connector)
        world.configure(
            server_ca_file=shutil.copy(connector.server_ca_file, directory),
            module=shutil.copy(world.shim.module, directory))
        for program in (PROGRAM, PROGRAM.parent / "renewal-worker"):
            shutil.copy(program, directory)
        world.enroll()
        for path in [Path(directory), *Path(directory).rglob("*")] if AS_USER else []:
            os.chown(path, USER, USER, follow_symlinks=False)
        yield world


@pytest.mark.skipif(not AS_USER, reason="root alone can close a file to the user")
def test_a_ca_file_that_the_user_may_not_read(users_world):
    authority = Path(users_world.settings()["server_ca_file"])
    os.chown(authority, 0, 0)
    authority.chmod(0o600)
    users_world.assert_fails(77, "state", str(authority), "Permission denied", str(USER),
                             command=AS_USER, program=users_world.directory / PROGRAM.name)


def test_no_core_dump_and_no_other_process_of_the_user_gets_the_pin(users_world):
    world = users_world
    world.shim.plan("C_Login 1 hang")
    run = world.start(
        "renew", "--force", command=AS_USER, program=world.directory / PROGRAM.name)
    worker = wait_until(
        lambda: [call.pid for call in world.shim.calls() if call.result == "hang"])[0]
    try:
        limits = Path(f"/proc/{worker}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
        # PR_SET_DUMPABLE: what /proc shows of it belongs to root.
        assert os.stat(f"/proc/{worker}/mem").st_uid == 0
        assert os.stat(f"/proc/{run.pid}/mem").st_uid == (USER if AS_USER else os.geteuid())
        for pid, status in [(worker, 1), (run.pid, 0)]:
            looked = subprocess.run([*AS_USER, "cat", f"/proc/{pid}/environ"], capture_output=True)
            assert looked.returncode == status, looked
    finally:
        os.kill(worker, signal.SIGSEGV)
        output, _ = run.communicate(timeout=TIMEOUT)
    assert "crashed (SIGSEGV)" in output

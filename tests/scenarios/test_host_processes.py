"""Several agents at once, signals, and processes that are killed from outside."""
import os
import signal
import time
from pathlib import Path

import pytest
from world import finish, is_alive, wait_until


@pytest.fixture
def hanging(world):
    """Starts a run that hangs in a call of the module; gives it and its worker's pid."""
    started = []

    def start(function, *arguments):
        world.shim.plan(f"{function} 1 hang")
        run = world.start(*(arguments or ("renew", "--force")))
        started.append(run)
        worker = wait_until(lambda: [call.pid for call in world.shim.calls()
                                   if call.result == "hang"])[0]
        world.shim.plan()
        return run, worker
    yield start
    for run in started:
        run.kill()
        run.wait()


@pytest.mark.parametrize("count", [2, 20])
def test_of_many_at_once_exactly_one_renews(world, count):
    world.connector.forget()
    results = [finish(run) for run in [world.start("renew", "--force") for _ in range(count)]]
    endings = [(result.status, result["reason"]) for result in results]
    assert endings.count((0, "renewed")) == 1, endings
    assert set(endings) <= {(0, "renewed"), (0, "renewed_meanwhile"), (75, "none")}, endings
    assert [result for result in results if result.status == 75
            and result["error"]["class"] != "busy"] == []
    assert len(world.connector.calls("sign")) == 1
    assert world.calls("C_GenerateKeyPair") == 1
    assert world.active() == 2
    world.assert_whole()


def test_plain_runs_beside_a_renewal_find_nothing_to_do(world):
    time.sleep(1.1)  # the enrolment is no renewal of meanwhile; the journal counts in seconds
    runs = [world.start("renew", *(["--force"] if turn == 0 else [])) for turn in range(6)]
    results = [finish(run) for run in runs]
    assert [result.status for result in results] == [0] * 6, results
    assert sum(result["changed"] for result in results) == 1
    world.assert_whole()


def test_who_waits_in_vain_is_told_who_holds_the_lock(world, hanging):
    run, _ = hanging("C_Login")
    world.configure(lock_wait="1s")
    for arguments in [("renew",), ("renew", "--force"), ("keys",)]:
        result = world.run(*arguments)
        if arguments == ("keys",) and result.status == 0:
            continue  # it may look without the lock
        assert (result.status, result["error"]["class"]) == (75, "busy"), result
        assert f"pid {run.pid}, since 20" in result["error"]["message"], result
        assert "1 s" in result["error"]["message"]
    assert world.run("status").status == 0
    run.send_signal(signal.SIGTERM)
    assert finish(run).status == 75
    world.assert_renews()


@pytest.mark.parametrize("signal_name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_to_the_supervisor_ends_both(world, hanging, signal_name):
    run, worker = hanging("C_GenerateKeyPair")
    run.send_signal(getattr(signal, signal_name))
    result = finish(run)
    assert (result.status, result["error"]["class"]) == (75, "state"), result
    assert f"interrupted by {signal_name} while generating RSA 2048" in result["error"]["message"]
    assert not is_alive(worker)
    journal = world.journal()
    assert (journal["phase"], journal["failures"]) == ("PLANNED", 0)
    assert world.run("renew").status == 0
    assert world.active() == 2
    world.assert_whole()


@pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGTERM"])
def test_a_signal_to_the_worker_is_no_failure(world, hanging, signal_name):
    run, worker = hanging("signature")
    os.kill(worker, getattr(signal, signal_name))
    result = finish(run)
    assert (result.status, result["error"]["class"]) == (75, "state"), result
    assert f"interrupted by {signal_name} while" in result["error"]["message"], result
    assert world.journal()["failures"] == 0
    result = world.run("renew")
    assert (result.status, result["reason"]) == (0, "resumed"), result
    assert world.calls("C_GenerateKeyPair") == 1
    world.assert_whole()


def test_the_worker_holds_the_lock_too_and_dies_with_its_supervisor(world, hanging):
    run, worker = hanging("C_Login")
    lock = os.stat(world.folder / "lock")
    held = [os.stat(each) for each in Path(f"/proc/{worker}/fd").iterdir()]
    assert any(os.path.samestat(lock, each) for each in held)
    run.kill()
    assert finish(run).status == -signal.SIGKILL
    wait_until(lambda: not is_alive(worker))
    assert world.run("renew").status == 0
    world.assert_renews()


def test_a_stopped_worker_is_ended_by_its_deadline(world, hanging):
    world.configure(step_timeout="2s", request_timeout="1s")
    run, worker = hanging("C_Login")
    os.kill(worker, signal.SIGSTOP)
    result = finish(run)
    assert (result.status, result["error"]["class"]) == (75, "deadline"), result
    assert not is_alive(worker)
    world.configure(step_timeout=None, request_timeout=None)
    world.assert_renews()


@pytest.mark.parametrize("arguments", [("renew", "--force"), ("keys",)])
def test_too_few_descriptors_come_with_the_cure(world, arguments):
    for limit in range(4, 18):  # below, the program's libraries cannot be loaded
        world.assert_fails(75, "state", "raise the limit (LimitNOFILE=, ulimit -n)",
                           arguments=arguments, command=("prlimit", f"--nofile={limit}"))
    world.assert_renews()

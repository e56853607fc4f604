"""The daemon on real parts: it renews by itself, again and again, through kills and long absences."""
import calendar
import contextlib
import json
import signal
import socket
import time

import pytest
from clock import clock_environment
from token_drop import Drop
from world import finish, is_alive, wait_until

TIMEOUT = 120  # a net under the tests, never what they measure
# Valid since a minute: due five seconds after they were issued.
SHORT = {"validity_seconds": 150, "not_before_offset": -60}
SOON = {"lifetime_fraction": "0.43", "jitter": "0"}


@pytest.fixture
def daemon(new_world):
    """Starts one; gives its process and what systemd hears of it."""
    name = str(new_world.directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        manager.settimeout(TIMEOUT)
        started = []

        def expect(*texts):
            while True:
                message = manager.recv(4096).decode()
                if all(text in message for text in texts):
                    return message

        def start(**options):
            manager.setblocking(False)
            with contextlib.suppress(BlockingIOError):  # what the one before has said
                while manager.recv(4096):
                    pass
            manager.settimeout(TIMEOUT)
            process = new_world.start("run", NOTIFY_SOCKET=name, **options)
            started.append(process)
            return process, expect

        yield start
        for process in started:
            process.kill()
            process.communicate()


def end(process):
    process.send_signal(signal.SIGTERM)
    result = finish(process)
    assert result.status == 0, result
    return result


def test_it_renews_by_itself_and_after_a_kill_goes_on(new_world, daemon):
    world = new_world
    world.connector.settings(**SHORT)
    world.configure(**SOON)
    world.enroll()
    process, expect = daemon()
    for generation in (2, 3):
        expect("READY=1" if generation == 2 else "STATUS=orders: renewal at ")
        wait_until(lambda: world.active() == generation)
    # The next one hangs while it makes its key.
    world.shim.forget()
    world.shim.plan("C_GenerateKeyPair 1 hang")
    worker = wait_until(lambda: [call.pid for call in world.shim.calls()
                                 if call.result == "hang"])[0]
    process.kill()
    process.communicate()
    wait_until(lambda: not is_alive(worker))
    assert world.journal()["phase"] == "PLANNED"
    world.shim.plan()
    world.connector.settings(validity_seconds=90 * 86400, not_before_offset=0)
    process, expect = daemon()
    expect("READY=1")
    # Read all the time: what the queue of the socket, ten messages, has no room for is not waited for.
    expect("STATUS=orders: renewal at ")
    assert world.active() == 4
    result = end(process)
    world.assert_secrets_kept(result)
    assert result["msg"].startswith("ended by SIGTERM: 1 run, 1 change, 0 failures")
    world.assert_whole()


def test_an_enrolment_by_hand_is_noticed(new_world, daemon):
    process, expect = daemon()
    expect("READY=1", "1 waits for a one-time token")
    new_world.enroll()
    expect("orders: renewal at ")
    assert end(process)["changed"] is False


def test_a_stop_in_mid_renewal_loses_nothing(new_world, daemon):
    world = new_world
    world.enroll()
    process, expect = daemon()
    expect("READY=1")
    world.shim.plan("C_GenerateKeyPair 1 hang")
    process.send_signal(signal.SIGUSR1)
    wait_until(lambda: [call for call in world.shim.calls() if call.result == "hang"])
    end(process)
    world.shim.plan()
    assert world.active() == 1
    process, expect = daemon()
    expect("orders: renewal at ")
    assert world.active() == 2
    end(process)
    world.assert_whole()


@pytest.mark.parametrize("tag, wait", [("00000000", 0), ("ffffffff", 119)])
def test_a_host_that_was_off_for_months_renews_at_its_own_moment(new_world, daemon, tag, wait):
    world = new_world
    world.state.mkdir(mode=0o755)
    (world.state / "tag").write_text(f"{tag}\n")
    world.enroll()
    begun = time.time()
    process, expect = daemon(**clock_environment("+75d"))
    status = expect("READY=1", "orders: renewal at ")
    moment = calendar.timegm(time.strptime(status[-20:], "%Y-%m-%dT%H:%M:%SZ")) - 75 * 86400
    assert int(begun) + wait <= moment <= time.time() + wait
    if wait == 0:
        expect("orders: renewal at ")
        assert world.active() == 2
    assert end(process)["msg"].startswith(f"ended by SIGTERM: {0 if wait else 1} run")


def test_a_plan_has_the_moment_that_the_daemon_waits_for(world, daemon):
    status = world.run("status")
    path = world.directory / "web01.json"
    path.write_text(json.dumps(status.json))
    plan = world.run("plan", path)
    assert [(each["host"], each["identity"], each["at"]) for each in plan["moments"]] == \
        [("web01", "orders", status["next_renewal"])]
    process, expect = daemon()
    expect("READY=1", f"orders: renewal at {status['next_renewal']}")
    end(process)


def test_a_one_time_token_is_used_as_soon_as_it_is_left(new_world, daemon):
    """The back-off of the refused identity ends tomorrow."""
    drop = Drop(new_world)
    drop.lock_out()
    process, expect = daemon()
    expect("READY=1", "next attempt at ")
    drop.put()
    expect("orders: renewal at ")
    assert new_world.active() == 2
    assert not drop.file.exists()
    end(process)
    new_world.assert_whole()


def test_a_one_time_token_that_is_no_use_is_told_of_and_its_mending_noticed(new_world, daemon):
    drop = Drop(new_world)
    process, expect = daemon()
    expect("READY=1", "1 waits for a one-time token")
    drop.put(mode=0o644)
    expect("one-time token that was left")
    drop.file.chmod(0o600)
    expect("orders: renewal at ")
    assert not drop.file.exists()
    result = end(process)
    assert "has the mode 0644" in result.errors
    assert result["msg"].startswith("ended by SIGTERM: 2 runs, 1 change, 1 failure")

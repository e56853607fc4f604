"""What systemd is told of a worker's steps: NOTIFY_SOCKET, as in sd_notify(3)."""
import os
import socket

import pytest


@pytest.fixture(params=["path", "abstract"])
def service_manager(request, tmp_path):
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name if request.param == "path" else f"\0{name}")
        yield manager, name if request.param == "path" else f"@{name}"


def told(manager):
    """The messages so far: seconds and status."""
    messages = []
    while True:
        try:
            text = manager.recv(4096, socket.MSG_DONTWAIT).decode()
        except BlockingIOError:
            return messages
        fields = dict(line.split("=", 1) for line in text.splitlines())
        messages.append((int(fields.pop("EXTEND_TIMEOUT_USEC")) / 1e6, fields.pop("STATUS")))
        assert not fields


def test_each_step_is_told_with_the_time_that_it_may_take(supervisor, service_manager):
    manager, name = service_manager
    supervisor.configure("request_timeout = 11s", "step_timeout = 33s")
    result = supervisor.run("two_slow_steps", environment={"NOTIFY_SOCKET": name})
    assert result.status == 0
    messages = told(manager)
    # To the worker's deadline, and twice what ending a worker may take.
    assert messages[0] == (33 + 20, "orders: starting, for 0 s")
    assert [(2 + 20, f"orders: step {number}, for 0 s") for number in (1, 2)] == messages[1:]


def test_the_status_is_one_line(supervisor, service_manager):
    manager, name = service_manager
    assert supervisor.run("odd_step", environment={"NOTIFY_SOCKET": name}).status == 0
    assert told(manager)[1][1] == "orders: looking at token fleet"


@pytest.mark.parametrize("name", ["", "relative", "vsock:2:1", "/no/such/socket", "/" + 200 * "x"])
def test_no_service_manager_is_no_failure(supervisor, name):
    result = supervisor.run("two_slow_steps", environment={"NOTIFY_SOCKET": name})
    assert (result.status, result.errors) == (0, "")


def test_a_service_manager_that_does_not_read_holds_up_nothing(supervisor, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            with pytest.raises(BlockingIOError):
                while True:
                    other.sendto(b"X=1", os.fsencode(tmp_path / "notify"))
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        assert supervisor.run("two_slow_steps", environment=environment).status == 0

"""`renewal-agent run` while nothing is due: what it holds on to."""
import os
import socket
import time
from pathlib import Path

from figures import Figure
from sides import Failed

READY_SECONDS = 20
SETTLE_SECONDS = 0.5
WATCHED_SECONDS = 5
FOREIGN = ("libsofthsm2", "libtoken-shim", "libcurl", "libp11", "engines-3/pkcs11")


def measure(agent):
    """The figures; none when this agent has no daemon."""
    path = agent.host.directory / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        notifications.bind(str(path))
        process = agent.host.start("run", NOTIFY_SOCKET=path)
        try:
            _wait_until_ready(notifications, process)
            time.sleep(SETTLE_SECONDS)
            return {"figures": _look(process.pid) if process.poll() is None else {}}
        finally:
            process.terminate()
            process.communicate()
            path.unlink()


def _wait_until_ready(notifications, process):
    """Or until it has said that it knows no such command."""
    end = time.monotonic() + READY_SECONDS
    notifications.settimeout(0.2)
    while time.monotonic() < end and process.poll() != os.EX_USAGE:
        try:
            if b"READY=1" in notifications.recv(4096):
                return
        except TimeoutError:
            pass
    if process.poll() != os.EX_USAGE:
        raise Failed("`renewal-agent run` has not said that it is ready")


def _look(pid):
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {"processes": Figure(1 + len(_descendants(pid)), 1),
            "libraries of token and network": Figure(
                sum(name in maps for name in FOREIGN), 0),
            "open connections": Figure(len(_connections(pid)), 0),
            "resident memory, KB": Figure(_memory(pid, "Rss"), 8 * 1024),
            "of it its own, KB": Figure(_memory(pid, "Private_Clean", "Private_Dirty"), 2 * 1024),
            "waits ended in 5 s": Figure(_waits_in(pid, WATCHED_SECONDS), 0)}


def _descendants(pid):
    children = [int(one) for each in Path(f"/proc/{pid}/task").iterdir()
                for one in (each / "children").read_text().split()]
    return children + [one for child in children for one in _descendants(child)]


def _connections(pid):
    """Its TCP sockets."""
    sockets = {os.readlink(one) for one in Path(f"/proc/{pid}/fd").iterdir()}
    known = [line.split()[9] for name in ("tcp", "tcp6")
             for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]]
    return [inode for inode in known if f"socket:[{inode}]" in sockets]


def _memory(pid, *kinds):
    """In KB, added up; its own is what no other process shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    known = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return sum(known[kind] for kind in kinds)


def _waits(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches"):
            return int(line.split()[1])
    return 0


def _waits_in(pid, seconds):
    """How often it was awake, with no watchdog to be fed."""
    before = _waits(pid)
    time.sleep(seconds)
    return _waits(pid) - before

"""`renewal-agent run` with a fake worker, and the service manager that it talks to.

    host.begin_renewal()                 # so that there is something to do
    with host.daemon("working") as daemon:
        daemon.expect("generating RSA 4096")
        daemon.signal(signal.SIGTERM)
        assert daemon.end().status == 0
"""
import contextlib
import json
import signal
import socket
import time
from pathlib import Path

TIMEOUT = 60  # a net under the tests, never what they measure
JOURNAL = {
    "schema_version": 1, "phase": "PLANNED", "entered": None, "saved": None,
    "renewal": {
        "enrolment": False, "spare": False, "generation": 1, "key_id": "0102", "key_label": "a",
        "key_bits": 2048, "generating": False, "nameless_before": -1, "keyed": None,
        "probe_refused": None, "director_url": None, "connector_url": None, "request_id": None},
    "last_generation": 1, "failures": 0, "next_attempt": None, "rejections": 0,
    "rejected_since": None, "reenroll": False, "last_run": None, "last_success": None,
    "last_signer": None, "last_error_at": None, "last_error": "none", "last_message": None,
    "spent_tokens": []}


class Daemon:
    def __init__(self, supervisor, manager, name, behaviour, *arguments, **environment):
        self.supervisor = supervisor
        self._manager = manager
        self._last = {}
        # A shell that ran the tests in its background would have SIGINT ignored.
        self.process = supervisor.start(
            behaviour, "run", "--json", *arguments,
            environment={"NOTIFY_SOCKET": name, **environment},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def next_message(self):
        """As a dict of its lines."""
        text = self._manager.recv(4096).decode()
        return dict(line.split("=", 1) for line in text.splitlines())

    def expect(self, text="", **fields):
        """Reads on to the message that has these fields and whose status has this text."""
        while True:
            message = self.next_message()
            if text in message.get("STATUS", "") and fields.items() <= message.items():
                return message

    def expect_ready(self):
        return self.expect(READY="1")["STATUS"]

    def signal(self, number):
        self.process.send_signal(number)

    def switches(self):
        """How often it has waited for something."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                return int(line.split()[1])

    def wait_until_asleep(self):
        """After a message it may still have something to do before it sleeps."""
        stat = Path(f"/proc/{self.process.pid}/wchan")
        end = time.monotonic() + TIMEOUT
        while "poll" not in stat.read_text():
            assert time.monotonic() < end, "it does not sleep"
            time.sleep(0.01)

    def end(self):
        return self.supervisor.finish(self.process)


class Host:
    def __init__(self, supervisor, directory):
        self.supervisor = supervisor
        self.name = str(directory / "notify")
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(self.name)
        self._manager.settimeout(TIMEOUT)

    def close(self):
        self._manager.close()

    @contextlib.contextmanager
    def daemon(self, behaviour, *arguments, **environment):
        daemon = Daemon(self.supervisor, self._manager, self.name, behaviour, *arguments,
                        **environment)
        try:
            yield daemon
        finally:
            daemon.process.kill()
            daemon.process.communicate()

    def begin_renewal(self, identity="orders", **members):
        """As a run that was cut has left it; a daemon goes on with it at once."""
        folder = self.supervisor.state / identity
        folder.mkdir(parents=True, exist_ok=True)
        for each in (self.supervisor.state, folder):
            each.chmod(0o755)
        journal = folder / "journal.json"
        journal.write_text(json.dumps({**JOURNAL, **members}))
        journal.chmod(0o600)

"""The two that are held against each other: the agent, and the script.

Each has a host of its own (token, identity, folder) at the one stand-in Connector, so that both
always find as many objects in their token as the other.
"""
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenarios"))

import world  # noqa: E402
from soft_token import MODULE  # noqa: E402

STOPWATCH = world.BUILD / "tests" / "bench" / "stopwatch"
READ_CERTIFICATE = world.BUILD / "tests" / "bench" / "read-certificate"
WARM_UPS = 2  # from the third renewal on, each also destroys the oldest key


class Failed(Exception):
    """Something did not run; in words for a person."""


@dataclass
class Timing:
    milliseconds: float  # of the wall clock, from the start to the end of the program
    kilobytes: int       # peak memory of the largest process
    output: str


@dataclass
class Renewal:
    total: float           # milliseconds, all of them
    key_generation: float
    connector: float       # the stand-in's own
    kilobytes: int

    @property
    def own(self):
        """What is left of the time without the other two."""
        return self.total - self.key_generation - self.connector


def timed(command, host):
    """Runs a command under the stopwatch, in the host's environment."""
    report = host.directory / "stopwatch"
    report.unlink(missing_ok=True)
    done = subprocess.run([STOPWATCH, report, *command], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, check=False,
                          env={**os.environ, **host.shim.environment()})
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} ended with {done.returncode}:\n"
                     f"{done.stdout}{done.stderr}")
    milliseconds, kilobytes = report.read_text().split()
    return Timing(float(milliseconds), int(kilobytes), done.stdout)


class Side:
    """A host with one certificate. The module is SoftHSM itself, but for count()."""

    def __init__(self, directory, connector, bits):
        self.connector = connector
        self.host = world.World(directory, connector, module=MODULE, key_bits=bits)
        self.host.enroll()

    def command(self):
        raise NotImplementedError

    def key_generation(self, output):
        """Milliseconds, as the program itself has measured them."""
        raise NotImplementedError

    def use_module(self, module):
        raise NotImplementedError

    def warm_up(self):
        for _ in range(WARM_UPS):
            timed(self.command(), self.host)

    def renew(self):
        self.connector.forget()
        timing = timed(self.command(), self.host)
        return Renewal(timing.milliseconds, self.key_generation(timing.output),
                       own_time(self.connector), timing.kilobytes)

    def count(self):
        """One renewal through the shim: {function: calls}, and the TLS handshakes."""
        self.use_module(self.host.shim.module)
        self.host.shim.forget()
        self.connector.forget()
        timed(self.command(), self.host)
        self.use_module(MODULE)
        calls = {}
        for call in self.host.shim.calls():
            calls[call.function] = calls.get(call.function, 0) + 1
        return calls, len(self.connector.connections())

    def count_system_calls(self):
        """One renewal under strace: {system call: calls that did not fail}."""
        report = self.host.directory / "strace"
        timed(["strace", "-f", "-c", "-U", "calls,name,errors", "-o", report, *self.command()],
              self.host)
        counts = {}
        for line in report.read_text().splitlines():
            calls, *rest = line.split() or [""]
            if calls.isdigit():
                counts[rest[0]] = int(calls) - sum(map(int, rest[1:]))
        return counts


class Agent(Side):
    name = "agent"

    def command(self, *arguments):
        return [world.PROGRAM, "--config", self.host.configuration, "--json",
                *(arguments or ("renew", "--force"))]

    def key_generation(self, output):
        return json.loads(output)["timings_ms"]["key_generation"]

    def use_module(self, module):
        self.host.configure(module=module)

    def renew_until_active(self):
        """Milliseconds until the new certificate is active, and until the run has ended."""
        start = time.time()
        timing = timed(self.command(), self.host)
        # The symlink is renamed into its place: that is its last change.
        active = (self.host.folder / "current").lstat().st_ctime
        return 1000 * (active - start), timing.milliseconds

    def certificate(self):
        return self.host.folder / "current" / "certificate.pem"

    def touches_when_nothing_is_due(self):
        """(PKCS#11 calls, connections) of a `renew` that has nothing to do."""
        self.use_module(self.host.shim.module)
        self.host.shim.forget()
        self.connector.forget()
        timed(self.command("renew"), self.host)
        self.use_module(MODULE)
        return len(self.host.shim.calls()), len(self.connector.connections())


class SpareAgent(Agent):
    """The same with the next key made ahead: after the renewal, by the same run."""

    name = "agent-spare"

    def __init__(self, directory, connector, bits):
        super().__init__(directory, connector, bits)
        self.host.configure(spare_key="yes")


class Script(Side):
    """Goes on from the certificate with which the agent enrolled its host."""

    name = "script"

    def __init__(self, directory, connector, bits):
        super().__init__(directory, connector, bits)
        self._folder = self.host.directory / "script"
        self._bits = bits
        self._take_over()
        self.use_module(MODULE)

    def _take_over(self):
        first = self._folder / "generations" / "1"
        first.mkdir(parents=True)
        active = self.host.folder / "current"
        for name in ("certificate.pem", "chain.pem"):
            (first / name).write_bytes((active / name).read_bytes())
        facts = json.loads((active / "generation.json").read_text())
        (first / "key-id").write_text(facts["key_id"] + "\n")
        (self._folder / "current").symlink_to("generations/1")

    def command(self):
        return [HERE / "script-renew", self._folder]

    def key_generation(self, output):
        return float(output)

    def use_module(self, module):
        token = self.host.token
        (self._folder / "settings").write_text(
            f"url={self.connector.mtls_url}\nserver_ca_file={self.connector.server_ca_file}\n"
            f"module={module}\ntoken={token.label}\npin_file={token.pin_file}\n"
            f"key_bits={self._bits}\n")
        configuration = self._folder / "openssl.cnf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            "openssl_conf = start\n[start]\nengines = engines\n[engines]\npkcs11 = pkcs11\n"
            f"[pkcs11]\nengine_id = pkcs11\nMODULE_PATH = {module}\nPIN = {token.pin}\ninit = 0\n"
            "[req]\ndistinguished_name = name\n[name]\n")


def own_time(connector):
    """The stand-in's processor time since its lists were emptied: nobody else's fault."""
    return (sum(call["cpu_milliseconds"] for call in connector.calls())
            + sum(one["handshake_cpu_milliseconds"] for one in connector.connections()))

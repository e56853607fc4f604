"""A host as an operator has it: the package, a SoftHSM token of the agent's user, drop-ins.

    with ManagedHost("one", folder, package, connector) as host:
        host.enroll()
        host.run("systemctl", "start", "renewal-agent@orders.service")
        assert host.generation() == 2
"""
import json
import os
import sys
from pathlib import Path

from container import Container

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("RENEWAL_AGENT_BUILD", ROOT / "build" / "gcc"))
SHIM = BUILD / "tests" / "token" / "libtoken-shim.so"
DROP_INS = "/usr/share/doc/renewal-agent/examples/drop-ins"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
STATE = "/var/lib/renewal-agent"
PIN = "846213975"
DAY = 86400
SERVICES = ("renewal-agent@.service", "renewal-agent.service", "renewal-agent-all.service",
            "renewal-agent-enroll@.service")

sys.path.insert(0, str(ROOT / "tests" / "connector"))


class ManagedHost(Container):
    """Its identity is called orders; it is not enrolled yet."""

    def __init__(self, name, folder, package, connector):
        super().__init__(name, folder)
        self.package = package
        self.connector = connector

    def start(self):
        super().start()
        try:
            self.install(self.package)
            self.copy(self.connector.server_ca_file, "/etc/renewal-agent/server-ca.pem")
            self.configure()
            self._make_token()
        except BaseException:
            self.stop()
            raise
        return self

    def configure(self, *more, module=MODULE):
        self.write("/etc/renewal-agent/renewal-agent.conf", "\n".join([
            "[agent]", f"state_directory = {STATE}", "", "[identity orders]",
            f"connector_url = {self.connector.mtls_url}",
            f"enrollment_url = {self.connector.token_url}",
            "server_ca_file = /etc/renewal-agent/server-ca.pem",
            f"module = {module}", "token = pkcs11:token=fleet", "pin_credential = pin",
            "key_bits = 2048", *more, ""]))

    def _make_token(self):
        """As the drop-in says, and the PIN for root's eyes only."""
        self.as_agent("softhsm2-util", "--init-token", "--free", "--label", "fleet",
                      "--so-pin", "12345678", "--pin", PIN)
        self.write("/etc/renewal-agent/credentials/pin", PIN + "\n", mode=0o600)
        for unit in SERVICES:
            for name in ("softhsm", "pin-credential"):
                self.run("install", "-D", "-m", "644", f"{DROP_INS}/{name}.conf",
                         f"/etc/systemd/system/{unit}.d/{name}.conf")
        self.run("systemctl", "daemon-reload")

    def drop_in(self, unit, name, *lines):
        self.write(f"/etc/systemd/system/{unit}.d/{name}.conf", "\n".join([*lines, ""]))
        self.run("systemctl", "daemon-reload")

    def as_agent(self, *command, check=True):
        return self.run("runuser", "-u", "renewal-agent", "-g", "softhsm", "--", *command,
                        check=check)

    def enroll(self):
        self.write("/run/renewal-agent-enroll/orders", self.connector.token()["token"],
                   mode=0o600)
        self.run_unit("renewal-agent-enroll@orders.service")
        self.run("rm", "/run/renewal-agent-enroll/orders")
        assert self.generation() == 1

    def run_unit(self, unit):
        """Starts a one-shot and waits for its end, which must be good."""
        result = self.run("systemctl", "start", unit, check=False)
        assert result.returncode == 0, result.stdout + self.journal(unit)

    def property(self, unit, name):
        return self.output("systemctl", "show", "--value", "--property", name, unit).strip()

    def status(self):
        return json.loads(self.output("renewal-agent", "--json", "status"))

    def generation(self):
        return int(self.output("readlink", f"{STATE}/orders/current").strip().split("/")[1])

    def phase(self):
        return json.loads(self.read(f"{STATE}/orders/journal.json"))["phase"]

    def make_due(self):
        """The active certificate is a new one of which most has passed."""
        settings = self.connector.settings()
        self.connector.settings(validity_seconds=90 * DAY, not_before_offset=-75 * DAY)
        try:
            self.renew_now()
        finally:
            self.connector.settings(**settings)

    def renew_now(self):
        name = "renewal-agent@orders.service"
        self.drop_in(name, "now", "[Service]", "ExecStart=",
                     "ExecStart=/usr/bin/renewal-agent renew --force")
        self.run_unit(name)
        self.run("rm", f"/etc/systemd/system/{name}.d/now.conf")
        self.run("systemctl", "daemon-reload")

    def slow_token(self, milliseconds):
        """Keys take so long; 0: as long as they do."""
        shim = "/usr/local/lib/token-shim.so"
        if not self.exists(shim):
            self.copy(SHIM, shim)
        rule = f"C_GenerateKeyPair * delay {milliseconds}\n" if milliseconds else ""
        self.write(f"{shim}.plan", f"module {MODULE}\n{rule}")
        return shim

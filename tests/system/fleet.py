"""Hosts in containers that Ansible manages over ssh: a token on each, the stand-in Connector
outside, and the collection as it is built and installed."""
import contextlib
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "connector"))

from client import StandIn  # noqa: E402
from container import Container  # noqa: E402

NAMES = ("web1", "web2", "web3")
COLLECTION = ROOT / "packaging" / "ansible"
MODULE = "renewal_agent.fleet.renewal_agent"
PIN = "pin-4711-of-the-fleet"
TIMEOUT = 1200  # a net under the tests, never what they measure
# The token is a site's own affair: a group may use it, and the services are told where it is.
TOKEN = """
groupadd --system hsm
mkdir -p /srv/hsm/tokens
echo 'directories.tokendir = /srv/hsm/tokens' >/srv/hsm/softhsm2.conf
SOFTHSM2_CONF=/srv/hsm/softhsm2.conf softhsm2-util --init-token --free --label fleet \\
	--so-pin "$1-so" --pin "$1"
chgrp -R hsm /srv/hsm
chmod -R g+rwX /srv/hsm
chmod g+s /srv/hsm/tokens /srv/hsm/tokens/*
"""
SERVICE_PROPERTIES = ["Environment=SOFTHSM2_CONF=/srv/hsm/softhsm2.conf",
                      "ReadWritePaths=/srv/hsm"]


class Play:
    """What a command came to; by host, the recap of a playbook."""

    def __init__(self, status, output):
        self.status = status
        self.output = output

    def __repr__(self):
        return self.output

    def recap(self, word):
        """By host, how many tasks were ok, changed, failed or unreachable."""
        lines = re.findall(rf"^(\w+) +: ok=.*\b{word}=(\d+)", self.output, re.M)
        assert lines, self.output
        return {host: int(count) for host, count in lines}


class Fleet:
    def __init__(self, directory, package):
        self.directory = directory
        self.package = package
        self.tokens = {}  # by host, the one-time token that the inventory has
        self.secrets = {PIN}  # what nobody may show, log or keep
        self.shown = []  # all that Ansible has said
        self.hosts = {}

    @contextlib.contextmanager
    def running(self):
        with contextlib.ExitStack() as stack:
            folder = self.directory / "connector"
            folder.mkdir()
            self.connector = stack.enter_context(StandIn(folder))
            self.connector.settings(token_seconds=86400)  # hosts are slow together
            key = self._make_key()
            for name in NAMES:
                host = Container(name, self.directory / name, ssh_key=key)
                self.hosts[name] = stack.enter_context(host)
                host.run("sh", "-euc", TOKEN, "sh", PIN)
                host.copy(self.connector.server_ca_file, "/etc/ssl/connector.pem")
                self.new_token(name, str(uuid.uuid4()))
            self._prepare_ansible()
            yield self

    def new_token(self, name, client_id):
        self.tokens[name] = self.connector.token(client_id)["token"]
        self.secrets.add(self.tokens[name])

    def _make_key(self):
        path = self.directory / "id"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        return path.with_suffix(".pub").read_text()

    def _prepare_ansible(self):
        self.environment = {
            **os.environ, "ANSIBLE_HOME": str(self.directory / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.directory / "collections"),
            "ANSIBLE_HOST_KEY_CHECKING": "false", "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8",
            "ANSIBLE_PERSISTENT_CONTROL_PATH_DIR": str(self.directory / "cp"),
            "ANSIBLE_RETRY_FILES_ENABLED": "false", "ANSIBLE_PIPELINING": "true"}
        self.run("ansible-galaxy", "collection", "build", COLLECTION, "--output-path",
                 self.directory)
        archive, = self.directory.glob("renewal_agent-fleet-*.tar.gz")
        self.run("ansible-galaxy", "collection", "install", archive, "-p",
                 self.directory / "collections")
        self.inventory = self.directory / "inventory.yml"
        self.write_inventory()

    def write_inventory(self, **variables):
        """As a site has it: what all hosts have, and by host its one-time token. `variables` go
        over that."""
        hosts = {name: {"ansible_port": host.ssh_port,
                        "renewal_agent_tokens":
                            {"orders": self.tokens[name]} if name in self.tokens else {}}
                 for name, host in self.hosts.items()}
        common = {
            "ansible_host": "127.0.0.1", "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_private_key_file": str(self.directory / "id"),
            "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
            "renewal_agent_package": str(self.package),
            "renewal_agent_groups": ["hsm"],
            "renewal_agent_service_properties": SERVICE_PROPERTIES,
            "renewal_agent_settings": {
                "key_bits": 2048, "module": "/usr/lib/softhsm/libsofthsm2.so",
                "server_ca_file": "/etc/ssl/connector.pem"},
            "renewal_agent_identities": [{"name": "orders", "settings": {
                "connector_url": self.connector.mtls_url,
                "enrollment_url": self.connector.token_url,
                "token": "pkcs11:token=fleet"}}],
            "renewal_agent_pins": {"orders": PIN}, **variables}
        self.inventory.write_text(yaml.safe_dump(
            {"renewal_agent": {"hosts": hosts, "vars": common}}))
        self.inventory.chmod(0o600)

    def run(self, *command, **environment):
        done = subprocess.run([*map(str, command)], env={**self.environment, **environment},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=TIMEOUT,
                              cwd=self.directory)
        self.shown.append(done.stdout)
        return Play(done.returncode, done.stdout)

    def playbook(self, name, *options, **environment):
        """One of the collection's."""
        return self.run("ansible-playbook", "-i", self.inventory, f"renewal_agent.fleet.{name}",
                        *options, **environment)

    def module(self, *options, hosts="all", **arguments):
        """The module on the hosts, as a task of a play; what it returned by host."""
        arguments.setdefault("service_properties", SERVICE_PROPERTIES)
        path = self.directory / "play.yml"
        path.write_text(yaml.safe_dump([{"hosts": hosts, "gather_facts": False, "tasks": [
            {"name": "Run the module", MODULE: arguments}]}]))
        path.chmod(0o600)
        results = self.directory / "results.jsonl"
        results.unlink(missing_ok=True)
        self.run("ansible-playbook", "-i", self.inventory, path, *options,
                 ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callbacks"),
                 ANSIBLE_CALLBACKS_ENABLED="results", FLEET_RESULTS=str(results))
        return {each["host"]: each["result"]
                for each in map(json.loads, results.read_text().splitlines())}

    def certificates(self):
        """By host, the SHA-256 of the active certificate, as the host itself says."""
        return {name: json.loads(host.output(
                    "renewal-agent", "--json", "status"))["certificate"]["sha256"]
                for name, host in self.hosts.items()}

"""The collection's playbooks, run on this machine for two hosts that share the token: each has a
configuration of its own, with two of the identities."""
import json
import os
import re
import subprocess

import yaml
from world import PROGRAM, ROOT

COLLECTION = ROOT / "packaging" / "ansible"
HOSTS = {"hsm1": ["h01", "h02"], "hsm2": ["h03", "h04"]}
IDENTITIES = [name for names in HOSTS.values() for name in names]
TIMEOUT = 600


class Play:
    def __init__(self, status, output):
        self.status, self.output = status, output

    def __repr__(self):
        return self.output

    def changed(self):
        return {host: int(count) for host, count in
                re.findall(r"^(\w+) +: ok=.*\bchanged=(\d+)", self.output, re.M)}


class Playbooks:
    def __init__(self, folder, installation):
        self.folder, self.installation = folder, installation
        self.reports = folder / "reports"
        self.inventory = folder / "inventory.yml"
        self.shown = []
        place = folder / "ansible_collections" / "renewal_agent"
        place.mkdir(parents=True)
        (place / "fleet").symlink_to(COLLECTION)
        for host, names in HOSTS.items():
            self._configure(host, names)
        self.write_inventory()

    def _configure(self, host, names):
        hosts = self.installation.hosts
        drop_ins = self.folder / host / "conf.d"
        drop_ins.mkdir(parents=True)
        (self.folder / host / "renewal-agent.conf").write_text(hosts.configuration.read_text())
        for name in names:
            (drop_ins / f"{name}.conf").write_text(f"[identity {name}]\n")

    def forget_setting(self, name):
        """The hosts have the default then."""
        for host in HOSTS:
            path = self.folder / host / "renewal-agent.conf"
            text, count = re.subn(rf"^{name} = .*\n", "", path.read_text(), flags=re.M)
            assert count == 1
            path.write_text(text)

    def write_inventory(self, tokens=None, **more):
        """`tokens`: by identity. `more`: hosts that are only in the inventory."""
        hosts = {host: {"ansible_connection": "local",
                        "ansible_python_interpreter": "/usr/bin/python3",
                        "renewal_agent_config": str(self.folder / host / "renewal-agent.conf"),
                        "renewal_agent_tokens": {name: (tokens or {}).get(name) for name in names
                                                 if name in (tokens or {})}}
                 for host, names in HOSTS.items()}
        self.inventory.write_text(yaml.safe_dump({"renewal_agent": {"hosts": {**hosts, **more}}}))
        self.inventory.chmod(0o600)

    def run(self, name, *options, **variables):
        variables = {"batch": "100%", "pause": 0, "ansible_become": False,
                     "renewal_agent_program": str(PROGRAM),
                     "renewal_agent_drop_ins": "{{ renewal_agent_config | dirname }}/conf.d",
                     **variables}
        hosts = self.installation.hosts
        environment = {**os.environ, **hosts.shim.environment(), "LC_ALL": "C.UTF-8",
                       "PWD": str(self.folder),
                       "ANSIBLE_COLLECTIONS_PATH": str(self.folder), "ANSIBLE_NOCOLOR": "1",
                       "ANSIBLE_HOME": str(self.folder / "ansible"), "ANSIBLE_PIPELINING": "true",
                       "ANSIBLE_RETRY_FILES_ENABLED": "false"}
        done = subprocess.run(
            ["ansible-playbook", "-i", self.inventory, f"renewal_agent.fleet.{name}",
             "-e", json.dumps(variables), *options], env=environment, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=TIMEOUT, check=False)
        assert not [each for each in hosts.secrets if each in done.stdout], "a secret is shown"
        return Play(done.returncode, done.stdout)

    def issuers(self):
        issuers = self.installation.hosts.issuers()
        return {issuers[name] for name in IDENTITIES}

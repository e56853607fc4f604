import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("RENEWAL_AGENT_BUILD", ROOT / "build"))
TIMEOUT = 60  # a net under the tests, never what they measure


@dataclass
class Result:
    status: int
    output: str
    errors: str

    @property
    def json(self):
        return json.loads(self.output)


class Supervisor:
    """The real renewal-agent, with a fake renewal-worker beside it."""

    def __init__(self, directory):
        self.program = directory / "renewal-agent"
        shutil.copy2(BUILD / "renewal-agent", self.program)
        shutil.copy2(ROOT / "tests" / "supervisor" / "fake_worker.py",
                     directory / "renewal-worker")
        self.state = directory / "state"
        self.configuration = directory / "renewal-agent.conf"
        self.report = directory / "report.json"
        self.directory = directory
        self.configure()

    def configure(self, *lines):
        self.configuration.write_text("\n".join((
            "[agent]", f"state_directory = {self.state}", "[identity orders]",
            "connector_url = https://connector.invalid/graphql", "module = /lib/module.so",
            "token = pkcs11:token=fleet", *lines)) + "\n")

    def start(self, behaviour, *arguments, **options):
        environment = {**os.environ, "RENEWAL_AGENT_CONFIG": str(self.configuration),
                       "FAKE_WORKER": behaviour, "FAKE_WORKER_REPORT": str(self.report),
                       **options.pop("environment", {})}
        return subprocess.Popen(
            [self.program, *arguments], env=environment, text=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               **options})

    def run(self, behaviour, *arguments, **options):
        """`keys` needs a worker and nothing else, so it is what most tests call."""
        return self.finish(self.start(behaviour, *(arguments or ("keys", "--json")), **options))

    @staticmethod
    def finish(process):
        try:
            output, errors = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
        return Result(process.returncode, output, errors)

    def worker(self):
        """What the worker was given, once it is at work."""
        end = time.monotonic() + TIMEOUT
        while not self.report.exists():
            assert time.monotonic() < end, "the worker did not start"
            time.sleep(0.01)
        return json.loads(self.report.read_text())

    def token_file(self, text="one-time"):
        path = self.directory / "one-time-token"
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path


@pytest.fixture
def supervisor(tmp_path):
    return Supervisor(tmp_path)

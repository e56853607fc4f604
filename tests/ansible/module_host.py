"""The module renewal_agent as it runs on a managed host, without Ansible's way to it."""
import importlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from ansible.module_utils import basic

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "packaging" / "ansible"


def import_collection():
    """As Ansible finds it, ansible_collections/<namespace>/<name>."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "ansible_collections" / "renewal_agent"
        place.mkdir(parents=True)
        (place / "fleet").symlink_to(COLLECTION)
        sys.path.insert(0, folder)
        return importlib.import_module(
            "ansible_collections.renewal_agent.fleet.plugins.modules.renewal_agent")


sys.path.insert(0, str(ROOT / "tests" / "supervisor"))
from json_schema import complaints  # noqa: E402

ONE = json.loads((ROOT / "docs" / "report.schema.json").read_text())["$defs"]["one"]

renewal_agent = import_collection()

CERTIFICATE = {
    "sha256": "a8" * 32, "subject": "CN=orders", "issuer": "CN=Kyma", "issuer_sha256": "b9" * 32,
    "distrusted": False, "previous_issuer_sha256": None, "previous_issuer_same_key": None,
    "not_before": "2026-11-21T03:13:21Z", "not_after": "2027-02-19T03:13:21Z",
    "key_uri": "pkcs11:token=fleet;id=%01;type=private", "key_bits": 4096}
ANOTHER = {**CERTIFICATE, "sha256": "c7" * 32, "not_after": "2027-05-19T03:13:21Z"}


def report(command, identity="orders", certificate=CERTIFICATE, error=None, status=0, **members):
    """One that docs/report.schema.json allows: a fake that drifts from the program is none."""
    made = {
        "schema_version": 1, "command": command, "identity": identity, "run_id": None,
        "changed": False, "failed": error is not None, "msg": error["message"] if error else "done",
        "reason": "none", "exit_status": status, "error": error, "certificate": certificate,
        "next_renewal": certificate and "2027-01-16T00:04:15Z", "next_attempt": None,
        "connector_url": None, "director_url": None, "signer": None,
        "timings_ms": {"key_generation": None, "total": 2}}
    if command == "status":
        made.update(state="ok" if certificate else "none", last_run=None, last_error=None,
                    spare_key=None, debts=[], audit_head=None, generations=[])
        if members.get("state") == "due":
            made["next_renewal"] = "2020-01-01T00:00:00Z"  # since then
    made.update(members)
    for name in ONE["required"]:  # what the module does not look at, empty
        made.setdefault(name, [] if ONE["properties"][name].get("type") == "array" else None)
    assert not list(complaints(made)), list(complaints(made))
    return made


def error(kind, message, retry=False):
    return {"class": kind, "message": message, "retry": retry}


def run_module(arguments):
    """Exit status and output of the module, in a process of its own that has imported Ansible."""
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            sys.stdout = sys.stderr = output
            basic._ANSIBLE_ARGS = json.dumps(arguments).encode()
            try:
                renewal_agent.main()
            except SystemExit as end:
                output.flush()
                os._exit(end.code)
            finally:
                os._exit(255)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        return status, output.read()


class Host:
    """With a fake program in a folder of its own."""

    def __init__(self, directory):
        self.program = directory / "renewal-agent"
        shutil.copy2(Path(__file__).with_name("fake_program.py"), self.program)
        self.program.chmod(0o755)
        self.directory = directory
        self._answers = {}

    def answer(self, command, status=0, errors="", output=None, **members):
        if output is None:
            output = json.dumps(report(command, status=status, **members))
        self._answers[command] = {"output": output, "errors": errors, "status": status}
        (self.directory / "answers.json").write_text(json.dumps(self._answers))

    def answer_all(self, command, reports, status=0):
        made = {"schema_version": 1, "command": command, "identity": None,
                "changed": any(each["changed"] for each in reports),
                "failed": any(each["failed"] for each in reports), "msg": "2 identities",
                "reason": "none", "exit_status": status, "error": None, "identities": reports}
        assert not list(complaints(made)), list(complaints(made))
        self.answer(command, status=status, output=json.dumps(made))

    def run(self, check=False, diff=False, **options):
        arguments = {"program": str(self.program), "_ansible_check_mode": check,
                     "_ansible_diff": diff, **options}
        if os.geteuid() == 0:
            arguments.setdefault("user", "root")
        status, self.shown = run_module({"ANSIBLE_MODULE_ARGS": arguments})
        result = json.loads(self.shown)
        assert status == (1 if result.get("failed") else 0), result
        return result

    def calls(self):
        path = self.directory / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def commands(self):
        return [call["command"] for call in self.calls()]

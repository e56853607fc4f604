"""The metrics file: written by every command that may change something, as Prometheus wants it."""
import fcntl
import json
import os
import re
import subprocess

import pytest

from conftest import ROOT

MONITORING = ROOT / "packaging" / "monitoring"
NAME = re.compile(r"\brenewal_agent_[a-z_]+")
# promtool is an option of the host that watches; where tests run it has to be there.
PROMTOOL = "promtool"


@pytest.fixture
def metrics(supervisor):
    return Metrics(supervisor)


class Metrics:
    def __init__(self, supervisor):
        self.supervisor = supervisor
        self.file = supervisor.directory / "metrics" / "renewal-agent.prom"
        self.file.parent.mkdir()
        self.configure()

    def configure(self, *identities, file=None):
        """With so many more identities."""
        text = "\n".join((
            "[agent]", f"state_directory = {self.supervisor.state}",
            f"metrics_file = {file or self.file}", "module = /lib/module.so",
            "connector_url = https://connector.invalid/graphql", "token = pkcs11:token=fleet",
            *(f"[identity {name}]" for name in ("orders", *identities))))
        self.supervisor.configuration.write_text(text + "\n")

    def run(self, *arguments, behaviour="key", **options):
        return self.supervisor.run(behaviour, *arguments, **options)

    def samples(self):
        """{"name": {labels: value}}, strictly."""
        found = {}
        for line in self.file.read_text().splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (-?[0-9.]+)", line).groups()
            assert labels not in found.setdefault(name, {}), line
            found[name][labels] = float(value)
        return found


def check_metrics(file):
    subprocess.run([PROMTOOL, "check", "metrics"], stdin=file.open(), check=True)


def test_a_command_that_may_change_something_writes_them(metrics):
    metrics.configure("parts")
    assert metrics.run("keys", "--identity", "orders").status == 0
    check_metrics(metrics.file)
    assert metrics.file.stat().st_mode & 0o777 == 0o644
    samples = metrics.samples()
    assert samples["renewal_agent_identity_readable"] == {
        'identity="orders"': 1, 'identity="parts"': 1}
    assert samples["renewal_agent_reenrolment_needed"] == {
        'identity="orders"': 1, 'identity="parts"': 1}
    assert list(samples["renewal_agent_last_check_timestamp_seconds"]) == ['identity="orders"']
    assert samples["renewal_agent_renewals_total"]['identity="orders",result="ok"'] == 0
    assert len(samples["renewal_agent_build_info"]) == 1
    assert os.listdir(metrics.file.parent) == [metrics.file.name]


@pytest.mark.parametrize("arguments", [("status",), ("doctor",), ("audit", "verify")])
def test_a_command_that_only_looks_does_not(metrics, arguments):
    metrics.run(*arguments)
    assert not metrics.file.exists()


def test_they_are_written_when_nothing_is_done_and_when_something_fails(metrics):
    for arguments, behaviour in ((("renew",), "key"), (("keys",), "failure")):
        metrics.file.unlink(missing_ok=True)
        assert metrics.run(*arguments, behaviour=behaviour).status != 0
        assert "renewal_agent_written_timestamp_seconds" in metrics.samples()


@pytest.mark.parametrize("file", ["/nowhere/a.prom", "/proc/a.prom", "/"])
def test_a_file_that_cannot_be_written_is_a_warning(metrics, file):
    metrics.configure(file=file)
    result = metrics.run("keys", "--json")
    assert (result.status, result.json["failed"]) == (0, False)
    assert f"cannot write the metrics to {file}: " in result.errors


def test_an_identity_that_cannot_be_read_is_said_to_be_so(metrics):
    metrics.configure("parts")
    (metrics.supervisor.state / "parts").mkdir(parents=True)
    (metrics.supervisor.state / "parts" / "current").symlink_to("generations/7")
    assert metrics.run("keys", "--identity", "orders").status == 0
    samples = metrics.samples()
    assert samples["renewal_agent_identity_readable"]['identity="parts"'] == 0
    assert list(samples["renewal_agent_failures"]) == ['identity="orders"']


def test_runs_that_end_at_once_leave_what_the_last_of_them_knows(metrics):
    """Each of many identities has been looked at, and the file says so."""
    names = [f"i{number}" for number in range(12)]
    metrics.configure(*names)
    runs = [metrics.supervisor.start(
        "key", "keys", "--identity", name,
        environment={"FAKE_WORKER_REPORT": str(metrics.supervisor.directory / f"{name}.json")})
        for name in names]
    assert [metrics.supervisor.finish(run).status for run in runs] == [0] * len(runs)
    looked_at = metrics.samples()["renewal_agent_last_check_timestamp_seconds"]
    assert sorted(looked_at) == sorted(f'identity="{name}"' for name in names)
    assert os.listdir(metrics.file.parent) == [metrics.file.name]


def test_a_run_that_holds_the_lock_for_ever_is_not_waited_for(metrics):
    assert metrics.run("keys").status == 0
    metrics.file.unlink()
    folder = os.open(metrics.supervisor.state, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    result = metrics.run("keys")
    os.close(folder)
    assert result.status == 0
    assert "the metrics are written by a later run" in result.errors
    assert not metrics.file.exists()


def printed(metrics):
    """The names of all that the program can print: each has its HELP line, always."""
    metrics.run("keys")
    text = metrics.file.read_text()
    names = set(re.findall(r"^# HELP (\w+) ", text, re.M))
    assert names == set(re.findall(r"^# TYPE (\w+) ", text, re.M))
    return names


def test_rules_and_dashboard_name_only_what_is_printed(metrics):
    names = printed(metrics)
    for file in sorted(MONITORING.iterdir()):
        named = set(NAME.findall(file.read_text()))
        assert named, file
        assert named <= names, (file, named - names)


def test_every_metric_is_in_the_manual(metrics):
    text = (ROOT / "docs" / "configuration.md").read_text()
    named = {f"renewal_agent_{name}" for name in re.findall(r"^\| `([a-z_]+)` \|", text, re.M)}
    missing = printed(metrics) - named
    assert not missing, missing


def test_the_dashboard_is_one(metrics):
    dashboard = json.loads((MONITORING / "renewal-agent.dashboard.json").read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    # promtool parses what Grafana's variables stand for.
    rules = {"groups": [{"name": "panels", "rules": [
        {"record": f"panel_{number}", "expr": expression.replace("$instance", "h").replace(
            "$identity", "a")} for number, expression in enumerate(expressions)]}]}
    file = metrics.file.parent / "panels.yml"
    file.write_text(json.dumps(rules))
    subprocess.run([PROMTOOL, "check", "rules", file], check=True)
    cells = [(panel["gridPos"], column, row) for panel in panels
             for column in range(panel["gridPos"]["x"],
                                 panel["gridPos"]["x"] + panel["gridPos"]["w"])
             for row in range(panel["gridPos"]["y"],
                              panel["gridPos"]["y"] + panel["gridPos"]["h"])]
    assert len({(column, row) for _, column, row in cells}) == len(cells), "panels overlap"

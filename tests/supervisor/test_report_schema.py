"""The reports that the program prints are as docs/report.schema.json says, and it would notice."""
import copy

import pytest
from json_schema import complaints

COMMANDS = [
    ("renwe", "--json"),
    ("status", "--json", "--config", "/nowhere.conf"),
    ("status", "--json"),
    ("status", "--json", "--all"),
    ("renew", "--json"),
    ("keys", "--json"),
    ("keys", "--json", "--all", "--detailed-exitcode"),
    ("revoke", "--json", "--generation", "1"),
    ("doctor", "--json"),
    ("doctor", "--json", "--all"),
    ("doctor", "--json", "--config", "/nowhere.conf"),
    ("doctor", "--json", "--nonsense"),
    ("audit", "verify", "--json"),
    ("audit", "verify", "--json", "--all"),
    ("audit", "verify", "--json", "--head", "0" * 64),
    ("audit", "--json"),
    ("--json",),
]


@pytest.mark.parametrize("behaviour", ["key", "failure"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_report_fits(supervisor, behaviour, arguments):
    report = supervisor.run(behaviour, *arguments).json
    assert not list(complaints(report))


def test_a_status_with_a_spare_key_fits(supervisor):
    supervisor.configure("spare_key = yes")
    report = supervisor.run("key", "status", "--json").json
    assert report["spare_key"]["made"] is False
    assert not list(complaints(report))
    report["spare_key"].pop("made")
    assert list(complaints(report))


@pytest.fixture
def report(supervisor):
    return supervisor.run("key").json


@pytest.mark.parametrize("change", [
    lambda report: report.pop("msg"),
    lambda report: report.update(schema_version=2),
    lambda report: report.update(schema_version=True),
    lambda report: report.update(extra=1),
    lambda report: report.update(changed=0),
    lambda report: report.update(exit_status=1),
    lambda report: report.update(reason=None),
    lambda report: report.update(next_renewal="tomorrow"),
    lambda report: report["timings_ms"].update(total=-1),
    lambda report: report["timings_ms"].update(total=True),
    lambda report: report["keys"][0].update(role="lost"),
    lambda report: report["keys"][0].update(certificate_sha256="00"),
    lambda report: report.update(identities=[]),
])
def test_a_report_that_is_not_right_is_noticed(report, change):
    assert not list(complaints(report))
    wrong = copy.deepcopy(report)
    change(wrong)
    assert list(complaints(wrong))

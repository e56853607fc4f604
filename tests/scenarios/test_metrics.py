"""The metrics of real identities, held against what the host shows by other means."""
import re
import subprocess
from datetime import datetime, timedelta

import pytest
from audit_log import AuditLog
from clock import at
from cryptography.hazmat.primitives import hashes


@pytest.fixture
def samples(new_world):
    """A function that reads the file anew: {"name": {labels: value}}."""
    file = new_world.directory / "renewal-agent.prom"
    text = new_world.configuration.read_text
    configure = new_world.configure

    def with_metrics(**settings):
        configure(**settings)
        new_world.configuration.write_text(
            text().replace("[agent]\n", f"[agent]\nmetrics_file = {file}\n"))

    new_world.configure = with_metrics
    with_metrics()

    def read():
        subprocess.run(["promtool", "check", "metrics"], stdin=file.open(), check=True)
        found = {}
        for name, labels, value in re.findall(r"^renewal_agent_(\w+)\{(.*)\} (\S+)$",
                                              file.read_text(), re.M):
            found.setdefault(name, {})[labels] = float(value)
        return found

    return read


ORDERS = 'identity="orders"'


def test_they_say_of_an_identity_what_its_certificate_and_its_log_say(new_world, samples):
    world = new_world
    world.enroll()
    world.assert_renews()
    found, certificate = samples(), world.certificate()
    status = world.run("status")
    assert found["certificate_expiry_timestamp_seconds"][ORDERS] == \
        certificate.not_valid_after.timestamp()
    info, = found["certificate_info"]
    sha256 = certificate.fingerprint(hashes.SHA256()).hex()
    assert f'generation="2",sha256="{sha256}",issuer_sha256="' in info
    assert f'issuer_sha256="{status["certificate"]["issuer_sha256"]}"' in info
    assert found["reenrolment_needed"][ORDERS] == 0
    assert found["renewals_total"] == {f'{ORDERS},result="ok"': 2}
    assert found["last_result"] == {f'{ORDERS},class="ok"': 1}
    assert found["key_generation_seconds"][ORDERS] > 0
    assert found["last_success_timestamp_seconds"] == found["last_run_timestamp_seconds"]
    head = AuditLog(world).head()
    assert found["audit_events"][ORDERS] == head["count"]
    assert found["audit_head_info"] == {f'{ORDERS},sha256="{head["sha256"]}"': 1}


def test_the_due_date_is_no_window_and_does_not_move_on_with_those_that_were_missed(
        new_world, samples):
    """Else nobody who misses them would be overdue."""
    world = new_world
    world.environment["TZ"] = "UTC0"
    world.enroll()
    due = datetime.fromisoformat(world.run("status")["next_renewal"])
    opens = (due + timedelta(days=1)).replace(minute=0)
    world.configure(window=f"{opens:%a %H:%M}-{opens + timedelta(hours=2):%H:%M}")
    for missed in (0, 1):
        result = world.run("renew", command=at(opens + timedelta(days=7 * missed - 2)))
        assert (result.status, result["reason"]) == (0, "not_due" if not missed else "window")
        assert datetime.fromisoformat(result["next_renewal"]) > due
        assert samples()["renewal_due_timestamp_seconds"][ORDERS] == due.timestamp()


def test_failures_are_counted_by_their_class(new_world, samples):
    world = new_world
    world.enroll()
    world.connector.fault("sign", "error_503")
    assert world.run("renew", "--force").status == 75
    world.connector.clear_faults()
    found = samples()
    assert found["renewals_total"][f'{ORDERS},result="network"'] == 1
    assert found["last_result"] == {f'{ORDERS},class="network"': 1}
    assert found["failures"][ORDERS] == 1
    assert found["renewal_under_way"][ORDERS] == 1
    assert found["next_attempt_timestamp_seconds"][ORDERS] > found["last_run_timestamp_seconds"][
        ORDERS]
    before = found["last_check_timestamp_seconds"][ORDERS]
    assert world.run("renew").status == 75  # in the back-off: looked at, not tried
    found = samples()
    assert found["last_check_timestamp_seconds"][ORDERS] >= before
    assert found["failures"][ORDERS] == 1
    world.assert_renews()
    found = samples()
    assert found["failures"][ORDERS] == 0
    assert found["renewals_total"] == {
        f'{ORDERS},result="ok"': 2, f'{ORDERS},result="network"': 1}
    assert "next_attempt_timestamp_seconds" not in found

"""Maintenance windows and the ceiling on certificates in a day."""
import json
from datetime import datetime, timedelta, timezone

import pytest
from clock import at, later

HOUR = timedelta(hours=1)


def utc(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def window(opens, length=2 * HOUR):
    """The setting for a window that opens at this moment."""
    return f"{opens:%a %H:%M}-{opens + length:%H:%M}"


@pytest.fixture
def due_host(host):
    """A host in UTC, and when its certificate is due."""
    host.environment["TZ"] = "UTC0"
    yield host, utc(host.run("status")["next_renewal"])
    del host.environment["TZ"]


def test_what_is_due_waits_for_its_window_and_says_until_when(due_host):
    host, due = due_host
    opens = (due + 24 * HOUR).replace(minute=0, second=0)
    host.configure(window=window(opens))
    begins = utc(host.run("status")["next_renewal"])
    assert opens <= begins < opens + HOUR
    result = host.run("renew", command=at(due + HOUR))
    assert (result.status, result["reason"], result["changed"]) == (0, "window", False), result
    assert utc(result["next_renewal"]) == begins
    assert "due, and waiting for its window" in result["msg"]
    assert host.run("status", command=at(due + HOUR))["state"] == "due"
    assert host.shim.calls() == []
    result = host.run("renew", command=at(begins - timedelta(seconds=5)))
    assert result["reason"] == "window", result


def test_in_its_window_it_is_renewed(due_host):
    """The stand-in lives in another time: what fails there is the Connector's certificate."""
    host, due = due_host
    opens = (due + 24 * HOUR).replace(minute=0, second=0)
    host.configure(window=window(opens))
    begins = utc(host.run("status")["next_renewal"])
    result = host.run("renew", command=at(begins + timedelta(seconds=5)))
    assert result["reason"] != "window", result
    assert host.calls("C_GenerateKeyPair") == 1


def test_the_margin_passes_over_the_window(due_host):
    host, _ = due_host
    host.configure(jitter="0")
    certificate = host.run("status")["certificate"]
    due = utc(host.run("status")["next_renewal"])
    lifetime = utc(certificate["not_after"]) - utc(certificate["not_before"])
    host.configure(window=window(due - 2 * HOUR, HOUR), window_margin="0.3")
    margin = utc(certificate["not_after"]) - lifetime * 0.3
    assert abs(utc(host.run("status")["next_renewal"]) - margin) <= timedelta(seconds=1)


def test_force_passes_over_the_window(due_host):
    host, due = due_host
    host.configure(window=window(due))
    assert host.run("renew", "--force")["reason"] == "renewed"


def test_a_certificate_that_lives_shorter_than_the_wait_is_renewed_in_its_margin(new_world):
    new_world.connector.settings(validity_seconds=90)
    new_world.environment["TZ"] = "UTC0"
    closed = datetime.now(timezone.utc) + 24 * HOUR
    new_world.configure(lifetime_fraction="0.1", jitter="0", window=window(closed, HOUR),
                        window_margin="0.8")
    new_world.enroll()
    result = new_world.run("renew", command=later("+12s"))
    assert (result.status, result["reason"]) == (0, "window"), result
    result = new_world.run("renew", command=later("+25s"))
    assert (result.status, result["reason"]) == (0, "renewed"), result


def test_a_renewal_that_was_cut_is_finished_outside_of_the_window(due_host):
    host, due = due_host
    host.configure(window=window(due + 48 * HOUR))
    host.connector.fault("sign", "error_503")
    assert host.run("renew", "--force").status == 75
    host.connector.clear_faults()
    journal = host.journal()
    assert journal["phase"] == "KEYED"
    after = utc(journal["next_attempt"]) - datetime.now(timezone.utc) + timedelta(seconds=2)
    result = host.run("renew", command=later(f"+{int(after.total_seconds()) + 1}s"))
    assert (result.status, result["reason"]) == (0, "resumed"), result


def test_a_wrong_window_names_file_line_and_what_is_expected(host):
    host.configure(window="Mon-Fri 2:00-4:00")
    result = host.run("renew")
    assert (result.status, result["error"]["class"]) == (78, "config"), result
    assert "window: window 1 needs its times as HH:MM-HH:MM" in result["msg"]


def test_the_ceiling_holds_with_force_but_not_for_an_enrolment(world):
    world.configure(max_certificates_per_day="2")
    assert world.run("renew", "--force").status == 0
    assert world.run("renew", "--force").status == 0
    world.shim.forget()
    result = world.assert_fails(75, "busy", "max_certificates_per_day", "2", reason="backoff")
    until = utc(result["next_attempt"]) - datetime.now(timezone.utc)
    assert 23 * HOUR < until <= 24 * HOUR
    assert world.shim.calls() == []
    assert world.run("renew").status == 0
    check, = (each for each in world.run("doctor")["checks"] if each["name"] == "journal")
    assert (check["result"], "max_certificates_per_day" in check["message"]) == ("warn", True)
    world.enroll()
    world.configure(max_certificates_per_day="3")
    world.assert_renews()


def test_without_a_setting_twelve_may_be_asked_for(world):
    world.configure(max_certificates_per_day=None)
    world.assert_renews()
    journal = world.journal()
    assert journal["certificates"] == 1
    journal["certificates"] = 11
    (world.folder / "journal.json").write_text(json.dumps(journal))
    world.assert_renews()
    world.assert_fails(75, "busy", "max_certificates_per_day", "12, by the certificate's lifetime",
                       reason="backoff")


def test_a_certificate_that_was_refused_counts_when_it_came(world):
    """What comes again and again and fails a check is what the ceiling is for."""
    world.configure(max_certificates_per_day="1")
    world.connector.fault("sign", "leaf_other_key")
    assert world.run("renew", "--force").status == 76
    world.connector.clear_faults()
    world.assert_fails(75, "busy", "max_certificates_per_day", reason="backoff")

"""A run that has found nothing to do is believed by the next ones, until anything has changed."""
import subprocess

import pytest
from clock import later
from world import PROGRAM, inside

NOTHING, DONE = 10, 0


@pytest.fixture
def resting(world):
    """A host that is not due, and has said so."""
    assert renew(world) == NOTHING
    assert (world.folder / "rest").exists()
    return world


def renew(world, *command):
    """As a timer runs it: without --json, which wants more than is remembered."""
    return subprocess.run(
        inside(*command, PROGRAM, "--config", world.configuration, "--detailed-exitcode", "renew"),
        env={**world.shim.environment(), **world.environment}, stderr=subprocess.DEVNULL,
        check=False).returncode


def test_what_is_due_is_renewed(resting):
    before = resting.sha256()
    assert renew(resting) == NOTHING
    assert renew(resting, *later("+80d")) == DONE
    assert resting.sha256() != before


def test_it_is_not_looked_at_again(resting):
    before = (resting.folder / "rest").stat().st_mtime_ns
    assert renew(resting) == NOTHING
    assert (resting.folder / "rest").stat().st_mtime_ns == before


def test_what_is_damaged_meanwhile_is_noticed(resting):
    (resting.folder / "current" / "certificate.pem").write_text("no\n")
    assert renew(resting) == 70


def test_what_is_revoked_meanwhile_needs_a_token(resting):
    assert resting.run("revoke", "--active").status == 0
    assert renew(resting) == 20


def test_a_renewal_that_was_cut_meanwhile_goes_on(resting):
    resting.connector.fault("probe", "error_502")
    assert resting.run("renew", "--force").status == 75
    assert renew(resting) == 75  # in its back-off
    assert renew(resting, *later("+1h")) == DONE


def test_another_setting_is_looked_at(resting):
    resting.configure(lifetime_fraction="0.1", jitter="0")
    assert renew(resting, *later("+20d")) == DONE

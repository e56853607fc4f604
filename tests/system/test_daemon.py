"""The daemon under systemd: ready, watched, reloaded, stopped."""
import pytest

UNIT = "renewal-agent.service"


@pytest.fixture
def daemon(host):
    host.run("systemctl", "start", UNIT)  # returns when it is ready
    yield host
    host.run("systemctl", "stop", UNIT)


def test_it_is_ready_and_says_what_it_waits_for(daemon):
    assert daemon.property(UNIT, "ActiveState") == "active"
    assert daemon.property(UNIT, "StatusText")
    assert int(daemon.property(UNIT, "WatchdogUSec").rstrip("min")) == 5


def test_its_watchdog_is_fed_while_a_key_takes_long(host):
    generation = host.generation()
    host.configure(module=host.slow_token(15_000))
    host.drop_in(UNIT, "test", "[Service]", "WatchdogSec=3s")
    host.run("systemctl", "start", UNIT)
    pid = host.property(UNIT, "MainPID")
    host.run("systemctl", "kill", "--signal=USR1", "--kill-whom=main", UNIT)
    host.wait_until(lambda: host.generation() > generation, "the daemon renews")
    assert host.property(UNIT, "MainPID") == pid
    assert host.property(UNIT, "NRestarts") == "0"


def test_a_daemon_that_hangs_is_ended_and_started_again(host):
    host.drop_in(UNIT, "test", "[Service]", "WatchdogSec=2s", "RestartSec=1s")
    host.run("systemctl", "start", UNIT)
    host.run("systemctl", "kill", "--signal=STOP", "--kill-whom=main", UNIT)
    host.wait_until(lambda: host.property(UNIT, "NRestarts") == "1"
                    and host.property(UNIT, "ActiveState") == "active", "another one is ready")


def test_a_wrong_configuration_is_not_taken_at_a_reload(daemon):
    pid = daemon.property(UNIT, "MainPID")
    daemon.configure("no_such_setting = 1")
    daemon.run("systemctl", "reload", UNIT, check=False)
    daemon.wait_until(lambda: "no_such_setting" in daemon.journal(UNIT), "the mistake is said")
    assert daemon.property(UNIT, "MainPID") == pid
    assert daemon.property(UNIT, "ActiveState") == "active"


def test_a_stop_during_a_slow_key_is_quick_and_loses_nothing(host):
    generation = host.generation()
    host.configure(module=host.slow_token(600_000))
    host.run("systemctl", "start", UNIT)
    host.run("systemctl", "kill", "--signal=USR1", "--kill-whom=main", UNIT)
    host.wait_until(lambda: host.phase() == "PLANNED", "the worker generates a key")
    host.run("systemctl", "stop", UNIT)
    assert host.property(UNIT, "Result") == "success"  # not by TimeoutStopSec
    assert host.generation() == generation

    host.slow_token(0)
    host.run_unit("renewal-agent@orders.service")
    assert host.generation() == generation + 1

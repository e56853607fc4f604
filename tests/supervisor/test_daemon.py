"""`renewal-agent run`: signals, watchdog, reload, what it tells systemd, what it costs to sleep."""
import signal
import time

import pytest
from daemon import Host
from json_schema import complaints

ENDING = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def host(supervisor, tmp_path):
    host = Host(supervisor, tmp_path)
    yield host
    host.close()


@pytest.mark.parametrize("number", ENDING)
def test_it_ends_when_it_is_told_to_and_that_is_no_failure(host, number):
    with host.daemon("outcome") as daemon:
        assert daemon.expect_ready() == "1 waits for a one-time token"
        daemon.signal(number)
        daemon.expect(STOPPING="1")
        result = daemon.end()
    assert result.status == 0
    assert result.json["msg"] == f"ended by {number.name}: 0 runs, 0 changes, 0 failures"
    assert (result.json["command"], result.json["changed"]) == ("run", False)
    assert not list(complaints(result.json))


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("behaviour, step", [
    ("working", "generating RSA 4096"), ("silent", "starting"),
    ("hang_after_step_and_outcome", "finishing")])
def test_it_ends_within_five_seconds_whatever_the_worker_does(host, number, behaviour, step):
    host.begin_renewal()
    with host.daemon(behaviour) as daemon:
        daemon.expect(step)
        host.supervisor.worker()
        before = time.monotonic()
        daemon.signal(number)
        result = daemon.end()
        assert time.monotonic() - before < 5
    assert result.status == 0
    assert result.json["msg"].startswith(f"ended by {number.name}: 1 run, ")


def test_what_it_interrupts_counts_as_no_failure_of_the_identity(host):
    host.begin_renewal()
    with host.daemon("working") as daemon:
        daemon.expect("generating RSA 4096")
        daemon.signal(signal.SIGTERM)
        errors = daemon.end().errors
    assert "interrupted by SIGTERM while generating RSA 4096 in token fleet; nothing is lost" in \
        errors
    status = host.supervisor.run("outcome", "status", "--json").json
    assert (status["last_error"], status["next_attempt"]) == (None, None)


def test_when_it_ends_no_other_identity_is_begun(host):
    host.supervisor.configure("[identity second]", "connector_url = https://c.invalid/graphql",
                              "module = /lib/module.so", "token = pkcs11:token=other")
    for identity in ("orders", "second"):
        host.begin_renewal(identity)
    with host.daemon("working") as daemon:
        daemon.expect("orders: generating RSA 4096")
        daemon.signal(signal.SIGTERM)
        result = daemon.end()
    assert result.status == 0
    assert "second: interrupted" not in result.errors


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_other_signals_do_not_cut_a_run_and_are_heard_after_it(host, number):
    host.begin_renewal()
    with host.daemon("until_told", FAKE_WORKER_GO=host.supervisor.directory / "go") as daemon:
        daemon.expect("generating RSA 4096")
        daemon.signal(number)
        (host.supervisor.directory / "go").touch()
        if number == signal.SIGHUP:
            daemon.expect(RELOADING="1")
            daemon.expect_ready()
        else:
            # It runs a second time, with --force, as soon as the first is over.
            daemon.expect("starting")
        daemon.signal(signal.SIGTERM)
        result = daemon.end()
    assert "interrupted by SIGHUP" not in result.errors
    assert "interrupted by SIGUSR1" not in result.errors


def test_sighup_reads_the_configuration_anew(host):
    with host.daemon("outcome") as daemon:
        daemon.expect_ready()
        host.supervisor.configure(
            "[identity second]", "connector_url = https://c.invalid/graphql",
            "module = /lib/module.so", "token = pkcs11:token=other")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        daemon.signal(signal.SIGHUP)
        reloading = daemon.expect(RELOADING="1")
        assert before <= int(reloading["MONOTONIC_USEC"]) <= before + 60_000_000
        assert daemon.expect_ready() == "2 wait for a one-time token"
        daemon.signal(signal.SIGTERM)
        assert "the configuration has been read anew" in daemon.end().errors


def test_it_writes_the_metrics_when_it_begins_and_when_the_configuration_is_another(host):
    file = host.supervisor.directory / "renewal-agent.prom"
    agent = f"[agent]\nmetrics_file = {file}\n"
    configuration = host.supervisor.configuration
    configuration.write_text(configuration.read_text().replace("[agent]\n", agent))
    with host.daemon("outcome") as daemon:
        daemon.expect_ready()
        assert 'renewal_agent_reenrolment_needed{identity="orders"} 1' in file.read_text()
        configuration.write_text(configuration.read_text().replace("identity orders",
                                                                   "identity others"))
        daemon.signal(signal.SIGHUP)
        daemon.expect_ready()
        assert 'renewal_agent_reenrolment_needed{identity="others"} 1' in file.read_text()
        assert "orders" not in file.read_text()
        daemon.signal(signal.SIGTERM)
        assert daemon.end().status == 0


@pytest.mark.parametrize("lines, complaint", [
    (("key_bits = 1",), "key_bits: must be 2048"), (("pin_fd = 0",), "pin_fd can be read only once")])
def test_a_wrong_configuration_leaves_the_one_of_before_in_use(host, lines, complaint):
    with host.daemon("outcome") as daemon:
        daemon.expect_ready()
        host.supervisor.configure(*lines)
        daemon.signal(signal.SIGHUP)
        status = daemon.expect_ready()
        assert status.startswith("1 waits for a one-time token; going on with the configuration "
                                 "of before: ") and complaint in status
        # It is the one in use: an identity is still seen to.
        host.begin_renewal()
        daemon.signal(signal.SIGUSR1)
        daemon.expect("orders: starting")
        host.supervisor.configure()
        daemon.signal(signal.SIGHUP)
        daemon.expect(RELOADING="1")
        assert "of before" not in daemon.expect_ready()
        daemon.signal(signal.SIGTERM)
        assert "going on with the configuration of before: " in daemon.end().errors


@pytest.mark.parametrize("lines, complaint", [
    (("key_bits = 1",), "key_bits: must be 2048"), (("pin_fd = 0",), "pin_fd can be read only once")])
def test_it_does_not_begin_with_a_wrong_configuration(host, lines, complaint):
    host.supervisor.configure(*lines)
    with host.daemon("outcome") as daemon:
        result = daemon.end()
    assert result.status == 78
    assert complaint in result.json["msg"]
    assert not list(complaints(result.json))


def test_one_identity_can_be_chosen(host):
    host.supervisor.configure("[identity second]", "connector_url = https://c.invalid/graphql",
                              "module = /lib/module.so", "token = pkcs11:token=other")
    with host.daemon("outcome", "--identity", "second") as daemon:
        assert daemon.expect_ready() == "1 waits for a one-time token"
        daemon.signal(signal.SIGTERM)
        assert "orders" not in daemon.end().errors
    with host.daemon("outcome", "--identity", "thrid") as daemon:
        assert daemon.end().status == 64


def test_the_watchdog_is_fed_in_sleep_and_while_a_worker_is_slow(host):
    with host.daemon("working", WATCHDOG_USEC="200000") as daemon:
        daemon.expect_ready()
        for _ in range(3):
            daemon.expect(WATCHDOG="1")
        host.begin_renewal()
        daemon.signal(signal.SIGUSR1)
        daemon.expect("generating RSA 4096")
        for _ in range(3):
            daemon.expect(WATCHDOG="1")
        daemon.signal(signal.SIGTERM)
        assert daemon.end().status == 0


def test_the_watchdog_is_fed_while_a_worker_does_not_end(host):
    host.begin_renewal()
    with host.daemon("hang_after_step_and_outcome", WATCHDOG_USEC="200000") as daemon:
        daemon.expect("finishing")
        for _ in range(10):
            daemon.expect(WATCHDOG="1")
        daemon.signal(signal.SIGTERM)
        assert daemon.end().status == 0


@pytest.mark.parametrize("number", ENDING)
def test_the_watchdog_is_fed_while_a_hook_runs_and_it_ends_within_five_seconds(host, number):
    host.supervisor.configure("hook_failed = /bin/sleep 60")
    host.begin_renewal()
    with host.daemon("failure", WATCHDOG_USEC="200000") as daemon:
        daemon.expect("hook")
        for _ in range(5):
            assert daemon.next_message() == {"WATCHDOG": "1"}
        before = time.monotonic()
        daemon.signal(number)
        result = daemon.end()
        assert time.monotonic() - before < 5
    assert result.status == 0


def test_a_watchdog_of_another_process_is_not_fed(host):
    with host.daemon("outcome", WATCHDOG_USEC="1000", WATCHDOG_PID="1") as daemon:
        daemon.expect_ready()
        daemon.wait_until_asleep()
        daemon.signal(signal.SIGTERM)
        assert daemon.next_message() == {"STOPPING": "1", "STATUS": "ending"}


def test_nothing_wakes_it_while_nothing_is_due(host):
    with host.daemon("outcome") as daemon:
        daemon.expect_ready()
        daemon.wait_until_asleep()
        before = daemon.switches()
        time.sleep(2)  # in which nothing happens: the span is what is looked at
        assert daemon.switches() == before
        daemon.signal(signal.SIGTERM)
        assert daemon.end().status == 0


def test_another_run_is_noticed_when_it_ends(host):
    with host.daemon("outcome") as daemon:
        assert "waits for a one-time token" in daemon.expect_ready()
        host.begin_renewal()
        # Any run will do; this one changes nothing.
        host.supervisor.run("outcome", "keys")
        daemon.expect("orders: starting")
        daemon.signal(signal.SIGTERM)
        assert daemon.end().status == 0


def test_a_try_that_was_of_no_use_is_not_repeated_at_once(host):
    host.begin_renewal()
    with host.daemon("outcome") as daemon:
        daemon.expect("starting")
        assert "what was begun goes on at " in daemon.expect("goes on")["STATUS"]
        daemon.wait_until_asleep()
        before = daemon.switches()
        time.sleep(2)  # the rest is a minute
        assert daemon.switches() == before
        daemon.signal(signal.SIGUSR1)
        daemon.expect("starting")
        daemon.signal(signal.SIGTERM)
        result = daemon.end()
    assert result.json["msg"].startswith("ended by SIGTERM: 2 runs")


def test_a_failure_is_counted_and_its_back_off_waited_for(host):
    host.begin_renewal()
    with host.daemon("failure") as daemon:
        assert "orders: next attempt at 2" in daemon.expect("next attempt")["STATUS"]
        daemon.signal(signal.SIGTERM)
        result = daemon.end()
    assert result.json["msg"] == "ended by SIGTERM: 1 run, 0 changes, 1 failure"
    assert "orders: no token matches pkcs11:token=fleet" in result.errors


def test_an_identity_that_another_run_holds_is_come_back_to(host):
    host.begin_renewal()
    process = host.supervisor.start("working", "keys")
    host.supervisor.worker()
    with host.daemon("outcome") as daemon:
        assert "what was begun goes on at " in daemon.expect_ready()
        daemon.wait_until_asleep()
        process.terminate()
        host.supervisor.finish(process)
        daemon.expect("starting")
        daemon.signal(signal.SIGTERM)
        result = daemon.end()
    assert result.status == 0
    assert "another run" not in result.errors


def test_its_worker_dies_with_it(host):
    host.begin_renewal()
    with host.daemon("working") as daemon:
        daemon.expect("generating RSA 4096")
        worker = host.supervisor.worker()["pid"]
        daemon.signal(signal.SIGKILL)
        daemon.end()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            with open(f"/proc/{worker}/stat", encoding="ascii") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.01)
    raise AssertionError("the worker is still there")

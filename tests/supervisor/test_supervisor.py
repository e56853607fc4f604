"""The supervisor and its worker: deadlines, crashes, signals, what the worker is given."""
import fcntl
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from conftest import BUILD, TIMEOUT


def test_what_the_worker_reports_is_what_the_command_reports(supervisor):
    result = supervisor.run("outcome")
    assert result.status == 0
    assert (result.json["failed"], result.json["keys"]) == (False, [])
    assert result.errors == ""


def test_a_failure_of_the_worker_has_its_exit_status_and_message(supervisor):
    result = supervisor.run("failure")
    assert result.status == 69
    assert result.json["error"] == {"class": "token", "retry": False,
                                    "message": "no token matches pkcs11:token=fleet"}
    assert result.errors == ("renewal-agent: orders: no token matches pkcs11:token=fleet "
                             f"(run {result.json['run_id']})\n")


def test_a_step_that_passes_its_deadline_is_named_and_the_worker_killed(supervisor):
    before = time.monotonic()
    result = supervisor.run("slow_step")
    assert 1 <= time.monotonic() - before < 20
    assert result.status == 75
    assert result.json["error"]["class"] == "deadline"
    assert result.json["msg"].startswith(
        "generating RSA 4096 in token fleet: not done after 1 s, so the worker was ended")
    assert_gone(supervisor.worker()["pid"])


def test_a_worker_that_never_says_anything_has_the_deadline_of_a_step(supervisor):
    supervisor.configure("request_timeout = 1s\nstep_timeout = 2s")
    result = supervisor.run("silent")
    assert (result.status, result.json["error"]["class"]) == (75, "deadline")


def test_each_step_has_a_deadline_of_its_own(supervisor):
    assert supervisor.run("two_slow_steps").status == 0


def test_a_crash_names_signal_step_and_module(supervisor):
    result = supervisor.run("crash")
    assert result.status == 69
    assert result.json["msg"] == ("the worker crashed (SIGSEGV) while signing: most likely the "
                                  "module /lib/module.so did, or the OpenSSL engine or provider "
                                  "above it; if it happens again, update them, or set another "
                                  "signer")


@pytest.mark.parametrize("behaviour", ["no_outcome", "garbage", "half_an_outcome"])
def test_a_worker_that_reports_nonsense_is_a_bug(supervisor, behaviour):
    result = supervisor.run(behaviour)
    assert (result.status, result.json["error"]["class"]) == (70, "internal")
    assert_gone(supervisor.worker()["pid"])


def test_a_worker_that_is_not_there_is_a_bug_that_says_where_it_was_looked_for(supervisor):
    (supervisor.directory / "renewal-worker").unlink()
    result = supervisor.run("outcome")
    assert result.status == 70
    assert "cannot find renewal-worker" in result.json["msg"]


def test_a_worker_that_does_not_end_after_its_outcome_is_killed(supervisor):
    result = supervisor.run("hang_after_outcome")
    assert (result.status, result.json["signer"]) == (0, "engine")
    assert result.json["timings_ms"]["key_generation"] == 12
    assert_gone(supervisor.worker()["pid"])


@pytest.mark.parametrize("behaviour", [
    "hang_after_what_was_asked_for", "crash_after_what_was_asked_for",
    "killed_after_what_was_asked_for"])
def test_what_was_done_stands_whatever_the_worker_comes_to_afterwards(supervisor, behaviour):
    result = supervisor.run(behaviour)
    assert (result.status, result.json["signer"]) == (0, "engine")
    assert_gone(supervisor.worker()["pid"])


def test_the_last_outcome_counts(supervisor):
    assert supervisor.run("more").json["timings_ms"]["key_generation"] == 12


def test_a_worker_that_was_killed_is_no_failure(supervisor):
    supervisor.configure("enrollment_url = https://connector.invalid/token")
    result = supervisor.run("killed", "enroll", "--token-file", supervisor.token_file(), "--json")
    assert (result.status, result.json["error"]["class"]) == (75, "state")
    assert "interrupted by SIGKILL while signing" in result.json["msg"]
    assert not (supervisor.state / "orders" / "journal.json").exists()


@pytest.mark.parametrize("version", [{}, {"version": "0.0.1"}])
def test_the_worker_does_no_job_of_another_version_and_says_why(version):
    """The real one, as a supervisor finds it that was started before an upgrade."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, subprocess.Popen(
            [BUILD / "renewal-worker"], preexec_fn=lambda: os.dup2(theirs.fileno(), 3),
            pass_fds=[3], stderr=subprocess.PIPE, text=True) as worker:
        theirs.close()
        ours.settimeout(TIMEOUT)
        ours.send(json.dumps({"schema_version": 1, "task": "a task of then", **version}).encode())
        outcome = json.loads(ours.recv(1 << 17))
        _, errors = worker.communicate(timeout=TIMEOUT)
    assert (outcome["kind"], outcome["error"], outcome["stays"]) == ("outcome", "busy", False)
    assert "was upgraded meanwhile" in outcome["message"]
    assert (worker.returncode, errors) == (0, "")


def test_an_upgrade_in_the_middle_of_a_run_is_told_and_begins_no_back_off(supervisor):
    supervisor.configure("enrollment_url = https://connector.invalid/token")
    result = supervisor.run("upgraded", "enroll", "--token-file", supervisor.token_file(), "--json")
    assert (result.status, result.json["error"]["class"]) == (75, "busy")
    status = supervisor.run("outcome", "status", "--json").json
    assert (status["last_error"]["class"], status["next_attempt"]) == ("busy", None)


def test_a_failed_enrolment_is_remembered(supervisor):
    supervisor.configure("enrollment_url = https://connector.invalid/token")
    supervisor.run("failure", "enroll", "--token-file", supervisor.token_file())
    result = supervisor.run("outcome", "status", "--json")
    assert result.json["last_error"]["class"] == "token"
    assert result.json["next_attempt"] is None


def test_a_latched_pin_is_named(supervisor):
    supervisor.configure("enrollment_url = https://connector.invalid/token")
    result = supervisor.run("latched", "enroll", "--token-file", supervisor.token_file(), "--json")
    assert (result.status, result.json["reason"]) == (77, "latched")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_worker_and_is_reported(supervisor, number):
    # A shell that ran the tests in its background would have SIGINT ignored.
    process = supervisor.start("working", "keys", "--json",
                               preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    worker = supervisor.worker()["pid"]
    process.send_signal(number)
    result = supervisor.finish(process)
    assert result.status == 75
    assert f"interrupted by {number.name}" in result.json["msg"]
    assert_gone(worker)


def test_a_signal_that_the_caller_ignores_ends_nothing(supervisor):
    process = supervisor.start("working", "keys", "--json",
                               preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    supervisor.worker()
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    result = supervisor.finish(process)
    assert (result.status, "interrupted by SIGTERM" in result.json["msg"]) == (75, True), result


def test_the_worker_dies_with_its_supervisor_and_the_lock_is_free_then(supervisor):
    process = supervisor.start("working", "keys")
    worker = supervisor.worker()["pid"]
    assert not lock_is_free(supervisor)
    process.kill()
    process.communicate()
    assert_gone(worker)
    assert lock_is_free(supervisor)


def test_the_lock_is_held_as_long_as_the_worker_lives(supervisor):
    process = supervisor.start("working", "keys")
    worker = supervisor.worker()
    assert worker["lock"] == str(supervisor.state / "orders" / "lock")
    # Frozen, so that it cannot give anything back by itself.
    os.kill(process.pid, signal.SIGSTOP)
    assert not lock_is_free(supervisor)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert_gone(worker["pid"])


def test_a_second_run_waits_and_then_names_the_first(supervisor):
    supervisor.configure("lock_wait = 0")
    process = supervisor.start("working", "keys")
    supervisor.worker()
    result = supervisor.run("outcome")
    assert (result.status, result.json["error"]["class"]) == (75, "busy")
    assert f"pid {process.pid}" in result.json["msg"]
    process.terminate()
    supervisor.finish(process)


def test_the_worker_gets_its_descriptors_and_no_others(supervisor):
    with open("/dev/zero", "rb") as extra:
        supervisor.run("outcome", pass_fds=[extra.fileno()])
    worker = supervisor.worker()
    assert worker["descriptors"] == [0, 1, 2, 3, 4]
    assert worker["stdin"] == "/dev/null"
    assert worker["stdout"] == worker["stderr"]
    assert int(worker["blocked"], 16) == 0


def test_what_a_module_prints_does_not_get_into_the_json(supervisor):
    result = supervisor.run("noise")
    assert result.json["failed"] is False
    assert "a module that prints" in result.errors


def test_the_descriptor_of_the_pin_stays_open_under_its_number(supervisor):
    reading, writing = os.pipe()
    os.write(writing, b"4711\n")
    os.close(writing)
    supervisor.configure(f"pin_fd = {reading}")
    result = supervisor.run("read_pin", pass_fds=[reading])
    os.close(reading)
    assert result.json["signer"] == "4711"
    assert supervisor.worker()["descriptors"] == [0, 1, 2, 3, 4, reading]


def test_the_environment_is_scrubbed(supervisor):
    supervisor.configure("worker_env = OPENSSL_CONF")
    supervisor.run("outcome", environment={
        "SSLKEYLOGFILE": "/tmp/keys", "PKCS11_PIN": "4711", "OPENSSL_MODULES": "/tmp",
        "OPENSSL_CONF": "/tmp/own.cnf", "SOFTHSM2_CONF": "/tmp/softhsm2.conf"})
    environment = supervisor.worker()["environment"]
    assert environment["OPENSSL_CONF"] == "/tmp/own.cnf"
    assert environment["SOFTHSM2_CONF"] == "/tmp/softhsm2.conf"
    assert not {"SSLKEYLOGFILE", "PKCS11_PIN", "OPENSSL_MODULES"} & set(environment)


def test_the_one_time_token_goes_to_the_worker_and_nowhere_else(supervisor):
    result = supervisor.run("outcome", "enroll", "-v", "--json", "--url", "https://a.invalid/x",
                            "--token-file", supervisor.token_file("one-time-4711"))
    worker = supervisor.worker()
    assert worker["token"] == "one-time-4711"
    assert worker["job"]["url"] == "https://a.invalid/x"
    assert "4711" not in str(worker["job"]) + result.output + result.errors


def test_the_job_has_the_settings_and_a_run_id(supervisor):
    supervisor.configure("key_bits = 3072", "lifetime_fraction = 1/2")
    supervisor.run("outcome", "keys", "--prune")
    job = supervisor.worker()["job"]
    assert (job["task"], job["prune"], job["unknown"]) == ("keys", True, False)
    assert job["settings"]["key_bits"] == "3072"
    assert job["settings"]["name"] == "orders"
    assert len(job["run_id"]) == 36 and job["run_id"][14] == "4"


def test_warnings_are_shown_informations_only_when_asked_for(supervisor):
    quiet = supervisor.run("warning")
    assert quiet.errors == ("renewal-agent: orders: a CA without basicConstraints ?[31m\n")
    assert "orders: an information\n" in supervisor.run("warning", "keys", "-v").errors


def assert_gone(pid):
    """A killed process may take a moment, and a zombie is gone."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} is still there")


def lock_is_free(supervisor):
    with open(supervisor.state / "orders" / "lock", "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def session_ends(supervisor, failures, *lines):
    runs = supervisor.directory / "runs"
    supervisor.configure(*lines)
    result = supervisor.run("session_ends", environment={
        "FAKE_WORKER_RUNS": str(runs), "FAKE_WORKER_FAILURES": str(failures)})
    return result, len(runs.read_text())


def test_a_session_that_has_ended_is_begun_again_once_by_another_worker(supervisor):
    result, workers = session_ends(supervisor, 1)
    assert (result.status, workers) == (0, 2)
    assert "orders: the device was pulled out; beginning again with a new login\n" in \
        result.errors
    assert (result.json["signer"], result.json["timings_ms"]["key_generation"]) == ("engine", 7)
    assert result.json["changed"]


def test_a_session_that_ends_again_is_a_failure_of_the_token(supervisor):
    result, workers = session_ends(supervisor, 5)
    assert (result.status, workers) == (69, 2)
    assert result.json["error"] == {"class": "token", "retry": False,
                                    "message": "the device was pulled out"}


def test_a_pin_from_a_descriptor_is_not_asked_for_twice(supervisor):
    _, workers = session_ends(supervisor, 1, "pin_fd = 0")
    assert workers == 1

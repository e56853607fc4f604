#!/usr/bin/python3
"""A renewal-worker that behaves as FAKE_WORKER says, for the tests of its supervisor."""
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

channel = socket.socket(fileno=3)


def send(**members):
    channel.send(json.dumps({"schema_version": 1, **members}).encode())


def step(text, deadline=60):
    send(kind="step", text=text, deadline=deadline)


def outcome(**members):
    send(**{"kind": "outcome", "error": "none", "message": "", "changed": False,
            "more": False, "stays": False, "spare_made": False, "spare_error": "none", "spare_message": "",
            "resumed": False, "latched": False, "alert_expired": False, "server_date": 0,
            "retry_after": 0, "key_generation_milliseconds": -1, "signer": "", "key_label": "",
            "keys": [], **members})


def describe():
    """What this process was given, for the test to look at."""
    folder = Path("/proc/self/fd")
    return {
        "pid": os.getpid(), "job": job, "token": token, "environment": dict(os.environ),
        # Listing them opens one more.
        "descriptors": sorted(int(name) for name in os.listdir(folder)
                              if os.path.exists(folder / name)),
        "stdin": os.readlink(folder / "0"), "stdout": os.readlink(folder / "1"),
        "stderr": os.readlink(folder / "2"), "lock": os.readlink(folder / "4"),
        "blocked": [line for line in Path("/proc/self/status").read_text().splitlines()
                    if line.startswith("SigBlk")][0].split()[1],
    }


def wait():
    time.sleep(60)


def slow_step():
    step("generating RSA 4096 in token fleet", 1)
    wait()


def two_slow_steps():
    for number in (1, 2):
        step(f"step {number}", 2)
        time.sleep(1.5)
    outcome()


def odd_step():
    step("looking at token fleet\nREADY=1")
    outcome()


def crash():
    step("signing")
    os.kill(os.getpid(), signal.SIGSEGV)


def killed():
    step("signing")
    os.kill(os.getpid(), signal.SIGKILL)


def working():
    step("generating RSA 4096 in token fleet")
    wait()


def hang_after_outcome():
    outcome(signer="engine", key_generation_milliseconds=12)
    wait()


def hang_after_step_and_outcome():
    step("finishing")
    outcome()
    wait()


def until_told():
    """Busy until the file FAKE_WORKER_GO is there."""
    go = Path(os.environ["FAKE_WORKER_GO"])
    step("generating RSA 4096 in token fleet")
    while not go.exists():
        time.sleep(0.01)
    outcome()


def hang_after_what_was_asked_for():
    outcome(more=True, signer="engine")
    step("generating RSA 4096 in token fleet", 1)
    wait()


def crash_after_what_was_asked_for():
    outcome(more=True, signer="engine")
    crash()


def killed_after_what_was_asked_for():
    outcome(more=True, signer="engine")
    killed()


def more():
    outcome(more=True, signer="engine")
    outcome(signer="engine", key_generation_milliseconds=12)


def key():
    outcome(keys=[{
        "id": "0102", "label": "renewal-agent/0a1b2c3d/orders/1", "role": "active", "bits": 4096,
        "whole": True, "generation": 1, "attributes": {"sensitive": True, "local": None},
        "certificate_sha256": 64 * "0", "certificate_stored": True}])


def failure():
    outcome(error="token", message="no token matches pkcs11:token=fleet")


def upgraded():
    outcome(error="busy", message="renewal-agent was upgraded meanwhile")


def session_ends():
    """In the first worker; FAKE_WORKER_RUNS counts them."""
    runs = Path(os.environ["FAKE_WORKER_RUNS"])
    runs.write_text(runs.read_text() + "x" if runs.exists() else "x")
    if len(runs.read_text()) <= int(os.environ.get("FAKE_WORKER_FAILURES", "1")):
        outcome(error="session", message="the device was pulled out", changed=True,
                key_generation_milliseconds=7)
    else:
        outcome(signer="engine")


def failure_of_orders():
    failure() if job["settings"]["name"] == "orders" else outcome(changed=True)


def latched():
    outcome(error="pin", message="this PIN was refused before", latched=True)


def warning():
    send(kind="warning", text="a CA without basicConstraints \033[31m", deadline=0)
    send(kind="info", text="an information", deadline=0)
    outcome()


def noise():
    print("a module that prints", flush=True)
    outcome()


def read_pin():
    outcome(signer=os.read(int(job["settings"]["pin_fd"]), 100).decode().strip())


def stay(**members):
    """An outcome after which another job may come."""
    outcome(stays=True, signer=str(os.getpid()), **members)


def hang_over_b():
    if job["settings"]["name"] == "b":
        step("signing", 1)
        wait()
    stay()


def crash_over_b():
    if job["settings"]["name"] == "b":
        crash()
    stay()


def exit_over_b():
    """As if it had never got the job: it was killed while it waited."""
    if job["settings"]["name"] == "b":
        sys.exit(0)
    stay()


def stay_and_exit():
    stay()
    sys.exit(0)


def speak_out_of_turn():
    """Both are there before the supervisor reads the first."""
    os.kill(os.getppid(), signal.SIGSTOP)
    stay()
    stay(changed=True)
    os.kill(os.getppid(), signal.SIGCONT)


def refuse_pin():
    outcome(error="pin", message="this PIN was refused", latched=True, stays=True,
            signer=str(int(job["retry_pin"])))


def token_fails_over_b():
    """It says itself that it is good for nothing more."""
    if job["settings"]["name"] == "b":
        failure()
    else:
        stay()


def locks():
    """Which lock it holds at each job, for the test to look at."""
    with open(os.environ["FAKE_WORKER_RUNS"], "a", encoding="utf-8") as runs:
        runs.write(os.readlink("/proc/self/fd/4") + " "
                   + str(len(os.listdir("/proc/self/fd")) - 1) + "\n")
    os.dup2(os.open("/dev/null", os.O_RDWR), 4)
    os.close(5)
    stay()


BEHAVIOURS = {
    "outcome": outcome,
    "silent": wait,
    "no_outcome": lambda: sys.exit(3),
    "garbage": lambda: (channel.send(b"not json"), wait()),
    "half_an_outcome": lambda: (send(kind="outcome"), wait()),
    **{each.__name__: each for each in (
        slow_step, two_slow_steps, odd_step, upgraded, session_ends, crash, killed, working,
        hang_after_outcome, hang_after_step_and_outcome, until_told, key, failure,
        failure_of_orders, latched, warning, noise, read_pin,
        stay, hang_over_b, crash_over_b, exit_over_b, stay_and_exit, speak_out_of_turn,
        refuse_pin, token_fails_over_b, locks, more,
        killed_after_what_was_asked_for, hang_after_what_was_asked_for,
        crash_after_what_was_asked_for)},
}


def receive_job():
    """The lock comes with it, and gets its number; None: the supervisor has closed its end."""
    message, descriptors, _, _ = socket.recv_fds(channel, 1 << 17, 4, socket.MSG_CMSG_CLOEXEC)
    for each in descriptors:
        os.dup2(each, 4)
        os.close(each)
    return json.loads(message) if message else None


job = receive_job()
while job:
    token = channel.recv(1 << 13).decode() if job["has_token"] else None
    report = os.environ.get("FAKE_WORKER_REPORT")
    if report:
        temporary = Path(report + ".tmp")
        temporary.write_text(json.dumps(describe()))
        temporary.rename(report)
    BEHAVIOURS[os.environ["FAKE_WORKER"]]()
    job = receive_job()

"""What a person sees on a terminal, and what a log does not get."""
import os
import pty
import select
import time

WIPE = "\r\x1b[K"


def run_on_terminal(supervisor, behaviour, *arguments, seconds=None):
    """Everything that came on stderr; with `seconds` the run is ended after them."""
    master, slave = pty.openpty()
    process = supervisor.start(behaviour, *arguments, stderr=slave,
                               environment={"TERM": "xterm"})
    os.close(slave)
    seen = b""
    end = time.monotonic() + (seconds or 30)
    while True:
        ready, _, _ = select.select([master], [], [], 0.1)
        if ready:
            try:
                seen += os.read(master, 4096)
            except OSError:  # the other end is closed
                break
        elif time.monotonic() > end:
            process.terminate()
            end += 30
    process.communicate()
    os.close(master)
    return seen.decode().replace("\r\n", "\n")


def test_a_long_step_is_shown_with_its_seconds_and_wiped(supervisor):
    seen = run_on_terminal(supervisor, "working", "keys", seconds=2.5)
    step = "generating RSA 4096 in token fleet"
    assert f"{WIPE}{step} ... 1 s" in seen
    assert f"{WIPE}{step} ... 2 s" in seen
    last = seen.split(WIPE)[-1]
    assert last.startswith("renewal-agent: orders: interrupted by SIGTERM")


def test_a_quick_step_is_not_shown(supervisor):
    seen = run_on_terminal(supervisor, "two_slow_steps", "keys")
    assert "starting" not in seen.split(WIPE)[0]
    assert "step 1 ... 1 s" in seen


def test_a_log_gets_no_progress(supervisor):
    result = supervisor.run("two_slow_steps")
    assert result.errors == ""

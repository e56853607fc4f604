"""One worker for several identities: what becomes of it, and of the others, when it is not well."""
import os
import time
from pathlib import Path

import pytest

NAMES = ["a", "b", "c", "d"]


@pytest.fixture
def many(supervisor):
    supervisor.own = {}
    configure(supervisor)
    return supervisor


def configure(supervisor, *common, **own):
    supervisor.configuration.write_text("\n".join((
        "[agent]", f"state_directory = {supervisor.state}",
        "connector_url = https://connector.invalid/graphql", "module = /lib/module.so",
        "token = pkcs11:token=fleet", *common,
        *(f"[identity {name}]\n" + own.get(name, "") for name in NAMES))) + "\n")


def run(supervisor, behaviour, *arguments, **environment):
    """{identity: its report}; the worker's pid is its signer."""
    result = supervisor.run(behaviour, "--all", *(arguments or ("keys",)), "--json",
                            environment={"FAKE_WORKER_RUNS": str(supervisor.directory / "runs"),
                                         **environment})
    assert [each["identity"] for each in result.json["identities"]] == NAMES
    return result, {each["identity"]: each for each in result.json["identities"]}


def workers(each, names=NAMES):
    """How many have reported for these."""
    return len({each[name]["signer"] for name in names})


def statuses(each):
    return [each[name]["exit_status"] for name in NAMES]


def test_all_with_the_same_login_have_one_worker_which_is_gone_afterwards(many):
    result, each = run(many, "stay")
    assert (result.status, workers(each)) == (0, 1)
    assert_gone(int(each["a"]["signer"]))


def test_a_worker_that_does_not_offer_to_stay_does_not(many):
    result, _ = run(many, "outcome")
    assert result.status == 0


@pytest.mark.parametrize("setting", [
    "module = /lib/other.so", "module_init_args = a", "token = pkcs11:token=other",
    "pin_file = /pin", "signer = engine", "worker_env = OPENSSL_CONF"])
def test_another_token_pin_or_signer_has_another_worker(many, setting):
    configure(many, b=setting, d=setting)
    result, each = run(many, "stay")
    assert result.status == 0
    assert workers(each) == 2
    assert workers(each, ["a", "c"]) == workers(each, ["b", "d"]) == 1


def test_what_has_nothing_to_do_with_the_login_is_shared(many):
    configure(many, b="key_bits = 3072\nstep_timeout = 3min\nretain = 4")
    assert workers(run(many, "stay")[1]) == 1


def test_one_that_hangs_is_ended_by_its_deadline_and_the_rest_have_another(many):
    result, each = run(many, "hang_over_b")
    assert (result.status, statuses(each)) == (75, [0, 75, 0, 0])
    assert each["b"]["error"]["class"] == "deadline"
    assert each["a"]["signer"] != each["c"]["signer"] == each["d"]["signer"]


def test_one_that_crashes_costs_one_identity(many):
    result, each = run(many, "crash_over_b")
    assert (result.status, statuses(each)) == (69, [0, 69, 0, 0])
    assert "SIGSEGV" in each["b"]["msg"]
    assert workers(each, ["c", "d"]) == 1


def test_one_that_ends_without_a_word_about_its_job_is_replaced_once(many):
    """Replaced, since it may not have got it; a new one that does the same has failed."""
    result, each = run(many, "exit_over_b")
    assert (result.status, statuses(each)) == (70, [0, 70, 0, 0])
    assert "without a report" in each["b"]["msg"]


def test_one_that_dies_while_nothing_is_asked_of_it_costs_nothing(many):
    result, each = run(many, "stay_and_exit")
    assert (result.status, workers(each)) == (0, len(NAMES))


def test_what_a_worker_says_unasked_is_not_taken_for_the_next_outcome(many):
    result, each = run(many, "speak_out_of_turn")
    assert (result.status, result.json["changed"]) == (0, False)
    assert workers(each) == len(NAMES)


def test_one_that_says_that_it_is_good_for_nothing_more_is_replaced(many):
    result, each = run(many, "token_fails_over_b")
    assert (result.status, statuses(each)) == (69, [0, 69, 0, 0])
    assert each["a"]["signer"] != each["c"]["signer"] == each["d"]["signer"]


def test_each_job_brings_the_lock_of_its_identity_and_nothing_else(many):
    run(many, "locks")
    seen = [line.split() for line in (many.directory / "runs").read_text().splitlines()]
    assert [lock for lock, _ in seen] == \
        [str(many.state / name / "lock") for name in NAMES]
    assert {count for _, count in seen} == {"6"}  # 0 to 4, and the list itself


def test_a_pin_that_was_refused_is_not_tried_again_by_hand_for_the_next(many):
    """The first certificates are missing: only `enroll` would ask a worker."""
    for name in NAMES:
        (many.state / name).mkdir(parents=True, exist_ok=True)
    result, each = run(many, "refuse_pin", "renew", "--dry-run", "--retry-pin")
    assert result.status == 77
    assert [each[name]["signer"] for name in NAMES] == ["1", "0", "0", "0"]


def test_more_tokens_than_workers_are_kept(many):
    """The one that has waited longest goes, and nothing else changes."""
    names = [f"n{number:02}" for number in range(18)]
    many.configuration.write_text("\n".join((
        "[agent]", f"state_directory = {many.state}",
        "connector_url = https://connector.invalid/graphql", "module = /lib/module.so",
        *(f"[identity {name}]\ntoken = pkcs11:token=t{number % 17}"
          for number, name in enumerate(names)))) + "\n")
    result = many.run("stay", "--all", "keys", "--json")
    assert result.status == 0
    pids = [int(each["signer"]) for each in result.json["identities"]]
    assert len(set(pids)) == 18
    for pid in pids:
        assert_gone(pid)


def test_workers_that_are_kept_die_with_their_supervisor(many):
    configure(many, d="token = pkcs11:token=other\nstep_timeout = 10min")
    process = many.start("hang_over_b", "--all", "keys")
    end = time.monotonic() + 30
    while not (many.report.exists() and many.worker()["job"]["settings"]["name"] == "b"):
        assert time.monotonic() < end
        time.sleep(0.01)
    pid = many.worker()["pid"]
    process.kill()
    process.communicate()
    assert_gone(pid)


def assert_gone(pid):
    """A killed process may take a moment, and a zombie is gone."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state.split()[0] == "Z":
            return
        time.sleep(0.01)
    raise AssertionError(f"process {os.fspath(str(pid))} is still there")

"""Whatever is killed when, a hook is run at least once for each activation."""
import json
import signal

import pytest
from crash_sweep import SHARES, Sweep
from world import finish, is_alive, wait_until


@pytest.fixture
def world(world, hooks):
    world.configure(hook_renewed=hooks.make("renewed"))
    return world


class HookSweep(Sweep):
    def __init__(self, world, hooks):
        super().__init__(world)
        self.hooks = hooks
        self.before = world.active()

    def restore(self):
        super().restore()
        self.hooks.forget()

    def assert_at_rest(self):
        super().assert_at_rest()
        told = {each["generation"] for each in self.hooks.told("renewed")}
        assert {each for each in self.world.generations() if each > self.before} <= told


@pytest.fixture
def sweep(world, hooks):
    """A renewal that makes one key, destroys one, and runs a hook."""
    world.assert_renews()
    return HookSweep(world, hooks)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_kill_at_any_file_of_the_state_loses_no_hook(sweep, share, whole_group):
    strikes = sweep.at_points(match=str(sweep.world.state), whole_group=whole_group)
    sweep.run(strikes, share, every=83)


@pytest.mark.parametrize("whole_group", [False, True])
def test_a_kill_between_the_activation_and_the_hook_loses_none(sweep, whole_group):
    """From the rename of `current` to the last of debts.json."""
    strikes = sweep.at_points(match=str(sweep.world.state), whole_group=whole_group)
    first = next(number for number, strike in enumerate(strikes)
                 if "rename" in strike.name and "current" in strike.name)
    last = max(number for number, strike in enumerate(strikes) if "debts.json" in strike.name)
    assert last > first
    sweep.run(strikes[first:last + 1], every=13)


def start_renewal(world, hooks):
    """One whose hook has begun and does not end; the hook's pid."""
    world.configure(hook_renewed=hooks.make(
        "renewed", f"echo $$ >{hooks.folder}/pid.new", f"mv {hooks.folder}/pid.new {hooks.folder}/pid",
        "sleep 100 & wait"))
    run = world.start("renew", "--force")
    return run, int(wait_until(lambda: (hooks.folder / "pid").exists()
                               and (hooks.folder / "pid").read_text()))


def owe_at_once(world):
    """What is owed is in no back-off any more."""
    path = world.folder / "debts.json"
    debts = json.loads(path.read_text())
    for debt in debts["debts"]:
        debt["next_attempt"] = None
    path.write_text(json.dumps(debts))


def test_a_signal_ends_the_hook_and_the_run_and_the_hook_stays_owed(world, hooks):
    run, hook = start_renewal(world, hooks)
    run.send_signal(signal.SIGTERM)
    result = finish(run)
    assert (result.status, result["reason"], result["changed"]) == (11, "renewed", True), result
    assert not is_alive(hook)
    [debt] = world.run("status")["debts"]
    assert (debt["event"], debt["attempts"], debt["next_attempt"]) == ("renewed", 0, None)
    world.configure(hook_renewed=hooks.make("renewed"))
    result = world.run("renew")
    assert (result.status, result["reason"]) == (0, "not_due"), result
    assert [told["generation"] for told in hooks.told("renewed")] == [2, 2]
    world.assert_identity_works()


def test_a_hook_ends_with_the_agent_that_is_killed_and_is_run_again(world, hooks):
    run, hook = start_renewal(world, hooks)
    run.kill()
    finish(run)
    wait_until(lambda: not is_alive(hook))
    world.configure(hook_renewed=hooks.make("renewed"))
    result = world.run("renew")
    assert (result.status, result["reason"]) == (0, "not_due"), result
    assert len(hooks.told("renewed")) == 2


def test_a_signal_before_anything_was_done_ends_the_run(world, hooks):
    world.configure(hook_renewed=hooks.make("renewed", "exit 1"))
    assert world.run("renew", "--force").status == 11
    owe_at_once(world)
    world.shim.forget()
    run, hook = start_renewal(world, hooks)
    run.send_signal(signal.SIGTERM)
    result = finish(run)
    assert (result.status, result["changed"], result["failed"]) == (75, False, True), result
    assert "interrupted by SIGTERM while running a hook" in result["error"]["message"]
    assert not world.shim.calls() and not is_alive(hook)


@pytest.fixture
def slow_world(world):
    """Its next key takes long, the spare one for ever."""
    world.configure(spare_key="yes")
    world.shim.plan("C_GenerateKeyPair 2 hang")
    return world


def test_the_hook_does_not_wait_for_the_spare_key(slow_world, hooks):
    run = slow_world.start("renew", "--force")
    wait_until(lambda: hooks.told("renewed"))
    wait_until(lambda: [call for call in slow_world.shim.calls() if call.result == "hang"])
    assert run.poll() is None
    wait_until(lambda: not (slow_world.folder / "debts.json").exists())
    assert slow_world.journal()["phase"] == "PLANNED"
    run.send_signal(signal.SIGTERM)
    result = finish(run)
    assert (result.status, result["reason"]) == (0, "renewed"), result
    assert result["hooks"] == [{"event": "renewed", "error": None}]
    slow_world.shim.plan()
    assert slow_world.run("renew")["reason"] == "spare_made"
    assert len(hooks.told("renewed")) == 1
    slow_world.assert_whole()


def test_a_signal_while_both_are_at_work_ends_both(slow_world, hooks):
    run, hook = start_renewal(slow_world, hooks)
    [worker] = wait_until(lambda: [call.pid for call in slow_world.shim.calls()
                                   if call.result == "hang"])
    run.send_signal(signal.SIGTERM)
    result = finish(run)
    assert (result.status, result["reason"]) == (11, "renewed"), result
    assert not is_alive(hook) and not is_alive(worker)
    slow_world.shim.plan()
    slow_world.configure(hook_renewed=hooks.make("renewed"))
    assert slow_world.run("renew")["reason"] == "spare_made"
    assert len(hooks.told("renewed")) == 2

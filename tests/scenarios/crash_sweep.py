"""The same host again and again, each time killed at another point of one run.

    sweep = Sweep(world)
    sweep.run(sweep.at_calls("kill", every=9))

After each kill the old identity works, one plain `renew` brings the host to rest, and the token
holds exactly the retained keys. Everyday runs take every nth point; RENEWAL_AGENT_FULL=1 all.
"""
import os
import shutil
import sys
from dataclasses import dataclass, field

from audit_log import AuditLog
from world import CRASH, ROOT

sys.path.insert(0, str(ROOT / "tests" / "crash"))

from crash_library import CrashLibrary  # noqa: E402

FULL = os.environ.get("RENEWAL_AGENT_FULL") == "1"
SHARES = range(4 if FULL else 1)  # tests that a sweep is cut into, for pytest-xdist
PHASES = {"IDLE", "PLANNED", "KEYED", "ISSUED", "VERIFIED", "PROVEN", "ACTIVE"}


@dataclass
class Strike:
    number: int  # of the point, as the plan or the crash library counts
    name: str
    plan: tuple = ()
    environment: dict = field(default_factory=dict)
    command: tuple = ()


class Sweep:
    def __init__(self, world, arguments=lambda: ("renew", "--force")):
        self.world = world
        self.arguments = arguments
        self.crash = CrashLibrary(world.directory, library=CRASH)
        self.phases = set()  # of the journals that the kills left
        self._kept = world.directory / "kept"
        for folder in (world.token.directory, world.state):
            if folder.exists():
                shutil.copytree(folder, self._kept / folder.name, symlinks=True)

    def restore(self):
        """The host as it was when the sweep was made."""
        for folder in (self.world.token.directory, self.world.state):
            shutil.rmtree(folder, ignore_errors=True)
            if (self._kept / folder.name).exists():
                shutil.copytree(self._kept / folder.name, folder, symlinks=True)
        self.forget()

    def forget(self):
        self.world.shim.plan()
        self.world.shim.forget()
        self.crash.forget()

    def measure(self, **filters):
        """The calls and the points of a run that is left alone."""
        self.restore()
        result = self.world.run(*self.arguments(), **self.crash.environment(**filters))
        assert result.status == 0, result
        return self.world.shim.calls(), self.crash.points()

    def at_calls(self, action):
        """Kills before (`kill`) or after (`kill-after`) every PKCS#11 call."""
        calls, _ = self.measure()
        return [Strike(number, f"{action} {call.function}", plan=(f"* {number} {action}",))
                for number, call in enumerate(calls, 1)]

    def at_points(self, whole_group=False, leave_out=None, **filters):
        """Kills before every system call that leaves a trace and that the filters let pass."""
        _, points = self.measure(**filters)
        return [Strike(point.number, f"kill {point.function} {point.path}",
                       environment=self.crash.environment(
                           at=point.number, whole_group=whole_group, **filters),
                       command=("setsid",) if whole_group else ())
                for point in points if not leave_out or leave_out not in point.path]

    def run(self, strikes, share=None, every=1, heal=None):
        """Everyday every nth; in a full run every point of the share. All failures are told."""
        assert strikes, "there is nothing to strike"
        chosen = strikes[::every]
        if FULL:
            chosen = strikes if share is None else strikes[share::len(SHARES)]
        failures = []
        for turn, strike in enumerate(chosen):
            try:
                self.strike(strike)
                (heal or self.heal)(turn)
            except AssertionError as error:
                failures.append(f"{strike.number} {strike.name}: {error}")
        print(f"{len(chosen)} of {len(strikes)} points")
        assert not failures, f"{len(failures)} of {len(chosen)}:\n" + "\n".join(failures)

    def strike(self, strike):
        self.restore()
        self.world.shim.plan(*strike.plan)
        result = self.world.run(*self.arguments(), command=strike.command, **strike.environment)
        if strike.plan:
            assert len(self.world.shim.calls()) == strike.number, f"not struck: {result}"
        else:
            points = self.crash.points()
            assert points and points[-1].number >= strike.number, f"not struck: {result}"
        self.forget()

    def heal(self, turn):
        """What is promised after a kill; the dear checks every few turns."""
        world = self.world
        self.phases.add(world.journal()["phase"])
        world.assert_key_fits()
        if turn % 5 == 0:
            world.assert_identity_works()
        result = world.run("renew")
        assert result.status == 0, f"after the kill: {result}"
        self.assert_at_rest()
        if turn % 5 == 1:
            world.assert_renews()
            self.assert_at_rest()
            assert not list(world.state.rglob("*.tmp"))

    def assert_at_rest(self):
        world = self.world
        world.assert_nothing_under_way()
        assert len(world.generations()) == 2
        assert not (world.folder / "debts.json").exists()
        # The next write of the same file takes it away.
        assert len(list(world.state.rglob("*.tmp"))) <= 1
        world.assert_key_fits()
        world.assert_only_retained_keys()
        AuditLog(world).assert_tells()


class SpareSweep(Sweep):
    def assert_at_rest(self):
        super().assert_at_rest()
        assert self.world.spare()

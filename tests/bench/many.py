"""Many identities on one host: all of them in one run, beside a run for each."""
import json
import shutil
from dataclasses import asdict

import figures
from figures import Figure, spread
from sides import MODULE, Failed, timed
from world import PROGRAM, World

NONE_DUE = 500


class Host(World):
    """Identities in a drop-in each. They begin with one enrolled certificate and its key, copied:
    the first renewal gives each its own."""

    def __init__(self, directory, connector, count):
        super().__init__(directory, connector, module=MODULE)
        self.enroll()
        self.names = [f"host-{number:04}" for number in range(count)]
        settings = "".join(f"{name} = {value}\n" for name, value in self.settings().items()
                           if value is not None)
        self.configuration.write_text(f"[agent]\nstate_directory = {self.state}\n{settings}")
        drop_ins = self.directory / "conf.d"
        drop_ins.mkdir()
        for name in self.names:
            shutil.copytree(self.folder, self.state / name, symlinks=True)
            (drop_ins / f"{name}.conf").write_text(f"[identity {name}]\nkey_bits = 2048\n")

    def through(self, module):
        """What every identity has in [agent]."""
        text = self.configuration.read_text()
        self.configuration.write_text("".join(
            f"module = {module}\n" if line.startswith("module = ") else line
            for line in text.splitlines(keepends=True)))

    def command(self, which, *arguments):
        return [PROGRAM, "--config", self.configuration, *which, *arguments]

    def one_run(self, *arguments):
        return timed(self.command(["--all"], *arguments), self)

    def run_for_each(self, *arguments):
        """The milliseconds of them all, one after the other, and what they printed."""
        timings = [timed(self.command(["--identity", name], *arguments), self)
                   for name in self.names]
        return sum(one.milliseconds for one in timings), [one.output for one in timings]

    def calls_of(self, work):
        """(logins, workers, all calls) of what `work` does, through the shim."""
        self.through(self.shim.module)
        self.shim.forget()
        work()
        self.through(MODULE)
        calls = self.shim.calls()
        return (sum(call.function == "C_Login" for call in calls),
                len({call.pid for call in calls}), len(calls))


def none_due(directory, connector, runs):
    host = Host(directory / "none-due", connector, NONE_DUE)
    host.one_run("renew")
    taken = [host.one_run("renew").milliseconds for _ in range(runs)]
    reported = [host.one_run("--json", "renew") for _ in range(2)]
    if len(json.loads(reported[0].output)["identities"]) != NONE_DUE:
        raise Failed(f"not all of {NONE_DUE} identities are in the report")
    connector.forget()
    _, _, calls = host.calls_of(lambda: host.one_run("renew"))
    result = spread(taken)
    return {"identities": NONE_DUE, **asdict(result),
            "kilobytes": max(one.kilobytes for one in reported),
            "json": min(one.milliseconds for one in reported),
            "figures": {"median": Figure(result.median, figures.NONE_DUE_MILLISECONDS),
                        "PKCS#11 calls": Figure(calls, 0),
                        "connections": Figure(len(connector.connections()), 0)}}


def renewals(directory, connector, count):
    """Key generation is taken off: of RSA keys each takes its own time."""
    host = Host(directory / "renewals", connector, count)
    host.one_run("renew", "--force")
    together = host.one_run("--json", "renew", "--force")
    generated = sum(one["timings_ms"]["key_generation"]
                    for one in json.loads(together.output)["identities"])
    apart, outputs = host.run_for_each("--json", "renew", "--force")
    generated_apart = sum(json.loads(one)["timings_ms"]["key_generation"] for one in outputs)
    counted = {"one run": host.calls_of(lambda: host.one_run("renew", "--force")),
               "a run each": host.calls_of(lambda: host.run_for_each("renew", "--force"))}
    return {"identities": count,
            "one run": _facts(together.milliseconds - generated, counted["one run"]),
            "a run each": _facts(apart - generated_apart, counted["a run each"]),
            "kilobytes": together.kilobytes,
            "figures": {"logins": Figure(counted["one run"][0], 1),
                        "workers": Figure(counted["one run"][1], 1)}}


def _facts(milliseconds, counted):
    logins, workers, calls = counted
    return {"milliseconds": milliseconds, "logins": logins, "workers": workers, "calls": calls}

"""What is measured, as dictionaries for report.py, the figures beside their budgets."""
import os
import platform
import shutil
import subprocess
from dataclasses import asdict
from statistics import median

import figures
from figures import Figure, spread
from sides import READ_CERTIFICATE, Agent, Script, SpareAgent, timed

PARTS = ("own", "total", "key_generation", "connector")


def host():
    openssl = subprocess.run(["openssl", "version"], check=True, text=True, capture_output=True)
    return {"processors": os.cpu_count(), "load": os.getloadavg()[0],
            "kernel": platform.release(), "openssl": " ".join(openssl.stdout.split()[:2])}


def sides(directory, connector, bits):
    found = [kind(directory / f"{kind.name}-{bits}", connector, bits) for kind in (Agent, Script)]
    for side in found:
        side.warm_up()
    return found


def renewals(agent, script, bits, runs):
    """Interleaved, so that what else the machine does falls on both."""
    samples = {"agent": [], "script": []}
    for _ in range(runs):
        for side in (agent, script):
            samples[side.name].append(side.renew())
    result = {"bits": bits, "samples": {name: [asdict(one) for one in taken]
                                        for name, taken in samples.items()}}
    for name, taken in samples.items():
        result[name] = {part: asdict(spread([getattr(one, part) for one in taken]))
                        for part in PARTS}
        result[name]["kilobytes"] = max(one.kilobytes for one in taken)
    ratio = result["agent"]["own"]["median"] / result["script"]["own"]["median"]
    result["median_of_ratios"] = median(
        a.own / b.own for a, b in zip(samples["agent"], samples["script"]))
    result["figures"] = {
        "median": Figure(result["agent"]["own"]["median"],
                         figures.RENEWAL_MILLISECONDS.get(bits)),
        "ratio": Figure(ratio, figures.SHARE_OF_SCRIPT),
        "kilobytes": Figure(result["agent"]["kilobytes"], figures.PEAK_KILOBYTES)}
    return result


def spare_key(directory, connector, agent, bits, runs):
    """When the new certificate is active, with a key made ahead and without; nothing taken off."""
    spare = SpareAgent(directory / f"{SpareAgent.name}-{bits}", connector, bits)
    spare.warm_up()
    samples = {"with": [], "without": []}
    for _ in range(runs):
        samples["with"].append(spare.renew_until_active())
        samples["without"].append(agent.renew_until_active())
    return {"bits": bits, **{
        name: {"active": asdict(spread([active for active, _ in taken])),
               "ended": asdict(spread([ended for _, ended in taken]))}
        for name, taken in samples.items()}}


def counts(agent, script):
    """Of one renewal of either side, in runs that are not timed."""
    result = {"agent": {}, "script": {}}
    for side in (agent, script):
        calls, handshakes = side.count()
        counted = result[side.name]
        counted.update({name: calls.get(name, 0) for name in figures.CALLS})
        counted["PKCS#11 calls, all"] = sum(calls.values())
        counted["TLS handshakes"] = handshakes
        if shutil.which("strace"):
            system_calls = side.count_system_calls()
            counted["fsync"] = sum(system_calls.get(name, 0) for name in ("fsync", "fdatasync"))
            counted["programs started"] = system_calls["execve"]
            counted["system calls"] = system_calls["total"]
    budgets = {**figures.CALLS, "TLS handshakes": figures.HANDSHAKES}
    result["figures"] = {name: Figure(result["agent"][name], budget)
                         for name, budget in budgets.items()}
    return result


def nothing_due(agent, runs):
    """`renew` with nothing to do beside programs that only look at a certificate."""
    certificate = agent.certificate()
    commands = {
        "agent": agent.command("renew"),
        "read-certificate": [READ_CERTIFICATE, certificate],
        "openssl x509 -checkend": ["openssl", "x509", "-in", certificate, "-noout",
                                   "-checkend", "0"]}
    samples = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            samples[name].append(timed(command, agent.host).milliseconds)
    result = {name: asdict(spread(taken)) for name, taken in samples.items()}
    calls, connections = agent.touches_when_nothing_is_due()
    result["figures"] = {
        "ratio": Figure(result["agent"]["median"] / result["read-certificate"]["median"],
                        figures.NOTHING_DUE_RATIO),
        "PKCS#11 calls": Figure(calls, 0), "connections": Figure(connections, 0)}
    return result

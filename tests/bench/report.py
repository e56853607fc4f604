"""The table for people, and the same as JSON."""
from dataclasses import asdict

from figures import Figure

SPREAD = ("median", "p90", "min", "max")


def as_json(value):
    if isinstance(value, Figure):
        met = None if value.budget is None else value.verdict == "met"
        return {**asdict(value), "met": met}
    if isinstance(value, dict):
        return {str(name): as_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value


def table(result):
    host = result["host"]
    lines = [f"{host['processors']} processors, load {host['load']:.1f} at the start, "
             f"{host['openssl']}, SoftHSM, the stand-in Connector on loopback"]
    for one in result["renewals"]:
        lines += ["", *_renewals(one)]
    lines += ["", *_spare_key(result["spare_key"])]
    lines += ["", *_counts(result["counts"])]
    lines += ["", *_nothing_due(result["nothing_due"])]
    lines += ["", *_daemon(result["daemon"])]
    lines += ["", *_none_due(result["none_due"])]
    lines += ["", *_many(result["many"])]
    return "\n".join(lines)


def _row(name, *cells):
    return f"{name:<32}" + "".join(f"{cell:>10}" for cell in cells)


def _with_budget(row, figure, show="{:.4g}"):
    if figure.budget is None:
        return row
    return f"{row}   budget {show.format(figure.budget)}: {figure.verdict}"


def _spread_row(name, spread):
    return _row(name, spread["n"], *(f"{spread[part]:.1f}" for part in SPREAD))


def _renewals(one):
    found = one["figures"]
    yield _row(f"A renewal, RSA {one['bits']}, ms", "n", *SPREAD)
    yield _with_budget(_spread_row("  agent", one["agent"]["own"]), found["median"])
    yield _spread_row("  script", one["script"]["own"])
    yield _with_budget(_row("  agent / script", "", f"{found['ratio'].measured:.0%}"),
                       found["ratio"], "{:.0%}") + \
        f" (median of the pairs: {one['median_of_ratios']:.0%})"
    yield "  taken off before (median, ms)"
    for part, words in (("key_generation", "key generation"), ("connector", "Connector's own")):
        yield _row(f"    {words}", "", f"{one['agent'][part]['median']:.1f}") + \
            f" agent, {one['script'][part]['median']:.1f} script"
    yield _with_budget(
        _row("  peak memory, MB", "", f"{found['kilobytes'].measured / 1024:.1f}"),
        Figure(found["kilobytes"].measured / 1024, found["kilobytes"].budget / 1024))


def _spare_key(one):
    yield _row(f"spare_key, RSA {one['bits']}, ms", "n", *SPREAD)
    for name in ("with", "without"):
        yield _spread_row(f"  new one active, {name}", one[name]["active"])
    for name in ("with", "without"):
        yield _spread_row(f"  run ended, {name}", one[name]["ended"])


def _counts(counts):
    yield _row("One renewal", "agent", "script")
    for name, count in counts["agent"].items():
        row = _row(f"  {name}", count, counts["script"][name])
        figure = counts["figures"].get(name)
        yield _with_budget(row, figure) if figure else row


def _nothing_due(one):
    found = one["figures"]
    yield _row("Nothing is due, ms", "n", *SPREAD)
    for name in ("agent", "read-certificate", "openssl x509 -checkend"):
        yield _spread_row(f"  {name}", one[name])
    yield _with_budget(_row("  agent / read-certificate", "", f"{found['ratio'].measured:.2f}"),
                       found["ratio"])
    for name in ("PKCS#11 calls", "connections"):
        yield _with_budget(_row(f"  {name}", "", found[name].measured), found[name])


def _none_due(one):
    yield _row(f"{one['identities']} identities, none due, ms", "n", *SPREAD)
    yield _with_budget(_spread_row("  one run of --all", one), one["figures"]["median"])
    yield _row("  with --json, least, ms", "", f"{one['json']:.1f}")
    yield _row("  peak memory, MB", "", f"{one['kilobytes'] / 1024:.1f}")
    for name in ("PKCS#11 calls", "connections"):
        figure = one["figures"][name]
        yield _with_budget(_row(f"  {name}", "", figure.measured), figure)


def _many(one):
    ways = ("one run", "a run each")
    yield _row(f"{one['identities']} renewals, RSA 2048", *ways)
    yield _row("  ms without key generation", *(f"{one[way]['milliseconds']:.0f}" for way in ways))
    for name, words in (("logins", "C_Login"), ("workers", "workers")):
        row = _row(f"  {words}", *(one[way][name] for way in ways))
        yield _with_budget(row, one["figures"][name])
    yield _row("  PKCS#11 calls", *(one[way]["calls"] for way in ways))
    yield _row("  peak memory, MB", f"{one['kilobytes'] / 1024:.1f}")


def _daemon(one):
    yield "The daemon between renewals" if one["figures"] else "There is no daemon to measure"
    for name, figure in one["figures"].items():
        yield _with_budget(_row(f"  {name}", "", figure.measured), figure)

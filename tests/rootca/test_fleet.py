"""Who is on which CA, and that an old CA is not retired under a host's feet."""
import json

import pytest
from cluster import root_ca, sha256


def status(identity="orders", ca=None, state="ok", **members):
    certificate = ca and {"sha256": "11" * 32, "subject": "CN=x", "issuer": "CN=Kyma",
                          "issuer_sha256": ca, "not_before": "2026-11-01T00:00:00Z",
                          "not_after": "2099-01-01T00:00:00Z", "key_uri": "pkcs11:",
                          "key_bits": 4096}
    return {"schema_version": 1, "command": "status", "identity": identity, "state": state,
            "certificate": certificate,
            "next_renewal": ca and "2098-01-01T00:00:00Z", **members}


@pytest.fixture
def overlap(cluster):
    old = sha256(cluster.ca)
    cluster.replace(cluster.rotate("expiring"))
    return cluster, old, sha256(cluster.ca)


@pytest.fixture
def reports(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()

    def write(**hosts):
        for name, reported in hosts.items():
            (folder / f"{name}.json").write_text(json.dumps(reported))
        return folder
    return write


def test_an_old_ca_is_retired_when_no_host_is_on_it(overlap, reports):
    cluster, _, new = overlap
    result = cluster.run("retire", "--fleet", reports(a=status(ca=new), b=status(ca=new)))
    assert result.status == 0, result
    assert list(result.secrets) == ["kyma-gateway-certs-cacert"]
    cluster.replace(result.secrets)
    assert cluster.trusted == [cluster.ca]
    assert cluster.stage() == "steady"


@pytest.mark.parametrize("late", [
    lambda old: status(ca=old), lambda old: status(), lambda old: status(ca="22" * 32),
])
def test_an_old_ca_is_not_retired_while_a_host_is_on_it_or_does_not_say(overlap, reports, late):
    cluster, old, new = overlap
    folder = reports(ready=status(ca=new), late=late(old))
    result = cluster.run("retire", "--fleet", folder)
    assert (result.status, result.output) == (75, ""), result
    assert "1 of 2" in result.errors and "late/orders" in result.errors
    assert cluster.run("retire", "--without-report").status == 0


@pytest.mark.parametrize("identities", [[], {}, "orders", 7, False, None])
def test_a_report_that_lists_nobody_is_not_overlooked(overlap, reports, identities):
    cluster, _, new = overlap
    folder = reports(ready=status(ca=new), silent={
        "schema_version": 1, "command": "status", "identity": None, "identities": identities})
    result = cluster.run("retire", "--fleet", folder)
    assert (result.status, result.output) == (65, ""), result
    assert "silent.json" in result.errors


def test_nothing_is_retired_where_there_is_no_overlap(cluster):
    result = cluster.run("retire", "--without-report")
    assert (result.status, result.output) == (65, "")
    assert "no overlap" in result.errors


def test_retiring_twice_is_refused(overlap):
    cluster, _, _ = overlap
    cluster.replace(cluster.run("retire", "--without-report").secrets)
    assert cluster.run("retire", "--without-report").status == 65


def test_a_report_says_who_is_on_which_ca(reports):
    folder = reports(
        alpha=status(ca="aa" * 32), beta=status(ca="bb" * 32, state="due"),
        gamma={"schema_version": 1, "command": "status", "identity": None, "identities": [
            status("one", ca="bb" * 32), status("two", state="none")]},
        delta=status(ca="bb" * 32, state="re-enrolment-needed"))
    result = root_ca("report", "--json", folder, text="")
    assert result.status == 0, result
    report = json.loads(result.output)
    seen = {(ca["sha256"], each["host"], each["identity"]): each["standing"]
            for ca in report["cas"] for each in ca["identities"]}
    assert seen == {("aa" * 32, "alpha", "orders"): "ok", ("bb" * 32, "beta", "orders"): "due",
                    ("bb" * 32, "gamma", "one"): "ok", (None, "gamma", "two"): "none",
                    ("bb" * 32, "delta", "orders"): "locked-out"}
    shown = root_ca("report", folder, text="").output
    assert "no certificate: 1 identities, 0 ok, 0 due, 0 locked out" in shown
    assert f"CA {'bb' * 32}: 3 identities, 1 ok, 1 due, 1 locked out" in shown


def test_reports_come_as_lines_too_and_name_their_host():
    lines = "".join(json.dumps(status(ca="aa" * 32, host=f"h{number}")) + "\n"
                    for number in range(3)) + json.dumps(status(ca="aa" * 32))
    result = root_ca("report", "--json", "-", text=lines)
    [ca] = json.loads(result.output)["cas"]
    assert sorted(each["host"] for each in ca["identities"]) == \
        ["h0", "h1", "h2", "standard input:4"]


@pytest.mark.parametrize("line, fact", [
    ("nonsense", "report 2"), ("{}", "schema_version"), (json.dumps({"schema_version": 1}), "identity"),
    (json.dumps({"schema_version": 1, "identity": "a"}), "status"),
    (json.dumps(status(ca="zz")), "SHA-256"),
    (json.dumps(status(ca="aa" * 32, next_renewal="soon")), "RFC 3339"),
    (json.dumps(status("x" * 500, ca="aa" * 32)), "too long"),
])
def test_what_is_no_status_is_named_by_file_and_number(line, fact):
    text = json.dumps(status(ca="aa" * 32)) + "\n" + line
    result = root_ca("report", "-", text=text)
    assert (result.status, result.output) == (65, ""), result
    assert "standard input, report 2" in result.errors and fact in result.errors


def test_no_report_at_all_is_an_error(tmp_path):
    assert root_ca("report", "-", text=" \n").status == 65
    assert root_ca("report", tmp_path, text="").status == 65

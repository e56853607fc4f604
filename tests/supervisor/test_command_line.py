"""Command line and configuration, as a program that calls the agent sees them."""
import json
import subprocess

import pytest

EXAMPLES = [
    (("renwe",), 64, "usage", 'unknown command "renwe": did you mean renew?'),
    (("status", "--force"), 64, "usage", "--force does not go with status"),
    (("status", "--identity", "billing"), 64, "usage",
     '%s has no identity "billing": did you mean "orders"?'),
    (("status", "--config", "/nowhere.conf"), 78, "config",
     "cannot open /nowhere.conf: No such file or directory"),
]


@pytest.mark.parametrize("arguments, status, kind, message", EXAMPLES)
def test_every_failure_is_one_json_object_too(supervisor, arguments, status, kind, message):
    result = supervisor.run("outcome", *arguments, "--json")
    assert result.status == status
    report = json.loads(result.output)
    expected = message.replace("%s", str(supervisor.configuration))
    assert report["error"] == {"class": kind, "message": expected, "retry": False}
    assert (report["exit_status"], report["failed"], report["msg"]) == (status, True, expected)
    assert report["command"] == (None if arguments == ("renwe",) else "status")
    assert result.errors == f"renewal-agent: {expected}\n"


def test_a_wrong_setting_is_quoted_with_file_and_line(supervisor):
    supervisor.configure("conector_hosts = a")
    result = supervisor.run("outcome", "renew")
    assert result.status == 78
    assert result.errors == (f"renewal-agent: {supervisor.configuration}:7: unknown setting "
                             '"conector_hosts": did you mean "connector_hosts"?\n')


def test_status_of_an_identity_without_certificate(supervisor):
    result = supervisor.run("outcome", "status")
    assert result.status == 20
    assert result.output.startswith("orders: none\n")
    assert not supervisor.state.exists()


def test_renew_without_a_certificate_asks_for_a_token_and_starts_no_worker(supervisor):
    result = supervisor.run("outcome", "renew", "--force", "--json")
    assert (result.status, result.json["reason"]) == (20, "none")
    assert not supervisor.report.exists()


def test_all_identities_are_reported_and_the_worst_status_counts(supervisor):
    with open(supervisor.configuration, "a", encoding="utf-8") as configuration:
        configuration.write("[identity billing]\nconnector_url = https://b.invalid\n"
                            "module = /lib/module.so\ntoken = pkcs11:token=b\n")
    result = supervisor.run("outcome", "keys", "--all", "--json", "--detailed-exitcode")
    assert result.status == 10
    assert [each["identity"] for each in result.json["identities"]] == ["orders", "billing"]
    assert result.json["identity"] is None
    result = supervisor.run("failure_of_orders", "keys", "--all", "--json")
    assert (result.status, result.json["exit_status"], result.json["failed"]) == (69, 69, True)
    assert result.json["msg"] == "2 identities: 1 changed, 1 failed"
    result = supervisor.run("outcome", "keys", "--json")
    assert (result.status, result.json["error"]["class"]) == (64, "usage")


def test_nothing_changed_is_10_only_when_asked_for(supervisor):
    assert supervisor.run("outcome", "keys").status == 0
    assert supervisor.run("outcome", "keys", "--detailed-exitcode").status == 10


def test_a_token_file_that_others_can_read_is_pointed_out(supervisor):
    path = supervisor.token_file()
    path.chmod(0o644)
    result = supervisor.run("outcome", "enroll", "--url", "https://a.invalid", "--token-file", path)
    assert f"renewal-agent: orders: {path} can be read by others than its owner" in result.errors


def test_enroll_has_to_know_where(supervisor):
    result = supervisor.run("outcome", "enroll", "--token-file", supervisor.token_file())
    assert result.status == 64
    assert "where to enroll?" in result.errors


def test_a_token_can_come_from_standard_input(supervisor):
    reading = subprocess.Popen(["echo", "one-time"], stdout=subprocess.PIPE)
    supervisor.run("outcome", "enroll", "--url", "https://a.invalid", "--token-file", "-",
                   stdin=reading.stdout)
    reading.stdout.close()
    reading.wait()
    assert supervisor.worker()["token"] == "one-time"


def test_revoking_what_is_not_there_says_what_is(supervisor):
    result = supervisor.run("outcome", "revoke", "--generation", "3")
    assert result.status == 64
    assert "orders has no generation 3; there are none" in result.errors


def test_closed_standard_streams_do_no_harm(supervisor):
    """The lock would be descriptor 1 otherwise, and be printed into."""
    command = f"{supervisor.program} --config {supervisor.configuration} keys --json 0<&- 1>&- 2>&-"
    subprocess.run(["sh", "-c", command], check=True, env={"FAKE_WORKER": "noise"})
    lock = (supervisor.state / "orders" / "lock").read_text()
    assert "schema_version" not in lock and "a module that prints" not in lock


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_that_cannot_be_written_is_an_error(supervisor, option):
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert supervisor.run("outcome", option, stdout=full).status == 75


def test_help_and_version(supervisor):
    assert supervisor.run("outcome", "--version").output.startswith("renewal-agent ")
    assert "--dry-run" in supervisor.run("outcome", "renew", "--help").output


def test_the_supervisor_links_neither_curl_nor_pkcs11(supervisor):
    dynamic = subprocess.run(["readelf", "-d", supervisor.program], text=True, check=True,
                             capture_output=True).stdout
    libraries = [line for line in dynamic.splitlines() if "(NEEDED)" in line]
    assert any("libcrypto" in line for line in libraries)
    assert not [line for line in libraries
                if any(name in line for name in ("curl", "p11", "libssl", "pkcs11"))]


def write_drop_ins(supervisor, count):
    drop_ins = supervisor.directory / "conf.d"
    drop_ins.mkdir()
    supervisor.configuration.write_text(
        f"[agent]\nstate_directory = {supervisor.state}\nmodule = /lib/module.so\n"
        "connector_url = https://connector.invalid/graphql\ntoken = pkcs11:token=fleet\n")
    for number in range(count):
        (drop_ins / f"{number:04}.conf").write_text(f"[identity host-{number:04}]\n")


def test_a_thousand_drop_ins_are_a_thousand_identities_in_their_order(supervisor):
    write_drop_ins(supervisor, 1024)
    result = supervisor.run("outcome", "status", "--all", "--json")
    assert result.status == 20
    assert [each["identity"] for each in result.json["identities"]] == \
        [f"host-{number:04}" for number in range(1024)]


def test_one_identity_too_many_is_said_with_its_place(supervisor):
    write_drop_ins(supervisor, 1024)
    last = supervisor.directory / "conf.d" / "1023.conf"
    last.write_text(last.read_text() + "[identity another]\n")
    result = supervisor.run("outcome", "status", "--all", "--json")
    assert result.status == 78
    assert f"{last}:2: more than 1024 identities" in result.json["msg"]

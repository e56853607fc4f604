"""Messages as text, as JSON lines, and by journald's names for them."""
import json
import re

from conftest import ROOT

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def set_log(supervisor, value):
    text = supervisor.configuration.read_text()
    supervisor.configuration.write_text(text.replace("[agent]\n", f"[agent]\nlog = {value}\n"))


def lines(result):
    return [json.loads(line) for line in result.errors.splitlines()]


def test_json_lines_say_what_the_report_says(supervisor):
    set_log(supervisor, "json")
    result = supervisor.run("failure")
    [end] = lines(result)
    report = result.json
    assert (end["level"], end["identity"], end["command"]) == ("error", "orders", "keys")
    assert (end["run_id"], end["message"], end["reason"], end["exit_status"],
            end["error_class"], end["changed"]) == (
        report["run_id"], report["msg"], report["reason"], report["exit_status"],
        report["error"]["class"], report["changed"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", end["time"])


def test_every_message_is_one(supervisor):
    set_log(supervisor, "json")
    result = supervisor.run("warning", "keys", "--json", "-v")
    told = {line["message"]: line["level"] for line in lines(result)}
    assert told["a CA without basicConstraints ?[31m"] == "warning"
    assert told["an information"] == "debug"
    assert {line["run_id"] for line in lines(result)} == {result.json["run_id"]}


def test_before_the_configuration_is_read_it_is_text(supervisor):
    set_log(supervisor, "jsn")
    result = supervisor.run("outcome", "renew")
    assert result.status == 78
    assert result.errors == (f"renewal-agent: {supervisor.configuration}:2: log: must be text, "
                             "json or journal\n")


def test_log_stands_in_agent_only(supervisor):
    supervisor.configure("log = json")
    assert '"log" belongs into [agent]' in supervisor.run("outcome", "renew").errors


def test_text_names_the_run_when_it_failed_or_somebody_asks(supervisor):
    failed = supervisor.run("failure")
    assert failed.errors == ("renewal-agent: orders: no token matches pkcs11:token=fleet "
                             f"(run {failed.json['run_id']})\n")
    assert not re.search(UUID, supervisor.run("warning", "keys").errors)
    assert re.search(f"orders: run {UUID}\n", supervisor.run("outcome", "keys", "-v").errors)


def test_the_manual_lists_the_message_ids(supervisor):
    header = (ROOT / "agent" / "report" / "message_ids.h").read_text()
    manual = (ROOT / "docs" / "man" / "renewal-agent.1").read_text()
    ids = re.findall(r'"([0-9a-f]{32})"', header)
    assert len(set(ids)) == len(ids) == 11
    assert re.findall(r"^\.It ([0-9a-f]{32})$", manual, re.M) == ids

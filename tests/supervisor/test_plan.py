"""`renewal-agent plan`: what hosts have said, as a list of moments and a load on the Connector."""
import json
import random
import subprocess
import time

import pytest
from json_schema import complaints, load

SCHEMA = load("plan.schema.json")
FAR = "2099-06-01T00:00:00Z"  # the own clock only marks what is overdue


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def status(**members):
    return {"schema_version": 1, "command": "status", "identity": "orders", "state": "ok",
            "next_renewal": FAR, "next_attempt": None, **members}


@pytest.fixture
def plan(supervisor):
    """It needs no configuration."""
    def run(*arguments, text="", json_wanted=True):
        process = subprocess.run(
            [supervisor.program, "plan", *(["--json"] if json_wanted else []),
             *map(str, arguments)],
            input=text, text=True, capture_output=True, timeout=60, check=False,
            env={"RENEWAL_AGENT_CONFIG": "/nowhere.conf"})
        if not json_wanted:
            return process
        report = json.loads(process.stdout)
        assert process.returncode == report["exit_status"]
        if not process.returncode or "moments" in report:
            assert not list(complaints(report, SCHEMA))
        else:
            assert not list(complaints(report))
        return report
    return run


def lines(*objects):
    return "".join(json.dumps(each) + "\n" for each in objects)


def test_five_thousand_hosts_are_put_in_order_and_counted(plan, tmp_path):
    random.seed(5000)
    begin = 4_000_000_000 // 3600 * 3600
    due = [begin + random.randrange(30 * 86400) for _ in range(5000)]
    path = tmp_path / "fleet.jsonl"
    path.write_text(lines(*(status(next_renewal=moment(each)) for each in due)))
    report = plan(path, "--bucket", "1h")
    assert [each["at"] for each in report["moments"]] == [moment(each) for each in sorted(due)]
    assert (report["renewals"], report["refused"]) == (5000, 0)
    assert sum(each["renewals"] for each in report["histogram"]) == 5000
    hours = {}
    for each in due:
        hours[each // 3600 * 3600] = hours.get(each // 3600 * 3600, 0) + 1
    assert report["histogram"] == [
        {"from": moment(hour), "renewals": count, "requests": 3 * count, "connections": 2 * count}
        for hour, count in sorted(hours.items())]
    assert report["limit"]["exceeded"] is False
    text = plan(path, json_wanted=False)
    assert text.returncode == 0 and "is kept" in text.stdout and "########" in text.stdout


def test_a_fleet_that_renews_at_once_exceeds_the_limit(plan):
    report = plan(text=lines(*(status(host=f"host{number}") for number in range(5000))))
    assert report["limit"] == {
        "requests": 3000, "refill": 300, "refill_seconds": 30, "exceeded": True,
        "refused_renewals": 4000, "first_refused": FAR, "last_refused": FAR, "least_left": 0,
        "least_left_at": FAR}
    assert "EXCEEDED between" in report["msg"]


def test_what_is_overdue_is_put_at_now(plan):
    before = int(time.time())
    report = plan(text=lines(status(next_renewal="2020-01-01T00:00:00Z")))
    [each] = report["moments"]
    assert (each["overdue"], each["planned"]) == (True, "2020-01-01T00:00:00Z")
    assert moment(before) <= each["at"] == report["now"] <= moment(time.time())


def test_a_back_off_is_waited_for_and_what_was_cut_goes_on(plan):
    later = "2099-07-01T00:00:00Z"
    report = plan(text=lines(status(next_renewal="2020-01-01T00:00:00Z", next_attempt=later),
                             status(host="cut", state="renewing")))
    assert [(each["host"], each["at"]) for each in report["moments"]] == \
        [("cut", report["now"]), ("standard input:1", later)]


def test_those_that_need_a_person_stand_last_and_are_counted(plan):
    report = plan(text=lines(
        status(host="b", state="re-enrolment-needed"), status(host="a", state="none",
                                                              next_renewal=None),
        status(host="c"), status(host="d", state=None, next_renewal=None)))
    assert [(each["host"], each["state"], each["at"]) for each in report["moments"]] == [
        ("c", "renews", FAR), ("a", "re-enrolment-needed", None),
        ("b", "re-enrolment-needed", None), ("d", "unknown", None)]
    assert report["msg"].startswith(
        "1 renewal, 2 need a one-time token, 1 of which the state is not known; ")


def test_hosts_are_called_by_their_files_and_a_folder_is_read(plan, tmp_path):
    folder = tmp_path / "hosts"
    folder.mkdir()
    (folder / "web01.json").write_text(json.dumps(status(), indent=2) + "\n")
    (folder / "web02").write_text(lines(status(next_renewal="2099-06-02T00:00:00Z")))
    (folder / ".hidden").write_text("not read")
    (folder / "inner").mkdir()
    more = tmp_path / "more.json"
    more.write_text(lines(status(next_renewal="2099-06-03T00:00:00Z"),
                          status(next_renewal="2099-06-04T00:00:00Z", host="named")))
    report = plan(folder, more)
    assert [each["host"] for each in report["moments"]] == ["web01", "web02", "more:1", "named"]


def test_all_identities_of_a_host_are_read(plan):
    report = plan(text=lines({
        "schema_version": 1, "command": "status", "identity": None, "host": "web01",
        "identities": [status(), status(identity="bills")]}))
    assert [(each["host"], each["identity"]) for each in report["moments"]] == \
        [("web01", "bills"), ("web01", "orders")]


@pytest.mark.parametrize("bad, complaint", [
    ("{", "not valid JSON"), ('{"state": "', "not valid JSON"), ("nonsense", "not valid JSON"),
    ('{"schema_version":1,"schema_version":1}', "twice"),
    ("[]", "not valid JSON"),
    (json.dumps(status(schema_version=2)), "schema_version is not 1"),
    (json.dumps({"schema_version": 1, "identity": "orders"}), "it is not one of status"),
    (json.dumps(status(identity=None)), "names no identity"),
    (json.dumps(status(next_renewal="2099-13-01T00:00:00Z")), "a time in it"),
    (json.dumps(status(next_attempt="soon")), "a time in it"),
    (json.dumps(status(host=300 * "x")), "too long"),
    # One that is wrong takes the others of its report with it.
    (json.dumps({**status(), "identities": [status(), 1]}), "names no identity"),
])
def test_a_bad_line_is_named_and_counted_and_the_others_are_planned(plan, tmp_path, bad, complaint):
    path = tmp_path / "fleet.jsonl"
    path.write_text(lines(status(host="good")) + "\n" + bad + "\n" + lines(status(host="too")))
    report = plan(path)
    assert (report["exit_status"], report["error"]["class"]) == (64, "usage")
    assert report["refused"] == 1
    assert [each["host"] for each in report["moments"]] == ["good", "too"]
    errors = plan(path, json_wanted=False).stderr
    [line] = [line for line in errors.splitlines() if "fleet.jsonl" in line]
    assert f"{path}, report 2, line 3" in line and complaint in line


def test_many_bad_lines_are_counted_and_not_all_shown(plan):
    process = plan(json_wanted=False, text=1000 * "x\n" + lines(status()))
    assert process.returncode == 64
    assert len(process.stderr.splitlines()) == 22
    assert "1000 reports or files could not be used" in process.stderr
    assert "1 renewal;" in process.stdout


@pytest.mark.parametrize("end", [-20, -1], ids=["in a string", "before a brace"])
def test_thousands_of_lines_that_were_cut_cost_no_more_than_their_bytes(plan, tmp_path, end):
    path = tmp_path / "fleet.jsonl"
    cut = json.dumps(status(next_attempt=FAR))[:end]
    path.write_text(20000 * (cut + "\n") + lines(status()))
    report = plan(path)
    assert (report["renewals"], report["refused"]) == (1, 20000)


def test_what_is_not_there_or_empty_is_named(plan, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a-link").symlink_to("nowhere")
    (folder / "b.json").write_text(lines(status()))
    process = plan("/no/such/file", folder, json_wanted=False)
    assert process.returncode == 64
    assert "cannot open /no/such/file: No such file or directory\n" in process.stderr
    assert f"cannot open {folder}/a-link: No such file or directory\n" in process.stderr
    assert "2 reports or files" in process.stderr and "  b  orders" in process.stdout
    (tmp_path / "empty").touch()
    assert "no report: " in plan(tmp_path / "empty", json_wanted=False).stderr


def test_no_file_name_sends_anything_to_the_terminal(plan, tmp_path):
    path = tmp_path / "a\033[31mb.json"
    path.write_text(lines(status()))
    assert "\033" not in plan(path, json_wanted=False).stdout


@pytest.mark.parametrize("arguments", [("--bucket", "0"), ("--bucket", "1x"),
                                       ("--identity", "orders"), ("--force",)])
def test_a_wrong_command_line_is_refused(plan, arguments):
    assert plan(*arguments)["exit_status"] == 64


def test_the_agents_own_status_is_understood(plan, supervisor):
    text = supervisor.run("outcome", "status", "--json").output
    text += supervisor.run("outcome", "status", "--json", "--all").output
    report = plan(text=text)
    assert [(each["identity"], each["state"]) for each in report["moments"]] == \
        2 * [("orders", "re-enrolment-needed")]

"""doctor shows the one thing that is wrong and its cure, and changes nothing."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from clock import later
from doctor import (AS_IT_SHOULD_BE, assert_fails, by_result, complaints, examine, line, objects)
from json_schema import SCHEMA
from system import inside
from world import PROGRAM, ROOT, wait_until


def key_roles(result):
    return [check["message"].split()[0] for check in result["checks"]
            if check["name"] == "key-attributes"]


def test_on_a_sound_host_all_is_well_and_nothing_changes(world):
    world.assert_renews()
    world.connector.forget()
    before = objects(world)
    result = examine(world)
    found = by_result(result)
    assert (result.status, found["fail"], found["warn"], found["skipped"]) == \
        (0, set(), set(), AS_IT_SHOULD_BE), result
    assert len({check["name"] for check in result["checks"]}) == 34
    assert key_roles(result) == ["retained", "active"]
    keys = [check["message"] for check in result["checks"] if check["name"] == "key-attributes"]
    assert all("sensitive yes, extractable no" in key for key in keys)
    assert result["signer"] in line(result, "self-test")["message"]
    assert "SoftHSM" in line(result, "module")["message"]
    version = world.connector.settings()["tls_max"]
    assert line(result, "tls-version")["message"] == "TLSv" + version
    assert objects(world) == before
    assert len(world.connector.calls()) == 1  # __typename, and nothing else


def test_the_checks_are_those_of_the_schema_and_of_the_manual_in_this_order(host):
    names = list(dict.fromkeys(check["name"] for check in examine(host)["checks"]))
    one, _ = SCHEMA["oneOf"]
    checks = one["properties"]["checks"]
    manual = (ROOT / "docs" / "man" / "renewal-agent.1").read_text()
    section = manual.split(".Sh CHECKS\n")[1].split(".Sh ")[0]
    assert names == checks["items"]["properties"]["name"]["enum"]
    assert names == re.findall(r"^\.It (\S+)$", section, re.M)


def test_for_people_there_is_a_line_for_each_check_and_no_colour_in_a_file(host):
    host.connector.settings(listening=False)
    shown = subprocess.run(
        inside(PROGRAM, "--config", host.configuration, "doctor"), capture_output=True, text=True,
        env={**os.environ, **host.shim.environment()})
    host.connector.settings(listening=True)
    assert shown.returncode == 75
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("orders: 34 checks:") and "1 failed" in lines[0]
    failed = next(number for number, text in enumerate(lines) if "FAIL" in text)
    assert lines[failed].split()[:2] == ["FAIL", "connection"]
    assert lines[failed + 1].split()[0] == "->"
    assert "\033" not in shown.stdout


def test_before_the_first_enrolment_everything_but_the_identity_is_checked(new_world):
    new_world.state.mkdir(mode=0o755)
    result = new_world.run("doctor")
    found = by_result(result)
    assert (result.status, found["fail"], found["warn"]) == (0, set(), {"certificate"}), result
    assert found["skipped"] - AS_IT_SHOULD_BE == {
        "lock", "journal", "key-attributes", "leftovers", "key-certificate", "signer",
        "self-test", "connector", "acceptable-cas", "clock"}, result
    assert new_world.calls("C_Login") == 1
    assert [each.name for each in new_world.state.iterdir()] == ["tokens"]


def test_without_a_state_directory_no_pin_is_tried_and_none_is_made(new_world):
    result = new_world.run("doctor")
    assert line(result, "login")["result"] == "skipped", result
    assert line(result, "state-directory")["result"] == "warn"
    assert new_world.calls("C_Login") == 0
    assert not new_world.state.exists()


def test_a_configuration_that_is_wrong_is_named(host):
    host.configure(key_bits=1000)
    result = examine(host, logins=0)
    found = by_result(result)
    assert (result.status, found["fail"]) == (78, {"configuration"}), result
    assert len(found["skipped"]) == 33
    assert "key_bits" in line(result, "configuration")["message"]
    host.configure(key_bits=2048)
    assert examine(host).status == 0


def test_a_configuration_that_others_may_write_to_is_warned_of(host):
    host.configuration.chmod(0o666)
    result = examine(host)
    host.configuration.chmod(0o600)
    assert (result.status, by_result(result)["warn"]) == (0, {"configuration"}), result


def test_a_state_directory_that_everyone_may_write_to(host):
    host.state.chmod(0o777)
    result = examine(host)
    host.state.chmod(0o755)
    assert result.status == 77, result
    assert "state-directory" in by_result(result)["fail"]
    assert "chmod" in line(result, "state-directory")["cure"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder away")
def test_a_state_directory_of_another_user(host):
    for path in (host.state, host.folder):
        os.chown(path, 12345, 12345)
    assert_fails(host, "state-directory", 77, "12345", "chown", skipped={"state-fsync"})
    for path in (host.state, host.folder):
        os.chown(path, 0, 0)


def test_a_lock_that_is_held_is_named_and_not_waited_for(world):
    world.shim.plan("C_GenerateKeyPair 1 delay 4000")
    run = world.start("renew", "--force")
    wait_until(lambda: world.journal()["phase"] == "PLANNED")
    result = world.run("doctor")
    assert line(result, "lock")["result"] == "warn", result
    assert str(run.pid) in line(result, "lock")["message"]
    assert line(result, "login")["result"] == "skipped"
    assert "another run is at work" in line(result, "pin-latch")["message"]
    assert run.poll() is None
    assert run.wait(60) == 0
    run.stdout.close()
    run.stderr.close()
    world.shim.plan()
    assert examine(world).status == 0


def test_a_back_off_is_told(world):
    world.connector.fault("sign", "error_503")
    world.run("renew", "--force")
    world.connector.clear_faults()
    result = examine(world)
    assert line(result, "journal")["result"] == "warn", result
    assert "renew --force" in line(result, "journal")["cure"]


def test_a_spare_key_is_called_so(world):
    world.configure(spare_key="yes")
    assert world.run("renew")["reason"] == "spare_made"
    result = examine(world)
    assert (result.status, by_result(result)["warn"]) == (0, set()), result
    assert "a spare key waits" in line(result, "journal")["message"]
    assert key_roles(result) == ["active", "spare"]
    spare = bytes.fromhex(world.spare())
    label = world.journal()["renewal"]["key_label"]
    world.token.destroy(id=spare)
    world.token.make_key_pair(label, spare, extractable=True)
    result = examine(world)
    assert (result.status, by_result(result)["warn"]) == (0, {"key-attributes"}), result
    assert "CKA_EXTRACTABLE" in [check["message"] for check in result["checks"]
                                 if check["result"] == "warn"][0]


def test_a_spare_key_in_the_making_is_no_fault(world):
    world.configure(spare_key="yes")
    world.shim.plan("C_GenerateKeyPair 1 kill-after")
    assert world.run("renew").status == 0
    world.shim.plan()
    world.token.destroy(id=bytes.fromhex(world.journal()["renewal"]["key_id"]), kind="public")
    result = examine(world)
    assert (result.status, by_result(result)["warn"]) == (0, set()), result
    assert "in the making" in line(result, "journal")["message"]
    assert key_roles(result) == ["active", "spare"]


def test_a_certificate_that_has_expired(world):
    result = examine(world, command=later("+200d"))
    assert {"certificate", "clock"} & by_result(result)["fail"], result
    assert "one-time token" in line(result, "certificate")["cure"]


def test_all_identities_are_examined(host):
    text = host.configuration.read_text()
    host.configuration.write_text(text + text.split("\n\n")[1].replace("orders", "others"))
    result = host.run("doctor", "--all")
    assert not list(complaints(result.json))
    assert [each["identity"] for each in result["identities"]] == ["orders", "others"]
    assert all(each["checks"] for each in result["identities"])
    host.configure()


def test_a_credential_of_systemd(world, tmp_path):
    shutil.copy(world.token.pin_file, tmp_path / "fleet-pin")
    (tmp_path / "fleet-pin").chmod(0o600)
    world.configure(pin_file=None, pin_credential="fleet-pin")
    result = examine(world, CREDENTIALS_DIRECTORY=str(tmp_path))
    assert (result.status, line(result, "credentials")["result"]) == (0, "ok"), result
    result = examine(world, logins=0)
    assert by_result(result)["fail"] == {"credentials", "pin-source"}, result
    assert "LoadCredential" in line(result, "credentials")["cure"]
    assert result.status == 77


def test_the_file_that_is_fsynced_is_gone(host):
    trace = host.directory / "trace"
    examine(host, command=("strace", "-f", "-qq", "-e", "trace=openat,unlinkat,fsync", "-o", trace))
    text = Path(trace).read_text()
    assert ".doctor." in text and "unlinkat" in text and "fsync" in text
    assert not list(host.state.glob(".doctor*"))


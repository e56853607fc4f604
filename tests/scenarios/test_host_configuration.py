"""A configuration or command line that is wrong: file, line and the name that was meant."""
import json

import pytest


def lines_of(host):
    return host.configuration.read_text().splitlines()


@pytest.fixture
def broken(host):
    """Writes the configuration with a line put in the place of, or behind, the last one."""
    text = host.configuration.read_text()

    def write(*lines):
        host.configuration.write_text(text + "".join(f"{line}\n" for line in lines))
        return len(text.splitlines()) + len(lines)
    yield write
    host.configuration.write_text(text)


def assert_wrong(host, line, *facts):
    for arguments in [("renew",), ("status",), ("keys",)]:
        result = host.run(*arguments)
        assert (result.status, result["error"]["class"], result["exit_status"]) == \
            (78, "config", 78), result
        message = result["error"]["message"]
        assert f"{host.configuration}:{line}" in message, message
        assert not [fact for fact in facts if fact not in message], message
        assert not result["error"]["retry"] and message in result.errors
    assert host.shim.calls() == []


@pytest.mark.parametrize("line, facts", [
    ("pin_flie = /tmp/pin", ['"pin_flie"', '"pin_file"']),
    ("tokne = pkcs11:token=fleet", ['"tokne"', '"token"']),
    ("rubbish_of_some_kind = 1", ['unknown setting "rubbish_of_some_kind"']),
    ("retain = -1", ["retain"]),
    ("retain = two", ["retain"]),
    ("retain = 17", ["retain"]),
    ("retain =", ["retain", "no value"]),
    ("step_timeout = 2 fortnights", ["step_timeout"]),
    ("step_timeout = 99999999999999999999s", ["step_timeout"]),
    ("jitter = 0.9", ["jitter"]),
    ("lifetime_fraction = 2", ["lifetime_fraction"]),
    ("revoke_old = perhaps", ["revoke_old"]),
    ("signer = enigne", ["signer"]),
    ("pin_fd = 3", ["pin_fd"]),
    ("state_directory = /tmp", ['"state_directory" belongs into [agent]']),
    ("connector_hosts = ", ["connector_hosts"]),
    ("just some words", ["neither [section] nor name = value"]),
    ("[identity orders", ["no closing bracket"]),
    ("[idenity orders]", ["idenity orders"]),
    ("[identity ../orders]", ["identity"]),
    ("[identity tokens]", ["tokens"]),
    ("\x01\x02 = 3", []),
])
def test_a_line_that_is_wrong(host, broken, line, facts):
    assert_wrong(host, broken(line), *facts)


@pytest.mark.parametrize("name, value", [
    ("connector_url", "https://elsewhere.example.com/"), ("key_bits", "4096"),
    ("token", "pkcs11:token=other"), ("pin_file", "/tmp/pin")])
def test_a_setting_that_is_set_twice(host, broken, name, value):
    lines = lines_of(host)
    first = next(number for number, line in enumerate(lines, 1) if line.startswith(f"{name} ="))
    assert_wrong(host, broken(f"{name} = {value}"), f'"{name}"', "a second time",
                 f"first {host.configuration}:{first}")


@pytest.mark.parametrize("name, value", [
    ("connector_url", "http://example.com/"), ("connector_url", "example.com"),
    ("connector_url", "https://user:word@example.com/"), ("key_bits", "1024"),
    ("key_bits", "5000"), ("token", "fleet"), ("module", "libsofthsm2.so"),
    ("server_ca_file", "ca.pem")])
def test_a_setting_with_a_value_that_is_wrong(host, name, value):
    host.configure(**{name: value})
    line = next(number for number, line in enumerate(lines_of(host), 1)
                if line.startswith(f"{name} ="))
    assert_wrong(host, line, name)


@pytest.mark.parametrize("name", ["connector_url", "module", "token"])
def test_a_setting_that_is_missing(host, name):
    host.configure(**{name: None})
    section = lines_of(host).index("[identity orders]") + 1
    assert_wrong(host, section, "[identity orders] needs", f'"{name}"')


def test_several_sources_of_the_pin(host, broken):
    broken("pin_command = /bin/true")
    section = lines_of(host).index("[identity orders]") + 1
    assert_wrong(host, section, "several of", "pin_file", "pin_command")


@pytest.mark.parametrize("uri", [
    "pkcs11:token=fleet?pin-value=20051963", "pkcs11:token=fleet?pin-source=file:/20051963",
    "pkcs11:token=fleet;pin-value=20051963"])
def test_a_pin_in_the_uri_is_refused_and_not_shown(host, uri):
    host.configure(token=uri)
    line = next(number for number, line in enumerate(lines_of(host), 1)
                if line.startswith("token ="))
    assert_wrong(host, line, "token")
    result = host.run("renew")
    assert "20051963" not in json.dumps(result.json) + result.errors


def test_a_configuration_that_is_not_there(host):
    kept = host.configuration
    host.configuration = host.directory / "no-such.conf"
    try:
        result = host.run("status")
    finally:
        host.configuration = kept
    assert (result.status, result["error"]["class"]) == (78, "config"), result
    assert f"{host.directory}/no-such.conf" in result["error"]["message"]
    assert "No such file or directory" in result["error"]["message"]


def test_a_mistake_in_a_drop_in_is_said_with_the_drop_ins_name(host):
    folder = host.configuration.parent / "conf.d"
    folder.mkdir()
    drop_in = folder / "10-more.conf"
    drop_in.write_text("# one\n[identity orders]\nretian = 1\n")
    try:
        result = host.run("renew")
        assert result.status == 78, result
        assert f"{drop_in}:3" in result["error"]["message"], result
        assert '"retain"' in result["error"]["message"], result
    finally:
        drop_in.unlink()
        folder.rmdir()


@pytest.mark.parametrize("arguments, facts", [
    (["renew", "--forse"], ["--forse", "--force"]),
    (["renew", "--completely-unknown"], ["--completely-unknown", "--help"]),
    (["renwe"], ["renwe", "renew"]),
    ([], ["which command"]),
    (["renew", "status"], ["one command at a time"]),
    (["status", "--force"], ["--force does not go with status"]),
    (["renew", "--force=yes"], ["--force takes no value"]),
    (["enroll"], ["--token-file"]),
    (["enroll", "--token-file"], ["--token-file needs"]),
    (["enroll", "--token-file", "/x", "--url", "http://example.com"], ["--url"]),
    (["keys", "--unknown"], ["--prune"]),
    (["revoke"], ["--generation", "--active"]),
    (["revoke", "--generation", "0"], ["--generation"]),
    (["renew", "--identity", "ordres"], ["ordres", '"orders"']),
    (["renew", "--all", "--identity", "orders"], ["exclude each other"]),
    (["renew", "-x"], ["-x"]),
])
def test_a_command_line_that_is_wrong(host, arguments, facts):
    result = host.run(*arguments)
    assert (result.status, result["error"]["class"], result["exit_status"]) == \
        (64, "usage", 64), result
    message = result["error"]["message"]
    assert not [fact for fact in facts if fact not in message], message
    assert (result["failed"], result["changed"]) == (True, False)
    assert host.shim.calls() == []

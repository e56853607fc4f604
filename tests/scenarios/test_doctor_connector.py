"""What doctor says of a Connector that is not there, not itself, or not pleased."""
import pytest
from doctor import OF_CONNECTION, OF_SERVER, assert_fails, by_result, examine, line


def test_a_connector_that_is_down(host):
    host.connector.settings(listening=False)
    result = assert_fails(host, "connection", 75, host.connector.mtls_url, "refused", "firewall",
                          skipped=OF_CONNECTION)
    assert line(result, "self-test")["result"] == "ok"
    assert result["error"]["retry"]


def test_a_name_that_is_not_known(world):
    world.configure(connector_url="https://nowhere.invalid:8443/connector/graphql")
    assert_fails(world, "name-resolution", 75, "nowhere.invalid", "connector_url",
                 skipped={"connection"} | OF_CONNECTION)


def test_a_proxy_resolves_the_name(world):
    result = examine(world, https_proxy="http://127.0.0.1:9", no_proxy="localhost")
    assert (result.status, by_result(result)["fail"]) == (0, set()), result
    assert "https_proxy" in line(result, "name-resolution")["message"]


@pytest.mark.parametrize("certificate, status, facts", [
    ("expired", 76, ["expired", "operators"]), ("not_yet_valid", 75, ["not yet valid"]),
    ("wrong_host", 76, ["does not verify"]), ("other_ca", 76, ["issuer", "server_ca_file"])])
def test_a_server_certificate_that_does_not_verify(host, certificate, status, facts):
    host.connector.settings(server_certificate=certificate)
    # The name is looked at after the handshake.
    version = set() if certificate == "wrong_host" else {"tls-version"}
    assert_fails(host, "server-certificate", status, *facts,
                 skipped=OF_SERVER | version | {"clock"})


def test_the_wrong_ca_for_the_server(host):
    host.configure(server_ca_file=host.folder / "ca-bundle.pem")
    assert_fails(host, "server-certificate", 76, "does not verify", "server_ca_file",
                 skipped=OF_SERVER | {"tls-version", "clock"})


def test_a_ca_file_that_is_missing(host):
    host.configure(server_ca_file="/nowhere/ca.pem")
    assert_fails(host, "connection", 78, "server_ca_file", skipped=OF_CONNECTION)


def test_the_end_of_the_servers_certificate_is_told(host):
    result = examine(host)
    assert "ends 20" in line(result, "server-certificate")["message"], result


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_version_of_tls_and_the_names_of_the_cas_are_told(host, version):
    host.connector.settings(tls_min=version, tls_max=version)
    result = examine(host)
    assert result.status == 0, result
    assert line(result, "tls-version")["message"] == "TLSv" + version
    assert "our issuer is among the 1" in line(result, "acceptable-cas")["message"]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_server_that_does_not_name_our_ca(host, version):
    host.connector.settings(tls_min=version, tls_max=version,
                            acceptable_cas=["O=Elsewhere,CN=Another CA"])
    assert_fails(host, "acceptable-cas", 75, "Another CA", "not among the 1", "one-time token")


def test_a_server_that_names_no_ca(host):
    host.connector.settings(acceptable_cas=[])
    result = examine(host)
    assert (result.status, line(result, "acceptable-cas")["result"]) == (0, "ok"), result
    assert "names none" in line(result, "acceptable-cas")["message"]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_connector_that_refuses_the_identity(host, version):
    host.connector.settings(tls_min=version, tls_max=version)
    host.connector.fault("connection", "alert", alert="unknown_ca")
    result = examine(host)
    found = by_result(result)
    assert (result.status, found["fail"]) == (75, {"connector"}), result
    assert "TLS alert 48" in line(result, "connector")["message"]
    assert "one-time token" in line(result, "connector")["cure"]


@pytest.mark.parametrize("offset, result, status", [(-3630, "fail", 75), (3630, "fail", 75),
                                                    (100, "warn", 0), (0, "ok", 0)])
def test_a_clock_that_differs_from_the_connectors(host, offset, result, status):
    host.connector.settings(date_offset=offset)
    if result == "fail":
        assert_fails(host, "clock", status, "1 h", "chrony",
                     "behind" if offset > 0 else "ahead of")
        return
    found = examine(host)
    assert (found.status, line(found, "clock")["result"]) == (status, result), found


def test_nothing_is_asked_but_the_cheap_question(host):
    host.connector.forget()
    examine(host)
    assert len(host.connector.calls()) == 1
    assert not host.connector.calls("configuration") and not host.connector.calls("sign")
    assert not host.connector.certificates()
    assert len(host.connector.connections()) == 1


def test_the_exit_status_is_that_of_the_worst_failure_wherever_it_stands(host):
    host.connector.settings(listening=False)
    host.configure(module="/nowhere/libpkcs11.so")
    result = examine(host, logins=0)
    assert by_result(result)["fail"] == {"module", "connection"}, result
    assert (result.status, result["error"]["class"]) == (69, "token")
    host.configure(module=host.shim.module)
    host.state.chmod(0o777)
    result = examine(host)
    host.state.chmod(0o755)
    assert by_result(result)["fail"] >= {"state-directory", "connection"}, result
    assert result.status == 77, result

"""What TLS says: alerts about our certificate, a server that is not the one, versions."""
import pytest
from world import SIGNER, SIGNERS, wait_until

REJECTED = [("unknown_ca", 48), ("bad_certificate", 42), ("certificate_revoked", 44),
            ("unsupported_certificate", 43), ("certificate_unknown", 46)]
OTHERS = [("decrypt_error", 51, 69, "token", "none"),
          ("handshake_failure", 40, 76, "connector", "none"),
          ("internal_error", 80, 75, "network", "none"),
          ("certificate_expired", 45, 20, "connector", "expired")]
ALERTS = [(name, number, 75, "connector", "rejected") for name, number in REJECTED] + OTHERS


def times_of(alert):
    """After a signature that is wrong every other signer is tried."""
    return len(SIGNERS) if alert == "decrypt_error" and SIGNER is None else 1


@pytest.mark.parametrize("alert, number, status, kind, reason", ALERTS)
def test_an_alert_about_the_active_certificate(host, alert, number, status, kind, reason):
    for version in ("1.2", "1.3"):
        host.connector.settings(tls_min="1.2", tls_max=version)
        host.connector.fault("connection", "alert", alert=alert, times=times_of(alert))
        host.assert_fails(status, kind, host.connector.mtls_url, f"TLS alert {number}, {alert}",
                          reason=reason)
        wait_until(lambda: host.connector.connections()[-1]["error"])  # it is told to both sides
        assert host.connector.calls() == []
        state = host.run("status")["state"]
        assert (state == "re-enrolment-needed") == (status == 20)
    host.assert_recovers()
    assert host.run("status")["state"] == "ok"


@pytest.mark.parametrize("alert, number, status, kind, reason", ALERTS)
def test_an_alert_about_the_new_certificate_says_nothing_about_the_active_one(
        host, alert, number, status, kind, reason):
    host.connector.fault("connection", "alert", nth=2, alert=alert, times=times_of(alert))
    status = 75 if status == 20 else status
    host.assert_fails(status, kind, host.connector.mtls_url, f"TLS alert {number}, {alert}")
    assert host.journal()["phase"] == "VERIFIED"
    assert host.run("status")["state"] == "renewing"
    host.assert_recovers()
    assert len(host.connector.calls("sign")) == 1


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_one_version_of_tls_is_enough(host, version):
    host.connector.settings(tls_min=version, tls_max=version)
    host.assert_renews()
    assert {one["tls_version"] for one in host.connector.connections()} == {"TLSv" + version}


@pytest.mark.parametrize("certificate, status, kind, reason, facts", [
    ("expired", 76, "connector", "none", ["does not verify", "expired"]),
    ("not_yet_valid", 75, "clock", "clock", ["not yet valid", "clock"]),
    ("wrong_host", 76, "connector", "none", ["does not verify", "localhost"]),
    ("other_ca", 76, "connector", "none", ["does not verify", "issuer"])])
def test_a_server_that_is_not_the_connector_is_told_nothing(
        host, certificate, status, kind, reason, facts):
    host.connector.settings(server_certificate=certificate)
    host.assert_fails(status, kind, host.connector.mtls_url, *facts, reason=reason)
    assert host.connector.calls() == []
    host.connector.settings(server_certificate="good")
    host.assert_recovers()


def test_the_systems_store_does_not_know_this_connector(host):
    host.configure(server_ca_file=None)
    host.assert_fails(76, "connector", host.connector.mtls_url, "does not verify")
    host.configure(server_ca_file=host.connector.server_ca_file)
    host.assert_recovers()


@pytest.mark.parametrize("make, said", [
    (lambda path: None, "No such file or directory"), (lambda path: path.mkdir(), "directory"),
    (lambda path: path.write_text(""), "is empty"),
    (lambda path: path.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"),
     "no PEM certificate")])
def test_a_ca_file_that_cannot_be_used_is_said_before_a_key_is_made(world, make, said):
    path = world.directory / "server-ca.pem"
    make(path)
    good = world.settings()["server_ca_file"]
    world.configure(server_ca_file=path)
    for arguments, reason in ((("renew", "--force"), "none"), (("renew", "--dry-run"), "dry_run")):
        world.assert_fails(78, "config", f"server_ca_file {path}", said, "PEM file", reason=reason,
                           arguments=arguments)
    assert world.calls("C_GenerateKeyPair") == 0
    world.configure(server_ca_file=good)
    world.assert_recovers()


def test_the_ca_of_the_clients_is_no_ca_for_the_server(host):
    host.configure(server_ca_file=host.folder / "ca-bundle.pem")
    host.assert_fails(76, "connector", host.connector.mtls_url, "does not verify")
    host.configure(server_ca_file=host.connector.server_ca_file)
    host.assert_recovers()


def test_a_session_is_never_resumed(host):
    host.assert_renews()
    assert not any(one["resumed"] for one in host.connector.connections())

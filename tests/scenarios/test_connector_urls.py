"""Where the Connector is: URLs that it names, and proxies on the way."""
import subprocess

import pytest
from mounts import in_a_mount_namespace
from relays import Proxy, Relay, TlsProxy


@pytest.fixture
def relay(connector):
    with Relay(connector.mtls_url) as relay:
        yield relay


def name(host, url):
    """What configuration returns as the certificate-secured URL."""
    host.connector.settings(connector_url=url)


def test_a_url_on_the_same_host_is_followed_once_the_probe_has_passed_through_it(host, relay):
    name(host, relay.url())
    result = host.assert_renews()
    assert result["connector_url"] == relay.url()
    assert host.generation()["connector_url"] == relay.url()
    assert relay.connections == 2  # the probe of the renewal, and that of the dry run after it
    host.assert_renews()
    assert relay.connections == 5


def test_a_url_on_another_host_is_not_followed(host, relay):
    url = relay.url("127.0.0.1")
    name(host, url)
    result = host.assert_renews()
    assert relay.connections == 0
    assert url in result.errors and "connector_hosts" in result.errors
    assert host.connector.calls("probe") != []


def test_a_url_on_a_host_of_the_list_is_followed(host, relay):
    host.configure(connector_hosts="other.example, 127.0.0.1")
    name(host, relay.url("127.0.0.1"))
    host.assert_renews()
    assert relay.connections == 2
    # Taken from the list again, it is no longer gone to.
    host.configure(connector_hosts=None)
    host.assert_renews()
    assert relay.connections == 2


def test_a_url_that_is_not_https_is_not_followed(host, relay):
    name(host, relay.url().replace("https:", "http:"))
    result = host.assert_renews()
    assert relay.connections == 0 and "http://localhost" in result.errors


@pytest.mark.parametrize("url", [
    "https://user:secret@localhost:1/", "file:///etc/passwd", "not a url", "https://",
    "https://localhost:99999/", "https://" + 1500 * "a"])
def test_a_url_that_makes_no_sense_does_not_hold_up_the_renewal(host, url):
    name(host, url)
    host.assert_renews()


def test_a_url_where_nobody_is_is_not_kept(host, relay):
    relay.close()
    name(host, relay.url())
    result = host.assert_renews()
    assert relay.url() in result.errors and host.settings()["connector_url"] in result.errors
    assert host.generation()["connector_url"] is None


def test_a_url_where_something_else_is_is_not_kept(host):
    with Relay(host.connector.token_url) as elsewhere:
        name(host, elsewhere.url())
        host.assert_renews()
        assert elsewhere.connections > 0
    assert host.generation()["connector_url"] is None


def test_a_connector_that_is_gone_where_it_said_is_looked_for_where_it_was(host, relay):
    name(host, relay.url())
    host.assert_renews()
    relay.close()
    name(host, host.settings()["connector_url"])
    result = host.run("renew", "--force")
    assert result.status == 0 and relay.url() in result.errors, result
    assert host.generation()["connector_url"] == host.settings()["connector_url"]
    host.assert_whole()


def test_the_proxy_of_the_environment_is_used(host):
    with Proxy(host.connector.mtls_url) as proxy:
        host.environment = {"https_proxy": proxy.address}
        host.assert_renews()
        port = host.connector.mtls_url.split(":")[2].split("/")[0]
        assert set(proxy.requests) == {f"CONNECT localhost:{port} HTTP/1.1"}
        assert len(host.connector.connections()) == proxy.connections
        host.environment = {}
        before = proxy.connections
        host.assert_renews()
        assert proxy.connections == before


def test_no_proxy_names_hosts_that_are_reached_without_one(host):
    with Proxy(host.connector.mtls_url) as proxy:
        host.environment = {"https_proxy": proxy.address, "no_proxy": "example.com,localhost"}
        host.assert_renews()
        assert proxy.connections == 0
    host.environment = {}


@pytest.mark.parametrize("answer, said", [
    (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407"),
    (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "403"),
    (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "503"), (b"garbage\r\n\r\n", "")])
def test_a_proxy_that_does_not_connect(host, answer, said):
    with Proxy(host.connector.mtls_url, answer) as proxy:
        host.environment = {"https_proxy": proxy.address}
        host.assert_fails(75, "network", host.connector.mtls_url, said,
                          f"the proxy that the environment names, 127.0.0.1 port {proxy.port}")
        assert host.connector.connections() == []
    host.environment = {}
    host.assert_recovers()


def test_the_password_of_a_proxy_is_not_shown(host):
    with Proxy(host.connector.mtls_url, b"HTTP/1.1 407 No\r\n\r\n") as proxy:
        host.secrets.add("pr0xy-s3cret")
        address = proxy.address.replace("//", "//user:pr0xy-s3cret@")
        host.assert_fails(75, "network", "407", https_proxy=address)
    host.assert_recovers()


@pytest.fixture
def tls_proxy(connector, tmp_path):
    """Its certificate is in `trusted.pem`."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=proxy",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem",
                    "-out", tmp_path / "trusted.pem"], check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "key.pem").read_text() + (tmp_path / "trusted.pem").read_text())
    with TlsProxy(connector.mtls_url, both, connector.ca()["gateway.pem"]) as proxy:
        yield proxy


def test_a_proxy_over_tls_does_not_get_our_certificate(host, tls_proxy, tmp_path):
    """It is verified by the system's store, which is another one for this run."""
    trusting = in_a_mount_namespace(
        f"mount --bind {tmp_path}/trusted.pem /etc/ssl/certs/ca-certificates.crt")
    host.environment = {"https_proxy": tls_proxy.address}
    result = host.run("renew", "--force", command=trusting)
    assert result.status == 0, result
    assert len(tls_proxy.shown) == 2
    assert set(tls_proxy.shown) == {None}
    host.environment = {}
    host.assert_whole()


def test_a_proxy_over_tls_that_does_not_verify_is_not_taken_for_the_connector(host, tls_proxy):
    host.environment = {"https_proxy": tls_proxy.address}
    host.assert_fails(75, "network", f"127.0.0.1 port {tls_proxy.port}",
                      "certificate")
    assert tls_proxy.shown == [] and host.connector.connections() == []
    host.environment = {}
    host.assert_recovers()

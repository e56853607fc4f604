"""Other programs use the active identity as it lies there: key.uri and chain.pem, with the engine
and with GnuTLS. (With pkcs11-provider, by key.pem: tests/compat.)"""
import os
import signal
import subprocess

import pytest
from soft_token import MODULE
from system import CHROOT, has_program, inside
from world import TIMEOUT, wait_until

QUESTION = '{"query":"query { __typename }"}'
POST = ("-H", "content-type: application/json", "-d", QUESTION)


class Consumer:
    """Another program on the host: it has the token's PIN from a file of its own."""

    def __init__(self, world):
        self.world = world
        # libp11 before 0.4.17 takes a newline for a part of the PIN.
        self.pin_file = world.directory / "pin-of-the-consumer"
        self.pin_file.write_text(world.token.pin)
        self.pin_file.chmod(0o600)
        self.environment = {**os.environ, **world.token.environment(),
                            "PKCS11_MODULE_PATH": MODULE, "GNUTLS_PIN": world.token.pin}

    @property
    def current(self):
        """Resolved once, as every consumer should."""
        return (self.world.folder / "current").resolve()

    @property
    def uri(self):
        return (self.current / "key.uri").read_text().strip()

    @property
    def uri_with_pin(self):
        return f"{self.uri}{'&' if '?' in self.uri else '?'}pin-source=file:{self.pin_file}"

    def run(self, *command, given=None):
        done = subprocess.run(inside(*command), env=self.environment, text=True, input=given,
                              capture_output=True, timeout=TIMEOUT)
        assert done.returncode == 0, done
        return done

    def assert_seen(self):
        """By the Connector, as the active identity."""
        seen = self.world.connector.connections()[-1]
        assert seen["certificate_sha256"] == self.world.sha256(), seen


@pytest.fixture
def consumer(world):
    world.connector.forget()
    return Consumer(world)


def needs(program):
    return pytest.mark.skipif(not has_program(program), reason=f"no {program} here")


def ask_by_curl(consumer):
    return consumer.run(
        "curl", "-sS", "--engine", "pkcs11", "--key-type", "ENG", "--key", consumer.uri_with_pin,
        "--cert", consumer.current / "chain.pem", "--cacert",
        consumer.world.connector.server_ca_file, *POST, consumer.world.connector.mtls_url).stdout


@needs("curl")
def test_curl_with_the_engine_before_and_after_a_renewal(consumer):
    assert "Query" in ask_by_curl(consumer)
    consumer.assert_seen()
    consumer.world.assert_renews()
    assert "Query" in ask_by_curl(consumer)
    consumer.assert_seen()


@needs("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_s_client_with_the_engine(consumer, version):
    consumer.world.connector.settings(tls_min="1.2", tls_max="1.3")
    address = consumer.world.connector.mtls_url.split("/")[2]
    shown = consumer.run(
        "openssl", "s_client", "-engine", "pkcs11", "-keyform", "engine", "-key",
        consumer.uri_with_pin, "-cert", consumer.current / "certificate.pem", "-cert_chain",
        consumer.current / "chain.pem", "-CAfile", consumer.world.connector.server_ca_file,
        "-verify_return_error", version, "-connect", address, "-servername", "localhost",
        "-quiet", given="GET / HTTP/1.0\r\n\r\n")
    assert shown.stdout.startswith("HTTP/1.1 404")
    consumer.assert_seen()


@needs("gnutls-cli")
def test_gnutls(consumer):
    host, port = consumer.world.connector.mtls_url.split("/")[2].split(":")
    shown = consumer.run(
        "gnutls-cli", "--provider", MODULE, "--x509keyfile", consumer.uri, "--x509certfile",
        consumer.current / "chain.pem", "--x509cafile", consumer.world.connector.server_ca_file,
        "-p", port, host, given="GET / HTTP/1.0\r\n\r\n")
    assert "HTTP/1.1 404" in shown.stdout
    consumer.assert_seen()


@needs("p11tool")
def test_p11tool_finds_exactly_this_key_and_it_signs(consumer):
    listed = consumer.run("p11tool", "--provider", MODULE, "--login", "--list-all", consumer.uri)
    assert listed.stdout.count("URL:") == 1 and "Private key (RSA-2048)" in listed.stdout
    signed = consumer.run("p11tool", "--provider", MODULE, "--login", "--test-sign", consumer.uri)
    assert "Verifying against public key in the token... ok" in signed.stderr


class Nginx:
    """Clear text on a socket of its own, and to the Connector as the active identity."""

    def __init__(self, consumer):
        self._consumer = consumer
        self._folder = consumer.world.directory / "nginx"
        self._folder.mkdir()
        self.socket = self._folder / "socket"
        self.write_identity()
        self._write_configuration()

    def write_identity(self):
        """What a hook_renewed writes: the URI names the key, and is another after a renewal."""
        (self._folder / "identity.conf").write_text(
            f"proxy_ssl_certificate {self._consumer.current}/chain.pem;\n"
            f'proxy_ssl_certificate_key "engine:pkcs11:{self._consumer.uri_with_pin}";\n')

    def _write_configuration(self):
        connector = self._consumer.world.connector
        paths = "".join(f"{name}_temp_path {self._folder}/{name};\n" for name in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""
        (self._folder / "nginx.conf").write_text(
            f"daemon off; {user} pid {self._folder}/nginx.pid; error_log {self._folder}/log;\n"
            "ssl_engine pkcs11; env SOFTHSM2_CONF; env PKCS11_MODULE_PATH;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{paths}"
            f"server {{\nlisten unix:{self.socket};\nlocation / {{\n"
            f"proxy_pass {connector.mtls_url};\nproxy_ssl_name localhost;\n"
            f"proxy_ssl_trusted_certificate {connector.server_ca_file};\n"
            f"proxy_ssl_verify on;\nproxy_ssl_session_reuse off;\n"
            f"proxy_ssl_protocols TLSv1.2 TLSv1.3;\n"  # that of Debian 12 would stop at 1.2
            f"include {self._folder}/identity.conf;\n}}\n}}\n}}\n")

    def __enter__(self):
        command = inside("nginx", "-p", self._folder, "-c", self._folder / "nginx.conf")
        tested = subprocess.run([*command, "-t"], env=self._consumer.environment, text=True,
                                capture_output=True)
        # That of Debian 13 loads by the engine what it has not initialised.
        if CHROOT and "ENGINE_load_private_key() failed" in tested.stderr:
            pytest.skip("nginx of this system does not load keys by the engine")
        self._process = subprocess.Popen(command, env=self._consumer.environment,
                                         stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(TIMEOUT)

    def ask(self):
        done = subprocess.run(["curl", "-sS", "--unix-socket", self.socket, *POST,
                               "http://localhost/"], text=True, capture_output=True)
        return done.stdout

    def reload(self):
        self._process.send_signal(signal.SIGHUP)


@needs("nginx")
def test_nginx_connects_as_the_active_identity_and_after_a_reload_as_the_next(consumer):
    with Nginx(consumer) as nginx:
        wait_until(lambda: "Query" in nginx.ask())
        consumer.assert_seen()
        assert consumer.world.run("renew", "--force").status == 0
        nginx.write_identity()
        nginx.reload()
        new = consumer.world.sha256()
        wait_until(lambda: "Query" in nginx.ask() and new in {
            one["certificate_sha256"] for one in consumer.world.connector.connections()[-1:]})
        consumer.assert_seen()

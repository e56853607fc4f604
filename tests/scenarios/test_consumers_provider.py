"""key.pem is read by OpenSSL programs through pkcs11-provider, which Debian 12 does not have: run
where it is, or by tests/compat."""
import os
import subprocess

import pytest
from soft_token import MODULE
from system import SYSTEM, inside
from world import TIMEOUT

pytestmark = pytest.mark.skipif(not any(SYSTEM.glob("usr/lib/*/ossl-modules/pkcs11.so")),
                                reason="no pkcs11-provider here")

CONFIGURATION = """openssl_conf = init
[init]
providers = providers
[providers]
default = on
pkcs11 = token
[on]
activate = 1
[token]
activate = 1
pkcs11-module-path = {module}
pkcs11-module-token-pin = file:{pin}
pkcs11-module-quirks = no-deinit
"""


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_openssl_s_client_reads_key_pem_before_and_after_a_renewal(world, version):
    world.connector.settings(tls_min=version, tls_max=version)
    pin = world.directory / "pin-of-the-consumer"
    pin.write_text(world.token.pin)
    pin.chmod(0o600)
    configuration = world.directory / "openssl.cnf"
    configuration.write_text(CONFIGURATION.format(module=MODULE, pin=pin))
    address = world.connector.mtls_url.split("/")[2]
    for _ in range(2):
        current = (world.folder / "current").resolve()
        done = subprocess.run(
            inside("openssl", "s_client", "-key", current / "key.pem",
                   "-cert", current / "certificate.pem", "-cert_chain", current / "chain.pem",
                   "-CAfile", world.connector.server_ca_file, "-verify_return_error",
                   "-connect", address, "-servername", "localhost", "-quiet"),
            input="GET / HTTP/1.0\r\n\r\n", text=True, capture_output=True, timeout=TIMEOUT,
            env={**os.environ, **world.token.environment(), "OPENSSL_CONF": str(configuration)})
        assert done.stdout.startswith("HTTP/1.1 404"), done
        assert world.connector.connections()[-1]["certificate_sha256"] == world.sha256()
        assert world.run("renew", "--force").status == 0

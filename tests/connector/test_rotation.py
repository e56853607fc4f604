"""CAs that change, secrets that are broken, and what a restart keeps."""
import base64
import json
import os
import signal
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import certificates
import pem
import visitor
from client import StandIn
from visitor import PROBE, SIGN, alert_of, ask, csr, enrol, obtain, rejected


@pytest.fixture(name="own")
def own_fixture(tmp_path):
    """A stand-in of the test's own, started with the given options."""
    started = []

    def start(*options):
        started.append(StandIn(tmp_path / "own", *options).start())
        return started[-1]
    yield start
    for stand_in in started:
        stand_in.stop()


def issuers(connector, identity):
    """(DER of the CA that comes with a new certificate, number of certificates in the chain)"""
    request = csr(identity.key, connector.token()["client_id"])
    result = ask(connector, SIGN, identity.file, {"csr": request}).result
    return (pem.first_block(base64.b64decode(result["caCertificate"])),
            len(list(pem.blocks(base64.b64decode(result["certificateChain"])))))


def test_a_new_ca_with_the_same_key_is_taken_over_after_the_lag(own, tmp_path):
    connector = own("--ca-lag", 3600)
    old = enrol(connector, tmp_path)
    before, _ = issuers(connector, old)
    connector.ca(signer="same_key", gateway="new", reload=False)
    assert issuers(connector, old)[0] == before
    connector.settings(ca_lag=0.1)
    limit = time.monotonic() + 5
    while issuers(connector, old)[0] == before:
        assert time.monotonic() < limit
        time.sleep(0.05)
    assert ask(connector, PROBE, old.file).status == 200  # same name, same key


def test_a_new_ca_with_a_new_key_makes_the_old_certificate_unknown(own, tmp_path):
    connector = own()
    old = enrol(connector, tmp_path)
    connector.ca(signer="new_key", gateway="both")
    new = obtain(connector, tmp_path, connector.token()["client_id"], old.file)
    assert ask(connector, PROBE, old.file).status == ask(connector, PROBE, new.file).status == 200
    connector.ca(gateway="new")
    assert alert_of(lambda: ask(connector, PROBE, old.file)) == "unknown_ca"
    assert ask(connector, PROBE, new.file).status == 200
    connector.ca(gateway="old")
    assert alert_of(lambda: ask(connector, PROBE, new.file)) == "unknown_ca"
    connector.ca(signer="previous")
    assert ask(connector, PROBE, old.file).status == 200


@pytest.mark.parametrize("files, message", [
    ({"ca_crt": "x"}, "Error while decoding pem block"),
    ({"ca_key": "x"}, "Error while decoding pem block."),
    ({"ca_key": certificates.key_pem(visitor.new_key()).decode()},
     "x509: provided PrivateKey doesn't match parent's PublicKey"),
    ({"ca_key": certificates.key_pem(ec.generate_private_key(
        ec.SECP256R1())).decode()}, "internal system error")])
def test_a_half_edited_secret_fails_as_the_real_one_does(own, tmp_path, files, message):
    connector = own()
    identity = enrol(connector, tmp_path)
    connector.ca(signer="same_key")
    connector.ca(**files)
    request = csr(identity.key, connector.token()["client_id"])
    assert ask(connector, SIGN, identity.file, {"csr": request}).message.endswith(message)
    connector.ca(signer="previous")
    assert ask(connector, SIGN, identity.file, {"csr": request}).result


def test_an_intermediate_ca_needs_the_chain_and_the_root_can_be_attached(own, tmp_path):
    connector = own("--intermediate", "--attach-root")
    identity = enrol(connector, tmp_path)
    assert issuers(connector, identity)[1] == 3
    assert ask(connector, PROBE, identity.file).status == 200
    alone = visitor.save(tmp_path / "alone.pem", identity.key,
                         certificates.certificate_pem(identity.leaf))
    assert alert_of(lambda: ask(connector, PROBE, alone)) == "unknown_ca"


def test_a_ca_without_basic_constraints_signs_and_is_trusted(own, tmp_path):
    connector = own()
    connector.settings(ca_without_basic_constraints=True)
    identity = enrol(connector, tmp_path)
    ca = x509.load_der_x509_certificate(issuers(connector, identity)[0])
    assert all(one.oid != x509.BasicConstraints.oid for one in ca.extensions)


def test_a_restart_keeps_keys_ports_clients_and_revocations(own, tmp_path):
    connector = own()
    good = enrol(connector, tmp_path, "a-client")
    bad = obtain(connector, tmp_path, "a-client", good.file)
    connector.revoke(bad.sha256)
    url = connector.mtls_url
    connector.stop()
    connector.start()
    assert connector.mtls_url == url
    assert ask(connector, PROBE, good.file).status == 200
    assert rejected(ask(connector, PROBE, bad.file))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_though_a_call_is_stalled(own, number):
    connector = own()
    connector.fault("any", "stall")
    token = {"Connector-Token": connector.token()["token"]}
    ended = []
    stalled = threading.Thread(target=lambda: ended.append(
        ask(connector, PROBE, headers=token).ended))
    stalled.start()
    while not connector.calls():
        time.sleep(0.01)
    started = time.monotonic()
    os.kill(connector.pid, number)
    stalled.join(5)
    connector.stop()
    assert time.monotonic() - started < 1 and ended
    assert "ready.json" not in os.listdir(connector.directory)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(connector.inner_url).port))


def secret_file(path, **data):
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Secret", "data": {
        name.replace("_", "."): base64.b64encode(value).decode() for name, value in data.items()}}))
    return path


def test_ca_and_trust_come_from_secrets_each_after_its_own_lag(own, tmp_path):
    def pair():
        key = rsa.generate_private_key(65537, 2048)
        ca = certificates.make_ca(certificates.name("CN=Kyma"), key, 86400)
        return certificates.certificate_pem(ca), certificates.key_pem(key)

    (old, old_key), (new, new_key) = pair(), pair()
    signer = secret_file(tmp_path / "signer.json", ca_crt=old, ca_key=old_key)
    gateway = secret_file(tmp_path / "gateway.json", cacert=old)
    connector = own("--signer-secret", signer, "--gateway-secret", gateway,
                    "--ca-lag", 3600, "--gateway-lag", 3600)
    identity = enrol(connector, tmp_path)
    assert issuers(connector, identity)[0] == pem.first_block(old)
    secret_file(signer, ca_crt=new, ca_key=new_key)
    secret_file(gateway, cacert=new)
    assert issuers(connector, identity)[0] == pem.first_block(old)
    connector.look("signer")
    assert issuers(connector, identity)[0] == pem.first_block(new)
    connector.settings(gateway_lag=0.05)
    limit = time.monotonic() + 10

    def unknown():
        return alert_of(lambda: ask(connector, PROBE, identity.file)) == "unknown_ca"

    while not unknown():
        assert time.monotonic() < limit
        time.sleep(0.05)
    gateway.write_text("half of a Secret")
    connector.look("gateway")
    assert unknown()  # what cannot be read changes nothing

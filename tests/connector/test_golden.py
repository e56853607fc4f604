"""Replays recordings of the real Connector (golden.jsonl) against the stand-in's inner side.

Status, content type and response are compared byte for byte, certificates part by part. What must
differ is listed in DIFFERENCES; a listed difference that is none any more fails too.
"""
import base64
import http.client
import json
import pathlib
import re
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

import certificates
import der
import pem
from client import StandIn

GOLDEN = pathlib.Path(__file__).with_name("golden.jsonl")
RECORDINGS = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
CLIENT_ID = "4f1c-cn"
TBS_PARTS = ("version", "serial", "algorithm", "issuer", "validity", "subject", "key", "extensions")
FIELD = re.compile(r'"(certificateChain|caCertificate|clientCertificate)":"([^"]*)"')

# The key of the recorded CA is not ours, so we sign with another under the same name and key
# identifier; and we sign today. Everything else in the recordings is answered byte for byte.
LEAF = {"leaf validity": "notBefore is the moment of signing",
        "leaf signature": "signed by another key, at another time"}
CA = {"CA validity": "the recorded CA will have expired one day",
      "CA key": "the recorded CA's private key is not known",
      "CA signature": "signed by another root, which is not part of the answer"}
DIFFERENCES = {
    **{one["name"]: {**LEAF, **CA} for one in RECORDINGS
       if '"certificateChain":' in (one.get("response") or "")},
    **{one["name"]: LEAF for one in RECORDINGS
       if '{"clientCertificate":' in (one.get("response") or "")}}


def recorded_ca():
    for one in RECORDINGS:
        for field, value in FIELD.findall(one.get("response") or ""):
            if field == "caCertificate":
                return x509.load_der_x509_certificate(pem.first_block(base64.b64decode(value)))
    raise AssertionError("no CA in the recordings")


def write_like(recorded, directory):
    """ca.crt and ca.key: the recorded CA with a key of our own, valid today."""
    key = rsa.generate_private_key(65537, 2048)
    root_key = rsa.generate_private_key(65537, 2048)
    builder = (x509.CertificateBuilder().subject_name(recorded.subject)
               .issuer_name(recorded.issuer).serial_number(recorded.serial_number)
               .public_key(key.public_key()).not_valid_before(certificates.now())
               .not_valid_after(certificates.now() + certificates.seconds(86400)))
    for extension in recorded.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    certificate = builder.sign(root_key, hashes.SHA256())
    (directory / "ca.crt").write_bytes(certificates.certificate_pem(certificate))
    (directory / "ca.key").write_bytes(certificates.key_pem(key))


@pytest.fixture(scope="module", name="connector")
def connector_fixture(tmp_path_factory):
    directory = tmp_path_factory.mktemp("connector")
    write_like(recorded_ca(), directory)
    with StandIn(directory, "--client-id", CLIENT_ID) as stand_in:
        stand_in.settings(minted_token="ott-1234", director_url="https://d/director/graphql",
                          connector_url="https://c/connector/graphql")
        yield stand_in


def replay(connector, recording):
    """(status, content type, response); (None, None, None) if the connection was closed."""
    host = connector.inner_url.split("/")[2]
    connection = http.client.HTTPConnection(host, timeout=10)
    try:
        body = recording.get("body")
        connection.request(recording["method"], recording["path"],
                           None if body is None else body.encode(), recording["headers"])
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()
    except http.client.RemoteDisconnected:
        return None, None, None
    finally:
        connection.close()


def parts(certificate):
    """{part: DER} of a DER certificate."""
    signed, algorithm, signature = der.read(certificate)[0].children()
    named = dict(zip(TBS_PARTS, (one.whole for one in signed.children())))
    return {**named, "outer algorithm": algorithm.whole, "signature": signature.whole}


def blocks(text):
    """DER of the certificates, which must be encoded exactly as Go does."""
    data = base64.b64decode(text, validate=True)
    found = list(pem.blocks(data))
    assert data == b"".join(map(pem.encode, found))
    return found


def certificate_differences(field, recorded, received):
    found, recorded, received = set(), blocks(recorded), blocks(received)
    if len(recorded) != len(received):
        return {f"{field} length"}
    for position, pair in enumerate(zip(recorded, received)):
        called = "leaf" if field != "caCertificate" and position == 0 else "CA"
        old, new = map(parts, pair)
        found |= {f"{called} {part}" for part in set(old) | set(new)
                  if old.get(part) != new.get(part)}
    return found


def differences(recording, received):
    """Names of what differs."""
    status, content_type, response = received
    recorded = recording.get("response")
    found = set()
    if status != recording["status"]:
        found.add("status")
    if content_type != recording.get("content_type"):
        found.add("content type")
    if response == recorded:
        return found
    if None in (response, recorded) or FIELD.sub(r'"\1"', response) != FIELD.sub(r'"\1"', recorded):
        return found | {"response"}
    for (field, old), (_, new) in zip(FIELD.findall(recorded), FIELD.findall(response)):
        found |= certificate_differences(field, old, new)
    return found


@pytest.mark.parametrize("recording", RECORDINGS, ids=[one["name"] for one in RECORDINGS])
def test_the_answer_is_that_of_the_real_connector(connector, recording):
    received = replay(connector, recording)
    assert differences(recording, received) == set(DIFFERENCES.get(recording["name"], {})), received


def issued(response):
    return [x509.load_der_x509_certificate(one) for one in
            blocks(dict(FIELD.findall(response))["certificateChain"])]


def recording_of(name):
    return next(one for one in RECORDINGS if one["name"] == name)


def test_a_leaf_is_valid_from_now_for_as_long_as_the_recorded_one(connector):
    before = certificates.now().replace(tzinfo=None)
    leaf = issued(replay(connector, recording_of("sign ok"))[2])[0]
    recorded = issued(recording_of("sign ok")["response"])[0]
    assert leaf.not_valid_after - leaf.not_valid_before == \
        recorded.not_valid_after - recorded.not_valid_before
    assert before <= leaf.not_valid_before <= certificates.now().replace(tzinfo=None)


@pytest.mark.parametrize("name", [name for name, listed in DIFFERENCES.items() if listed != LEAF])
def test_a_leaf_is_signed_by_the_ca_that_comes_with_it(connector, name, tmp_path):
    leaf, ca = issued(replay(connector, recording_of(name))[2])
    (tmp_path / "ca.pem").write_bytes(certificates.certificate_pem(ca))
    # Level 0: the real Connector signs requests with SHA-1 and 1024 bits too.
    verified = subprocess.run(
        ["openssl", "verify", "-partial_chain", "-purpose", "sslclient", "-auth_level", "0",
         "-CAfile", tmp_path / "ca.pem"],
        input=certificates.certificate_pem(leaf), capture_output=True, check=False)
    assert verified.returncode == 0, verified.stderr


def test_every_recording_is_there():
    assert len({one["name"] for one in RECORDINGS}) == 85

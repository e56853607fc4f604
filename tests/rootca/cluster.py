"""The two Secrets as kubectl prints them, and root-ca run on them."""
import base64
import datetime
import functools
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("RENEWAL_AGENT_BUILD", ROOT / "build")) / "root-ca"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
PEM = serialization.Encoding.PEM
TIMEOUT = 60


def new_key(bits=2048):
    return rsa.generate_private_key(65537, bits)


@functools.cache
def shared_key():
    """For tests that do not mind that others have it too: making one takes long."""
    return new_key()


def key_pem(key, encryption=None):
    return key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                             encryption or serialization.NoEncryption())


def new_ca(key, subject="Kyma", days=92, begins=None, identifier=None, issuer=None):
    """As the Connector makes one: serial number 2. `identifier`: its SKI, else a SHA-1. `issuer`: the
    certificate and the key of the CA above it."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    begins = begins or datetime.datetime.utcnow().replace(microsecond=0) - datetime.timedelta(1)
    public = key.public_key()
    ski = x509.SubjectKeyIdentifier(identifier) if identifier else \
        x509.SubjectKeyIdentifier.from_public_key(public)
    above, signs = (issuer[0].subject, issuer[1]) if issuer else (name, key)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(above).public_key(public)
    return (builder.serial_number(2).not_valid_before(begins)
            .not_valid_after(begins + datetime.timedelta(days))
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(ski, False).sign(signs, hashes.SHA256()))


def secret(name, namespace, data, **metadata):
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": name, "namespace": namespace, "resourceVersion": "4711",
                         "uid": "b1c2", "managedFields": [{"manager": "kubectl"}],
                         "labels": {"app": "connector"}, **metadata},
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()}}


def signer_secret(certificate, key, **metadata):
    return secret("connector-service-app-ca", "kyma-integration",
                  {"ca.crt": certificate.public_bytes(PEM), "ca.key": key_pem(key)}, **metadata)


def gateway_secret(*certificates, key="cacert", **metadata):
    return secret("kyma-gateway-certs-cacert", "istio-system",
                  {key: b"".join(each.public_bytes(PEM) for each in certificates)}, **metadata)


def data_of(a_secret, key):
    return base64.b64decode(a_secret["data"][key], validate=True)


def certificates_of(a_secret, key):
    pem = data_of(a_secret, key)
    return [x509.load_pem_x509_certificate(b"-----BEGIN" + each)
            for each in pem.split(b"-----BEGIN")[1:]]


def sha256(certificate):
    return certificate.fingerprint(hashes.SHA256()).hex()


@dataclass
class Result:
    status: int
    output: str
    errors: str

    @property
    def secrets(self):
        """By name, in their order."""
        listed = json.loads(self.output)
        assert (listed["apiVersion"], listed["kind"]) == ("v1", "List")
        return {each["metadata"]["name"]: each for each in listed["items"]}


def root_ca(*arguments, secrets=(), text=None):
    if text is None:
        text = "\n".join(json.dumps(each, indent=4) for each in secrets)
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=text, text=True,
                          capture_output=True, timeout=TIMEOUT)
    return Result(done.returncode, done.stdout, done.stderr)


class Cluster:
    """What is in it; apply() is `kubectl replace -f -`."""

    def __init__(self, signer, gateway):
        self.secrets = {each["metadata"]["name"]: each for each in (signer, gateway)}

    @classmethod
    def fresh(cls, **ca):
        key = shared_key()
        certificate = new_ca(key, **ca)
        return cls(signer_secret(certificate, key), gateway_secret(certificate))

    def run(self, *arguments):
        return root_ca(*arguments, secrets=self.secrets.values())

    def replace(self, secrets):
        for name, each in secrets.items():
            assert each["metadata"]["resourceVersion"] == \
                self.secrets[name]["metadata"]["resourceVersion"], "a conflict"
            version = int(each["metadata"]["resourceVersion"]) + 1
            each["metadata"]["resourceVersion"] = str(version)
            self.secrets[name] = each

    def rotate(self, reason, *arguments):
        result = self.run("rotate", "--reason", reason, *(arguments or ("--days", "365")))
        assert result.status == 0, result
        return result.secrets

    @property
    def signer(self):
        return self.secrets["connector-service-app-ca"]

    @property
    def gateway(self):
        return self.secrets["kyma-gateway-certs-cacert"]

    @property
    def ca(self):
        [certificate] = certificates_of(self.signer, "ca.crt")
        return certificate

    @property
    def key(self):
        return serialization.load_pem_private_key(data_of(self.signer, "ca.key"), None)

    @property
    def trusted(self):
        return certificates_of(self.gateway, "cacert")

    def stage(self):
        result = self.run("inspect", "--json")
        assert result.status == 0, result
        return json.loads(result.output)["stage"]

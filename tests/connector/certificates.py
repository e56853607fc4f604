"""Making certificates: keys, CAs, server certificates, and leaves as Go's x509 writes them."""
import datetime
import hashlib
import ipaddress
import os
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

import der
import names

KEY_USAGE, EXTENDED_KEY_USAGE, AUTHORITY_KEY_IDENTIFIER = (
    der.oid("2.5.29.15"), der.oid("2.5.29.37"), der.oid("2.5.29.35"))
CLIENT_AUTH, SERVER_AUTH = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"
SERIAL = 2  # the real Connector's, always


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def seconds(count):
    return datetime.timedelta(seconds=count)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def certificate_pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def certificate_der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def write_file(path, data, mode=0o600):
    """By rename, so that a reader never sees half of it."""
    handle = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.rename(f"{path}.new", path)


@dataclass
class Leaf:
    """What a leaf is made from. A fault changes it before it is signed."""
    subject: dict
    public_key_info: bytes
    not_before: datetime.datetime
    not_after: datetime.datetime
    issuer: bytes                 # DER name
    issuer_key_identifier: bytes  # or None: no AKI
    signing_key: rsa.RSAPrivateKey
    algorithm: bytes              # DER AlgorithmIdentifier, that of the request
    padding: padding.AsymmetricPadding
    hash: hashes.HashAlgorithm
    digital_signature: bool = True
    extended_key_usages: tuple = (CLIENT_AUTH,)

    def sign(self):
        """The DER certificate."""
        signed = der.tlv(
            der.SEQUENCE, der.tlv(0xA0, der.integer(2)), der.integer(SERIAL), self.algorithm,
            self.issuer, der.tlv(der.SEQUENCE, der.time(self.not_before), der.time(self.not_after)),
            names.encode(self.subject), self.public_key_info,
            der.tlv(0xA3, der.tlv(der.SEQUENCE, *self._extensions())))
        signature = self.signing_key.sign(signed, self.padding, self.hash)
        return der.tlv(der.SEQUENCE, signed, self.algorithm, der.bit_string(signature))

    def _extensions(self):
        if self.digital_signature:
            yield der.tlv(der.SEQUENCE, KEY_USAGE, der.tlv(der.BOOLEAN, b"\xff"),
                          der.tlv(der.OCTET_STRING, der.tlv(der.BIT_STRING, b"\x07\x80")))
        if self.extended_key_usages:
            usages = der.tlv(der.SEQUENCE, *map(der.oid, self.extended_key_usages))
            yield der.tlv(der.SEQUENCE, EXTENDED_KEY_USAGE, der.tlv(der.OCTET_STRING, usages))
        if self.issuer_key_identifier:
            identifier = der.tlv(der.SEQUENCE, der.tlv(0x80, self.issuer_key_identifier))
            yield der.tlv(der.SEQUENCE, AUTHORITY_KEY_IDENTIFIER,
                          der.tlv(der.OCTET_STRING, identifier))


def subject_of(data):
    """The DER name of a DER certificate, byte for byte."""
    fields = der.read(data)[0].children()[0].children()
    return fields[5 if fields[0].tag == 0xA0 else 4]


def public_key_info(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


def name(text):
    """An x509.Name of O=a,CN=b (no escapes: for the names of CAs only)."""
    attributes = {"O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
                  "CN": NameOID.COMMON_NAME, "C": NameOID.COUNTRY_NAME,
                  "L": NameOID.LOCALITY_NAME, "ST": NameOID.STATE_OR_PROVINCE_NAME}
    pairs = (part.split("=", 1) for part in text.split(","))
    return x509.Name([x509.NameAttribute(attributes[kind], value) for kind, value in pairs])


def make_ca(subject, key, lifetime, issuer=None, issuer_key=None, starts=None,
            basic_constraints=True, serial=SERIAL):
    """A CA certificate as the setup job of the real installation makes it."""
    starts = starts or now()
    builder = (x509.CertificateBuilder().serial_number(serial)
               .subject_name(subject).issuer_name(issuer.subject if issuer else subject)
               .public_key(key.public_key())
               .not_valid_before(starts).not_valid_after(starts + seconds(lifetime))
               .add_extension(x509.KeyUsage(True, False, True, False, False, True, False,
                                            False, False), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
    if basic_constraints:
        builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    return builder.sign(issuer_key or key, hashes.SHA256())


def make_server(issuer, issuer_key, hosts=("localhost",), starts=None, lifetime=825 * 86400):
    """(certificate, key): P-256, because the stand-in must not cost the bench time."""
    key = ec.generate_private_key(ec.SECP256R1())
    starts = starts or now() - seconds(3600)
    alternatives = [x509.DNSName(host) for host in hosts]
    if "localhost" in hosts:
        alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    certificate = (x509.CertificateBuilder().serial_number(x509.random_serial_number())
                   .subject_name(name(f"CN={hosts[0]}")).issuer_name(issuer.subject)
                   .public_key(key.public_key())
                   .not_valid_before(starts).not_valid_after(starts + seconds(lifetime))
                   .add_extension(x509.SubjectAlternativeName(alternatives), False)
                   .add_extension(x509.BasicConstraints(False, None), True)
                   .add_extension(x509.ExtendedKeyUsage(
                       [x509.ObjectIdentifier(SERVER_AUTH)]), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       issuer_key.public_key()), False)
                   .sign(issuer_key, hashes.SHA256()))
    return certificate, key

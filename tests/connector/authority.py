"""The client CA: its secret in files, read again only now and then, and what it signs.

ca.crt, ca.key      the signer's secret
root.crt, root.key  only with an intermediate CA
gateway.pem         the CAs whose client certificates the gateway accepts
"""
import os
import threading

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

import certificates
import pem
from signing_request import SIGNING, Refused

CA_LIFETIME = 92 * 86400


class Secret:
    """ca.crt and ca.key as they were when they were read."""

    def __init__(self, certificate_file, key_file):
        self.data = pem.first_block(certificate_file)
        key = pem.first_block(key_file)
        self.key = self.problem = None
        if self.data is None:
            self.problem = SIGNING + "Error while decoding pem block"
        elif key is None:
            self.problem = SIGNING + "Error while decoding pem block."
        else:
            self._load(key)

    def _load(self, key):
        self.key = load_der_private_key(key, None)
        if not isinstance(self.key, rsa.RSAPrivateKey):
            self.problem = "internal system error"
            return
        certificate = x509.load_der_x509_certificate(self.data)
        if certificate.public_key().public_numbers() != self.key.public_key().public_numbers():
            self.problem = (SIGNING + "Error while creating certificate: x509: provided "
                            "PrivateKey doesn't match parent's PublicKey")
        self.issuer = certificates.subject_of(self.data).whole
        try:
            self.key_identifier = certificate.extensions.get_extension_for_class(
                x509.SubjectKeyIdentifier).value.digest
        except x509.ExtensionNotFound:
            self.key_identifier = None


class Authority:
    def __init__(self, directory, settings, key_bits=2048, intermediate=False):
        self._directory, self._settings, self._key_bits = directory, settings, key_bits
        self._wake, self._stopped = threading.Event(), False
        if not os.path.exists(self.path("ca.crt")) or self._expired():
            self._make(intermediate)
        if not os.path.exists(self.path("gateway.pem")):
            self.trust_ca()
        self.reload()

    def path(self, name):
        return os.path.join(self._directory, name)

    def write(self, name, data):
        certificates.write_file(self.path(name), data, 0o600 if name.endswith(".key") else 0o644)

    def _read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def read_text(self, name):
        return self._read(name).decode("utf-8", "replace")

    def new_key(self):
        return rsa.generate_private_key(65537, self._key_bits)

    def _expired(self):
        data = pem.first_block(self._read("ca.crt"))
        if data is None:
            return False
        return x509.load_der_x509_certificate(data).not_valid_after <= \
            certificates.now().replace(tzinfo=None)

    def _make(self, intermediate):
        for name in ("gateway.pem", "root.crt", "root.key"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        if intermediate:
            root_key = self.new_key()
            root = certificates.make_ca(certificates.name("CN=Kyma Root"), root_key, CA_LIFETIME)
            self.write("root.key", certificates.key_pem(root_key))
            self.write("root.crt", certificates.certificate_pem(root))
        name = "O=Kyma,CN=connector-ca" if intermediate else "CN=Kyma"
        self._install(certificates.name(name), self.new_key(), CA_LIFETIME)

    def _install(self, subject, key, lifetime, **more):
        """Writes a CA certificate for this key into the signer's secret."""
        certificate = self.make_ca(subject, key, lifetime, **more)
        self.write("ca.crt", certificates.certificate_pem(certificate))
        self.write("ca.key", certificates.key_pem(key))

    def make_ca(self, subject, key, lifetime, **more):
        """A CA certificate by the root if there is one, else self-signed."""
        issuer = issuer_key = None
        if os.path.exists(self.path("root.key")):
            issuer = x509.load_pem_x509_certificate(self._read("root.crt"))
            issuer_key = load_pem_private_key(self._read("root.key"), None)
        return certificates.make_ca(
            subject, key, lifetime, issuer, issuer_key,
            basic_constraints=not self._settings.ca_without_basic_constraints, **more)

    def expired_ca(self, ago):
        """The issuing CA's name and key in a certificate that ended some seconds ago (DER)."""
        secret = self._secret
        starts = certificates.now() - certificates.seconds(ago + 3600)
        subject = x509.load_der_x509_certificate(secret.data).subject
        return certificates.certificate_der(self.make_ca(subject, secret.key, 3600, starts=starts))

    def reload(self):
        """As the real Connector's loader does once a minute; a failed read changes nothing."""
        try:
            self._secret = Secret(self._read("ca.crt"), self._read("ca.key"))
        except (OSError, ValueError):
            pass

    def run_loader(self):
        while not self._stopped:
            if not self._wake.wait(self._settings.ca_lag):
                self.reload()
            self._wake.clear()

    def lag_changed(self):
        self._wake.set()

    def stop(self):
        self._stopped = True
        self._wake.set()

    def rotate(self, signer, subject=None, lifetime=None):
        """signer: same_key or new_key. The old files stay as old-ca.crt and old-ca.key."""
        old, old_key = self._read("ca.crt"), self._read("ca.key")
        self.write("old-ca.crt", old)
        self.write("old-ca.key", old_key)
        key = self.new_key() if signer == "new_key" else load_pem_private_key(old_key, None)
        named = certificates.name(subject) if subject else \
            x509.load_pem_x509_certificate(old).subject
        # Two certificates of one second would else be one and the same.
        self._install(named, key, lifetime or CA_LIFETIME, serial=x509.random_serial_number())

    def restore(self):
        """The secret before the last rotation."""
        for name in ("ca.crt", "ca.key"):
            self.write(name, self._read("old-" + name))

    def trust(self, which):
        """The gateway's CAs: old, new or both (old first, as the merged secret has them)."""
        files = {"old": ["old-ca.crt"], "new": ["ca.crt"], "both": ["old-ca.crt", "ca.crt"]}[which]
        self.write("gateway.pem", b"".join(map(self._read, files)))

    def trust_ca(self):
        """As after the installation: the root if there is one, else the CA."""
        root = os.path.exists(self.path("root.crt"))
        self.write("gateway.pem", self._read("root.crt" if root else "ca.crt"))

    def trusted(self):
        return self._read("gateway.pem")

    def leaf(self, request):
        """What the Connector signs for this request; not yet signed."""
        secret = self._secret
        if secret.problem:
            raise Refused(secret.problem)
        starts = certificates.now() + certificates.seconds(self._settings.not_before_offset)
        return certificates.Leaf(
            subject=request.subject, public_key_info=request.public_key_info,
            not_before=starts,
            not_after=starts + certificates.seconds(self._settings.validity_seconds),
            issuer=secret.issuer, issuer_key_identifier=secret.key_identifier,
            signing_key=secret.key, algorithm=request.algorithm, hash=request.hash,
            padding=request.pss_padding() if request.is_pss else padding.PKCS1v15())

    def returned_cas(self):
        """DER: the issuing CA, then the gateway's first CA if it is to be attached as the root."""
        cas = [self._secret.data]
        if self._settings.attach_root:
            cas.append(pem.first_block(self.trusted()))
        return cas

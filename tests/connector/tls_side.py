"""TLS as the gateway ends it: with client certificates required, or without."""
import os
import threading

from OpenSSL import SSL, crypto
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import certificates
import names
import pem
from streams import TlsStream

VERSIONS = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}

# Which verification error makes OpenSSL send which alert (ssl_x509err2alert).
ALERTS = {"unknown_ca": 20, "bad_certificate": 28, "certificate_revoked": 23,
          "certificate_expired": 10, "unsupported_certificate": 26, "certificate_unknown": 24,
          "decrypt_error": 7, "handshake_failure": 50, "internal_error": 1}

SERVER_CA_LIFETIME = 10 * 365 * 86400


class HandshakeFailed(Exception):
    """Why, in OpenSSL's words."""


class TlsSide:
    def __init__(self, authority, settings):
        self._authority, self._settings = authority, settings
        self._handshaking = threading.local()
        self._verify = SSL._ffi.callback("int(int, X509_STORE_CTX *)", self._verified)
        self._make_server_ca()
        self.rebuild()

    def _make_server_ca(self):
        if os.path.exists(self._authority.path("server.crt")):
            return
        key = ec.generate_private_key(ec.SECP256R1())
        ca = certificates.make_ca(certificates.name("CN=Server CA of the stand-in"), key,
                                  SERVER_CA_LIFETIME,
                                  starts=certificates.now() - certificates.seconds(86400))
        self._authority.write("server-ca.key", certificates.key_pem(key))
        self._authority.write("server-ca.crt", certificates.certificate_pem(ca))
        certificate, server_key = certificates.make_server(ca, key)
        self._authority.write("server.key", certificates.key_pem(server_key))
        self._authority.write("server.crt", certificates.certificate_pem(certificate))

    def _server_pair(self):
        """(certificate, key) as PEM."""
        with open(self._authority.path("server-ca.crt"), "rb") as file:
            ca = x509.load_pem_x509_certificate(file.read())
        with open(self._authority.path("server-ca.key"), "rb") as file:
            ca_key = load_pem_private_key(file.read(), None)
        kind, day = self._settings.server_certificate, 86400
        if kind == "good":
            with open(self._authority.path("server.crt"), "rb") as certificate, \
                    open(self._authority.path("server.key"), "rb") as key:
                return certificate.read(), key.read()
        if kind == "other_ca":
            ca_key = ec.generate_private_key(ec.SECP256R1())
            ca = certificates.make_ca(certificates.name("CN=Another CA"), ca_key, day)
        # "ends_soon" differs from a good one in its day only
        hosts = ("elsewhere.example",) if kind == "wrong_host" else ("localhost",)
        starts = {"expired": certificates.now() - certificates.seconds(2 * day),
                  "not_yet_valid": certificates.now() + certificates.seconds(day)}.get(kind)
        certificate, key = certificates.make_server(ca, ca_key, hosts, starts, day)
        return certificates.certificate_pem(certificate), certificates.key_pem(key)

    def rebuild(self):
        """Takes over settings and trusted CAs for connections to come, and ends TLS sessions."""
        certificate, key = self._server_pair()
        self._contexts = {"token": self._context(certificate, key),
                          "mtls": self._context(certificate, key)}
        self._require_certificates(self._contexts["mtls"])

    def _context(self, certificate, key):
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate(crypto.load_certificate(crypto.FILETYPE_PEM, certificate))
        context.use_privatekey(crypto.load_privatekey(crypto.FILETYPE_PEM, key))
        context.set_min_proto_version(VERSIONS[self._settings.tls_min])
        context.set_max_proto_version(VERSIONS[self._settings.tls_max])
        context.set_session_id(os.urandom(16))
        return context

    def _require_certificates(self, context):
        store, subjects = context.get_cert_store(), []
        for data in pem.blocks(self._authority.trusted()):
            certificate = crypto.load_certificate(crypto.FILETYPE_ASN1, data)
            store.add_cert(certificate)
            subjects.append(certificate.get_subject())
            if certificate.get_subject() != certificate.get_issuer():
                store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
        if self._settings.acceptable_cas is not None:
            subjects = [_x509_name(one) for one in self._settings.acceptable_cas]
        context.set_client_ca_list(subjects)
        SSL._lib.SSL_CTX_set_verify(
            context._context, SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._verify)

    def _verified(self, fine, store_context):
        """pyOpenSSL's own callback cannot choose the error, which chooses the alert."""
        alert = self._handshaking.alert
        if alert:
            SSL._lib.X509_STORE_CTX_set_error(store_context, ALERTS[alert])
            return 0
        return fine

    def secure(self, side, plain, record, alert=None):
        """(stream, (subject, fingerprint) of the client certificate or None)."""
        connection = SSL.Connection(self._contexts[side], plain)
        connection.set_accept_state()
        self._handshaking.alert = alert
        try:
            connection.do_handshake()
        except SSL.Error as error:
            raise HandshakeFailed(_reason(error)) from None
        record.tls_version = connection.get_protocol_version_name()
        record.cipher = connection.get_cipher_name()
        record.resumed = bool(SSL._lib.SSL_session_reused(connection._ssl))
        certificate = connection.get_peer_certificate()
        if not certificate:
            return TlsStream(plain, connection), None
        data = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        record.certificate_sha256 = certificates.sha256(data)
        subject = names.parse(certificates.subject_of(data))
        return TlsStream(plain, connection), (subject, record.certificate_sha256)


def _x509_name(text):
    found = crypto.X509().get_subject()
    for part in text.split(","):
        attribute, value = part.split("=", 1)
        setattr(found, attribute, value)
    return found


def _reason(error):
    if isinstance(error, SSL.SysCallError):
        return str(error.args[-1])
    if isinstance(error, SSL.ZeroReturnError) or not error.args or not error.args[0]:
        return "closed by the client"
    return "; ".join(one[-1] for one in error.args[0])

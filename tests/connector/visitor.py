"""A client of the stand-in for its own tests: Python's ssl, keys in files, raw bytes if wanted."""
import base64
import json
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

import certificates
import pem

CONFIGURATION = ("query { result: configuration { token { token } "
                 "certificateSigningRequestInfo { subject keyAlgorithm } "
                 "managementPlaneInfo { directorURL certificateSecuredConnectorURL } } }")
SIGN = ("mutation($csr: String!) { result: signCertificateSigningRequest(csr: $csr) "
        "{ certificateChain caCertificate clientCertificate } }")
REVOKE = "mutation { result: revokeCertificate }"
PROBE = "query { __typename }"
TIMEOUT = 5
ATTRIBUTES = {"O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
              "L": NameOID.LOCALITY_NAME, "ST": NameOID.STATE_OR_PROVINCE_NAME,
              "C": NameOID.COUNTRY_NAME, "CN": NameOID.COMMON_NAME}
SUBJECT = {"O": "Org", "OU": "OrgUnit", "L": "locality", "ST": "province", "C": "DE"}


@dataclass
class Reply:
    """What came back; raw is everything, ended says how: close_notify, cut, or open."""
    raw: bytes
    ended: str
    resumed: bool = False
    session: ssl.SSLSession = None

    @property
    def status(self):
        return int(self.raw.split(b" ")[1]) if self.raw else None

    @property
    def head(self):
        return self.raw.split(b"\r\n\r\n")[0].decode()

    @property
    def body(self):
        return self.raw.split(b"\r\n\r\n", 1)[1]

    @property
    def result(self):
        return json.loads(self.body)["data"]["result"]

    @property
    def message(self):
        return json.loads(self.body)["errors"][0]["message"]

    def header(self, name):
        for line in self.head.split("\r\n")[1:]:
            if line.lower().startswith(name.lower() + ":"):
                return line.split(":", 1)[1].strip()
        return None


@dataclass
class Identity:
    """A key and a certificate, in a file too."""
    key: rsa.RSAPrivateKey
    leaf: x509.Certificate
    file: str

    @property
    def sha256(self):
        return certificates.sha256(certificates.certificate_der(self.leaf))


def new_key():
    """Always a new one: the same request in the same second gives the very same certificate."""
    return rsa.generate_private_key(65537, 2048)


def csr(key, client_id, **changes):
    """Base64 of a PEM request; changes: other values of the subject's attributes."""
    values = {**SUBJECT, "CN": client_id, **changes}
    name = x509.Name([x509.NameAttribute(ATTRIBUTES[one], value)
                      for one, value in values.items() if value])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return base64.b64encode(certificates.certificate_pem(request)).decode()


def save(path, key, *chain):
    data = b"".join(chain) + certificates.key_pem(key)
    path.write_bytes(data)
    return str(path)


def http_request(path, query, variables=None, headers=None, body=None):
    if body is None:
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json",
             f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def connect(connector, url, file=None, version=None, session=None):
    """A TLS connection; the server is verified as localhost."""
    context = ssl.create_default_context(cafile=connector.server_ca_file)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    if file:
        context.load_cert_chain(file)
    if version:
        context.maximum_version = getattr(ssl.TLSVersion, version)
    plain = socket.create_connection(("127.0.0.1", urlsplit(url).port), TIMEOUT)
    if session:
        context = session[0]
    return context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False,
                               session=session and session[1])


def ask(connector, query, file=None, variables=None, headers=None, version=None, body=None,
        session=None, url=None):
    """One call on a connection of its own: to the mtls side with a file, else to the token side."""
    url = url or (connector.mtls_url if file else connector.token_url)
    with connect(connector, url, file, version, session) as tls:
        tls.sendall(http_request(urlsplit(url).path, query, variables, headers, body))
        raw, ended = receive(tls)
        return Reply(raw, ended, tls.session_reused, (tls.context, tls.session))


def receive(stream):
    """(bytes, how it ended): one whole answer, or all there was."""
    raw = b""
    try:
        while not whole(raw):
            data = stream.recv(65536)
            if not data:
                return raw, "close_notify"
            raw += data
    except (ssl.SSLError, ConnectionResetError) as error:
        if "ALERT" in (getattr(error, "reason", None) or ""):
            raise
        return raw, "cut"
    return raw, "open"


def whole(raw):
    head, separator, body = raw.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return bool(separator) and len(body) >= int(line.split(b":")[1])
    return False


def enrol(connector, directory, client_id=None, subject=None):
    """An Identity, by two one-time tokens."""
    token = connector.token(client_id)
    first = {"Connector-Token": token["token"]}
    second = ask(connector, CONFIGURATION, headers=first).result["token"]
    return obtain(connector, directory, token["client_id"], subject=subject,
                  headers={"Connector-Token": second["token"]})


def obtain(connector, directory, client_id, file=None, headers=None, subject=None):
    key = new_key()
    result = ask(connector, SIGN, file, {"csr": csr(key, client_id, **(subject or {}))},
                 headers).result
    chain = base64.b64decode(result["certificateChain"])
    leaf = x509.load_der_x509_certificate(pem.first_block(chain))
    number = len(list(directory.iterdir()))
    return Identity(key, leaf, save(directory / f"identity-{number}.pem", key, chain))


def rejected(reply):
    """400 with an empty body: the Connector does not know who asks."""
    return (reply.status, reply.body, reply.header("Content-Type")) == (
        400, b"", "application/json;charset=UTF-8")


def alert_of(call):
    """The name of the alert that a call ends with, or None."""
    try:
        call()
    except ssl.SSLError as error:
        return error.reason.split("ALERT_")[-1].lower()
    return None

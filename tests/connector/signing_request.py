"""A certificate signing request: read, and refused in the order and the words of the Connector."""
import base64
import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

import der
import names
import pem

SIGNING = "Error while signing Certificate Signing Request: "
BASE64 = ("Error while decoding Certificate Signing Request: "
          "Error while parsing base64 content. Incorrect value provided.")
INSECURE = "x509: cannot verify signature: insecure algorithm MD5-RSA"
UNIMPLEMENTED = "x509: cannot verify signature: algorithm unimplemented"

RSA_HASHES = {der.oid("1.2.840.113549.1.1.5"): hashes.SHA1(),
              der.oid("1.2.840.113549.1.1.11"): hashes.SHA256(),
              der.oid("1.2.840.113549.1.1.12"): hashes.SHA384(),
              der.oid("1.2.840.113549.1.1.13"): hashes.SHA512()}
MD5_WITH_RSA = der.oid("1.2.840.113549.1.1.4")
PSS = der.oid("1.2.840.113549.1.1.10")
MGF1 = der.oid("1.2.840.113549.1.1.8")
HASHES = {der.oid("2.16.840.1.101.3.4.2.1"): hashes.SHA256(),
          der.oid("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
          der.oid("2.16.840.1.101.3.4.2.3"): hashes.SHA512()}
ECDSA_HASHES = {der.oid("1.2.840.10045.4.1"): hashes.SHA1(),
                der.oid("1.2.840.10045.4.3.2"): hashes.SHA256(),
                der.oid("1.2.840.10045.4.3.3"): hashes.SHA384(),
                der.oid("1.2.840.10045.4.3.4"): hashes.SHA512()}
ED25519 = der.oid("1.3.101.112")

# After the CN: the order of the checks, and how each attribute is called.
CHECKED = (("C", "country"), ("O", "organization"), ("OU", "organizational unit"),
           ("L", "locality"), ("ST", "province"))


class Refused(Exception):
    """The message of the GraphQL error."""


def first_three(element):
    children = element.children()
    if len(children) < 3:
        raise der.DerError("asn1: syntax error: sequence truncated")
    return children[:3]


def go_base64(text):
    """Go's StdEncoding: padding required, only CR and LF ignored."""
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", "").encode("ascii"),
                                validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refused(BASE64) from None


class SigningRequest:
    """subject {attribute: [values]}, public_key_info and algorithm (DER), key, hash, is_pss."""

    def __init__(self, encoded):
        block = pem.first_block(go_base64(encoded))
        if block is None:
            raise Refused(SIGNING + "Error while decoding pem block.")
        try:
            self._parse(block)
        except (der.DerError, UnicodeDecodeError) as error:
            raise Refused(f"{SIGNING}Error while parsing CSR: {error}") from None
        self._check_signature()

    def _parse(self, data):
        request, rest = der.read(data)
        if rest:
            raise der.DerError("asn1: syntax error: trailing data")
        der.expect(request, der.SEQUENCE, "certificateRequest", 16, 2)
        signed, algorithm, signature = first_three(request)
        version, name, public_key_info = first_three(signed)
        der.expect(version, der.INTEGER, "int", 2, 2)
        self._signed, self.algorithm = signed.whole, algorithm.whole
        self._signature = signature.content[1:]
        self.subject = names.parse(name)
        self.public_key_info = public_key_info.whole
        try:
            self.key = load_der_public_key(self.public_key_info)
        except (ValueError, UnsupportedAlgorithm):
            raise der.DerError("x509: failed to parse public key") from None

    def _check_signature(self):
        kind = der.read(self.algorithm)[0].children()[0].whole
        if kind == MD5_WITH_RSA:
            raise self._signature_refused(INSECURE)
        self.is_pss = kind == PSS
        self.hash = self._pss_hash() if self.is_pss else RSA_HASHES.get(kind)
        try:
            self._verify(kind)
        except InvalidSignature:
            raise self._signature_refused(self._verification_failure()) from None

    def _verify(self, kind):
        if isinstance(self.key, rsa.RSAPublicKey) and self.hash:
            scheme = self.pss_padding() if self.is_pss else padding.PKCS1v15()
            self.key.verify(self._signature, self._signed, scheme, self.hash)
        elif isinstance(self.key, ec.EllipticCurvePublicKey) and kind in ECDSA_HASHES:
            self.key.verify(self._signature, self._signed, ec.ECDSA(ECDSA_HASHES[kind]))
        elif isinstance(self.key, ed25519.Ed25519PublicKey) and kind == ED25519:
            self.key.verify(self._signature, self._signed)
        else:
            raise self._signature_refused(UNIMPLEMENTED)

    def _verification_failure(self):
        if isinstance(self.key, rsa.RSAPublicKey):
            return "crypto/rsa: verification error"
        kind = "ECDSA" if isinstance(self.key, ec.EllipticCurvePublicKey) else "Ed25519"
        return f"x509: {kind} verification failure"

    @staticmethod
    def _signature_refused(why):
        return Refused(f"{SIGNING}CSR signature invalid: {why}")

    def pss_padding(self):
        return padding.PSS(padding.MGF1(self.hash), self.hash.digest_size)

    def _pss_hash(self):
        """Go knows PSS only with one hash throughout and a salt of its length."""
        for encoded, candidate in HASHES.items():
            if self.algorithm == pss_algorithm(encoded, candidate.digest_size):
                return candidate
        return None

    def check_subject(self, client_id, expected):
        """expected: {attribute: value}. The last CN counts, the first of everything else."""
        if self.subject.get("CN", [""])[-1] != client_id:
            raise Refused(SIGNING + "CSR: Invalid common name provided.")
        for attribute, called in CHECKED:
            values = self.subject.get(attribute)
            if not values:
                raise Refused(f"{SIGNING}CSR: No {called} provided.")
            if values[0] != expected[attribute]:
                raise Refused(f"{SIGNING}CSR: Invalid {called} provided.")

    def check_key_type(self):
        if not isinstance(self.key, rsa.RSAPublicKey):
            raise Refused(SIGNING + "Error while creating certificate: x509: requested "
                          "SignatureAlgorithm does not match private key type")


def pss_algorithm(hash_oid, salt_length):
    """RSASSA-PSS-params (RFC 4055 3.1) as OpenSSL and Go write them: without the trailer."""
    hash_algorithm = der.tlv(der.SEQUENCE, hash_oid, der.tlv(der.NULL))
    return der.tlv(der.SEQUENCE, PSS, der.tlv(
        der.SEQUENCE,
        der.tlv(0xA0, hash_algorithm),
        der.tlv(0xA1, der.tlv(der.SEQUENCE, MGF1, hash_algorithm)),
        der.tlv(0xA2, der.integer(salt_length))))

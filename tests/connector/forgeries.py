"""The faults in what is issued: a false leaf, a false CA, a chain in disorder."""
import functools
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

import certificates


@dataclass
class Issued:
    """DER, as it is returned."""
    leaf: bytes
    cas: list
    chain: list


@functools.lru_cache(maxsize=None)
def other_key(purpose):
    """A key that is nobody's; one for each purpose."""
    return rsa.generate_private_key(65537, 2048)


def change_leaf(fault, leaf):
    """Before it is signed."""
    kind = fault.kind
    if kind == "leaf_other_key":
        leaf.public_key_info = certificates.public_key_info(other_key("leaf").public_key())
    elif kind == "leaf_other_subject":
        leaf.subject = {**leaf.subject, **{attribute: [value] for attribute, value
                                           in fault["subject"].items()}}
    elif kind == "leaf_other_issuer":
        leaf.signing_key = other_key("issuer")
        if not fault["same_name"]:
            leaf.issuer = certificates.name("CN=Another CA").public_bytes()
            leaf.issuer_key_identifier = None
    elif kind == "leaf_expired":
        leaf.not_after = certificates.now() - certificates.seconds(fault["seconds"])
        leaf.not_before = leaf.not_after - certificates.seconds(86400)
    elif kind == "leaf_not_yet_valid":
        leaf.not_before = certificates.now() + certificates.seconds(fault["seconds"])
        leaf.not_after = leaf.not_before + certificates.seconds(86400)
    elif kind == "leaf_no_client_auth":
        leaf.extended_key_usages = (certificates.SERVER_AUTH,) if fault["server_auth"] else ()
    elif kind == "leaf_no_digital_signature":
        leaf.digital_signature = False


def change_issued(fault, issued, authority):
    """After it is signed."""
    kind = fault.kind
    if kind == "leaf_bad_signature":
        issued.leaf = issued.leaf[:-1] + bytes([issued.leaf[-1] ^ 1])
        issued.chain = [issued.leaf] + issued.chain[1:]
    elif kind == "ca_other":
        subject = x509.load_der_x509_certificate(issued.cas[0]).subject
        if not fault["same_name"]:
            subject = certificates.name("CN=Another CA")
        other = certificates.make_ca(subject, other_key("ca"), 86400)
        _replace_ca(issued, certificates.certificate_der(other))
    elif kind == "ca_expired":
        _replace_ca(issued, authority.expired_ca(fault["seconds"]))
    elif kind == "chain_reversed":
        issued.chain = issued.chain[::-1]
        issued.cas = issued.cas[::-1]
    elif kind == "chain_without_ca":
        issued.chain = issued.chain[:1]
    elif kind == "chain_blocks":
        more = [issued.cas[0]] * (fault["count"] - len(issued.chain))
        issued.chain = issued.chain + more
        issued.cas = issued.cas + more


def _replace_ca(issued, ca):
    issued.cas = [ca] + issued.cas[1:]
    issued.chain = issued.chain[:1] + issued.cas

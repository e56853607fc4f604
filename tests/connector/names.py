"""Distinguished names as the Connector handles them: lists of values by attribute, Go's order."""
import der

OIDS = {"C": "2.5.4.6", "ST": "2.5.4.8", "L": "2.5.4.7", "STREET": "2.5.4.9",
        "POSTALCODE": "2.5.4.17", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3",
        "SERIALNUMBER": "2.5.4.5"}
ENCODED = {attribute: der.oid(dotted) for attribute, dotted in OIDS.items()}
ATTRIBUTES = {encoded: attribute for attribute, encoded in ENCODED.items()}

# The order of the issued subject. The order in the request is forgotten.
ISSUED_ORDER = ("C", "ST", "L", "STREET", "POSTALCODE", "O", "OU", "CN", "SERIALNUMBER")
LAST_VALUE_ONLY = ("CN", "SERIALNUMBER")


def parse(name):
    """{attribute: [values]} of a DER name. Unknown attributes are dropped, as in the Connector."""
    values = {}
    for rdn in name.children():
        for pair in rdn.children():
            kind, value = pair.children()
            attribute = ATTRIBUTES.get(kind.whole)
            if attribute:
                values.setdefault(attribute, []).append(der.read_text(value))
    return values


def encode(values):
    """The DER name: several values of one attribute become one RDN, sorted as a SET OF is."""
    rdns = []
    for attribute in ISSUED_ORDER:
        given = values.get(attribute, [])
        if attribute in LAST_VALUE_ONLY:
            given = given[-1:]
        if given:
            pairs = sorted(der.tlv(der.SEQUENCE, ENCODED[attribute], der.text(value))
                           for value in given)
            rdns.append(der.tlv(der.SET, *pairs))
    return der.tlv(der.SEQUENCE, *rdns)


def show(values):
    """For people and the control port: C=DE,ST=province,..."""
    return ",".join(f"{attribute}={value}" for attribute in ISSUED_ORDER
                    for value in values.get(attribute, []))

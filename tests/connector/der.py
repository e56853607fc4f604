"""Just enough DER to read a signing request and to write a certificate byte for byte as Go does.

The Python libraries of Debian 12 neither sign certificates with PSS nor put several values into one
RDN in Go's order, and they refuse requests with other words than Go.
"""

SEQUENCE, SET, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, BOOLEAN = (
    0x30, 0x31, 0x02, 0x03, 0x04, 0x05, 0x06, 0x01)
UTF8_STRING, PRINTABLE_STRING, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x13, 0x17, 0x18

TEXT_ENCODINGS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii",
                  0x1C: "utf-32-be", 0x1E: "utf-16-be"}


class DerError(ValueError):
    """What is wrong, in the words of Go's encoding/asn1."""


class Element:
    """One value: its tag byte, its content, and the whole encoding."""

    def __init__(self, tag, content, whole):
        self.tag, self.content, self.whole = tag, content, whole

    def children(self):
        """The values that a constructed value holds."""
        found, rest = [], self.content
        while rest:
            element, rest = read(rest)
            found.append(element)
        return found


def read(data):
    """The first value of data, and what follows it."""
    if len(data) < 2:
        raise DerError("asn1: syntax error: data truncated")
    length, start = data[1], 2
    if length & 0x80:
        octets = length & 0x7F
        start = 2 + octets
        if octets == 0:
            raise DerError("asn1: syntax error: indefinite length found (not DER)")
        if len(data) < start:
            raise DerError("asn1: syntax error: data truncated")
        length = int.from_bytes(data[2:start], "big")
    end = start + length
    if end > len(data):
        raise DerError("asn1: syntax error: data truncated")
    return Element(data[0], data[start:end], data[:end]), data[end:]


def expect(element, tag, go_name, go_tag, depth):
    """Refuses an element with another tag, as Go's reflection words it."""
    if element.tag == tag:
        return element
    is_compound = "true" if element.tag & 0x20 else "false"
    raise DerError(
        f"asn1: structure error: tags don't match ({go_tag} vs {{class:{element.tag >> 6} "
        f"tag:{element.tag & 0x1F} length:{len(element.content)} isCompound:{is_compound}}}) "
        "{optional:false explicit:false application:false private:false defaultValue:<nil> "
        f"tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false}} {go_name} @{depth}")


def tlv(tag, *parts):
    """One value made of the given contents."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def integer(value):
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted):
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    encoded = bytearray()
    for arc in [first * 40 + second] + rest:
        octets = [arc & 0x7F]
        while arc >= 0x80:
            arc >>= 7
            octets.append(0x80 | arc & 0x7F)
        encoded.extend(reversed(octets))
    return tlv(OID, bytes(encoded))


def bit_string(data):
    return tlv(BIT_STRING, b"\0", data)


def is_printable(value):
    """Go's isPrintable: X.680 41.4, without '*' and '&'."""
    return all(letter.isascii() and (letter.isalnum() or letter in " '()+,-./:=?")
               for letter in value)


def text(value):
    """PrintableString where possible, else UTF8String, as Go writes names."""
    if is_printable(value):
        return tlv(PRINTABLE_STRING, value.encode("ascii"))
    return tlv(UTF8_STRING, value.encode("utf-8"))


def read_text(element):
    if element.tag not in TEXT_ENCODINGS:
        raise DerError("asn1: structure error: invalid string type")
    return element.content.decode(TEXT_ENCODINGS[element.tag])


def time(moment):
    """UTCTime to 2049, then GeneralizedTime (RFC 5280 4.1.2.5), of an aware datetime."""
    if moment.year < 2050:
        return tlv(UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(GENERALIZED_TIME, moment.strftime("%Y%m%d%H%M%SZ").encode())

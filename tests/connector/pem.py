"""PEM as Go reads and writes it."""
import base64
import binascii
import re

BLOCK = re.compile(
    rb"(?:^|\n)-----BEGIN ([^\r\n]*?)-----[ \t]*\r?\n(.*?)\r?\n?-----END \1-----[ \t]*(?=\r?\n|$)",
    re.DOTALL)


def blocks(data):
    """The contents of all blocks, whatever their labels; damaged ones are passed over."""
    for block in BLOCK.finditer(data):
        body = block.group(2)
        if b":" in body:  # RFC 1421 headers, up to an empty line
            body = re.split(rb"\r?\n\r?\n", body, 1)[-1]
        try:
            yield base64.b64decode(b"".join(body.split()), validate=True)
        except binascii.Error:
            continue


def first_block(data):
    return next(blocks(data), None)


def encode(data, label="CERTIFICATE"):
    body = base64.b64encode(data).decode()
    lines = "\n".join(body[start:start + 64] for start in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()

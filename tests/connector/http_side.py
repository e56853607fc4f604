"""HTTP/1.1 read and written by hand, so that a fault can stop at any byte."""
import email.utils
import http
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 8 * 1024 * 1024
EMPTY_JSON = "application/json;charset=UTF-8"


class Garbled(Exception):
    """Not HTTP: the connection is closed."""


@dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict                  # names in lower case; the last of repeated ones
    body: bytes
    keep_alive: bool


@dataclass
class Answer:
    status: int
    body: bytes = b""
    content_type: str = EMPTY_JSON
    headers: dict = field(default_factory=dict)
    date_offset: float = 0
    body_size: int = None          # a body of this many spaces instead of body
    close: bool = False

    def _body_size(self):
        return len(self.body) if self.body_size is None else self.body_size

    def size(self):
        return len(self.head()) + self._body_size()

    def head(self):
        lines = [f"HTTP/1.1 {self.status} {reason(self.status)}"]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append("Date: " + email.utils.formatdate(time.time() + self.date_offset, usegmt=True))
        lines.append(f"Content-Length: {self._body_size()}")
        if self.close:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def reason(status):
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class Reader:
    """Requests off a stream, which has read(size) and write(data)."""

    def __init__(self, stream):
        self._stream, self._buffer = stream, b""

    def next(self):
        """The next request, or None when the client has ended."""
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > HEAD_LIMIT:
                raise Garbled("head too long")
            if not self._more():
                return None
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        line, *rest = head.decode("latin-1").split("\r\n")
        try:
            method, target, version = line.split(" ")
            headers = {name.strip().lower(): value.strip()
                       for name, value in (one.split(":", 1) for one in rest)}
        except ValueError:
            raise Garbled("head") from None
        if headers.get("expect", "").lower() == "100-continue":
            self._stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._body(headers)
        url = urlsplit(target)
        close = headers.get("connection", "").lower() == "close" or version == "HTTP/1.0"
        return Request(method, unquote(url.path), parse_qs(url.query), headers, body, not close)

    def _more(self):
        data = self._stream.read(65536)
        self._buffer += data
        return bool(data)

    def _body(self, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        try:
            size = int(headers.get("content-length", "0"))
        except ValueError:
            raise Garbled("Content-Length") from None
        return self._take(size)

    def _take(self, size):
        if size > BODY_LIMIT:
            raise Garbled("body too long")
        while len(self._buffer) < size:
            if not self._more():
                raise Garbled("body cut")
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def _line(self):
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > HEAD_LIMIT or not self._more():
                raise Garbled("chunk")
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line

    def _chunks(self):
        body = b""
        while True:
            try:
                size = int(self._line().split(b";")[0], 16)
            except ValueError:
                raise Garbled("chunk size") from None
            if size == 0:
                while self._line():
                    pass
                return body
            body += self._take(size)
            self._line()

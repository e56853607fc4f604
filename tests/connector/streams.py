"""Bytes to and from a client, plain or by TLS, with every way to end."""
import socket
import struct

from OpenSSL import SSL

DRAIN_SECONDS = 1.0


class Gone(Exception):
    """The client is no longer there."""


class PlainStream:
    def __init__(self, plain):
        self.socket = plain

    def read(self, size):
        try:
            return self.socket.recv(size)
        except OSError:
            return b""

    def write(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Gone(str(error)) from None

    def close(self, how="close_notify"):
        """close: FIN only; close_notify: TLS first says goodbye; reset: RST."""
        if how == "reset":
            reset(self.socket)
        else:
            end(self.socket)


class TlsStream(PlainStream):
    def __init__(self, plain, connection):
        super().__init__(plain)
        self._connection = connection

    def read(self, size):
        try:
            return self._connection.recv(size)
        except (SSL.Error, OSError):
            return b""

    def write(self, data):
        try:
            self._connection.sendall(data)
        except (SSL.Error, OSError) as error:
            raise Gone(str(error)) from None

    def close(self, how="close_notify"):
        if how == "close_notify":
            try:
                self._connection.shutdown()
            except (SSL.Error, OSError):
                pass
        super().close(how)


def reset(plain):
    try:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    plain.close()


def end(plain):
    """An orderly end: what the client still sends is read, else the kernel would answer it with a
    RST that can overtake our last bytes (an alert)."""
    try:
        plain.shutdown(socket.SHUT_WR)
        plain.settimeout(DRAIN_SECONDS)
        while plain.recv(65536):
            pass
    except OSError:
        pass
    plain.close()

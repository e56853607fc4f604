"""Between the agent and the Connector: relays on loopback, some of them proxies."""
import contextlib
import select
import socket
import ssl
import threading
from urllib.parse import urlsplit


class Relay:
    """Hands each connection on to the target; counts them. `url` is that of the target through
    this relay, at the host that is named."""

    def __init__(self, target_url):
        target = urlsplit(target_url)
        self._target, self._path = ("127.0.0.1", target.port), target.path
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, host="localhost"):
        return f"https://{host}:{self.port}{self._path}"

    def close(self):
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self._listening.accept()[0]
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            if not self._greet(client):
                return
            with socket.create_connection(self._target) as server:
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join()

    def _greet(self, client):
        """What comes before the bytes that are handed on."""
        return True


class Proxy(Relay):
    """An HTTP proxy that knows CONNECT; every host that is asked for is the target."""

    def __init__(self, target_url, answer=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        self._answer = answer
        self.requests = []
        super().__init__(target_url)
        self.address = f"http://127.0.0.1:{self.port}"

    def _greet(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(4096)
            if not data:
                return False
            head += data
        self.requests.append(head.decode("latin-1").split("\r\n")[0])
        client.sendall(self._answer)
        return b" 200 " in self._answer


class TlsProxy(Proxy):
    """Is spoken to over TLS itself, and asks its clients for certificates; `shown` has what it got."""

    def __init__(self, target_url, certificate, client_cas):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._context.verify_mode = ssl.CERT_OPTIONAL
        self._context.load_verify_locations(cadata=client_cas)
        self.shown = []
        super().__init__(target_url)
        self.address = f"https://127.0.0.1:{self.port}"

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            with self._context.wrap_socket(client, server_side=True) as tls:
                if not self._greet(tls):
                    return
                self.shown.append(tls.getpeercert(binary_form=True))
                with socket.create_connection(self._target) as server:
                    pump_both(tls, server)


def pump_both(tls, server):
    """In one thread: a TLS connection is not for two."""
    while True:
        ready = [tls] if tls.pending() else select.select([tls, server], [], [])[0]
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (server if source is tls else tls).sendall(data)


def pump(source, target):
    with contextlib.suppress(OSError):
        while True:
            data = source.recv(65536)
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

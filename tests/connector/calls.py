"""What has happened: connections, calls and issued certificates, as the control port shows them."""
import dataclasses
import threading
from dataclasses import dataclass, field
from time import perf_counter, thread_time, time as clock

from identities import Caller


@dataclass
class Connection:
    number: int
    side: str                      # mtls, token or inner
    opened: float                  # seconds since 1970
    tls_version: str = None
    cipher: str = None
    resumed: bool = False
    certificate_sha256: str = None
    error: str = None              # why the handshake failed
    handshake_cpu_milliseconds: float = None


@dataclass
class Call:
    number: int
    time: float                    # seconds since 1970, when the request had been read
    side: str
    method: str
    path: str
    request_id: str
    certificate_sha256: str
    tls_version: str
    resumed: bool
    connection: int
    operation: str = None
    client_id: str = None
    identity: str = None           # token or certificate
    token_sha256: str = None       # of the one-time token that was shown, good or not
    status: int = None             # null: no answer was sent
    size: int = None               # of the whole answer: head and body
    milliseconds: float = None     # from the request read to the answer made, or with faults sent
    cpu_milliseconds: float = None  # the same to the answer sent, without waiting
    signing_milliseconds: float = None
    faults: list = field(default_factory=list)
    sent: bool = False             # the figures are final
    caller: Caller = None          # this and what follows: not shown
    started: float = field(default_factory=perf_counter)
    started_cpu: float = field(default_factory=thread_time)

    def stop_watch(self, sent=False):
        """After the answer is sent, other threads may have had their turn: that is not our time."""
        if not sent or self.faults:
            self.milliseconds = (perf_counter() - self.started) * 1000
        self.cpu_milliseconds = (thread_time() - self.started_cpu) * 1000
        self.sent = sent

    def as_json(self):
        shown = dict(self.__dict__)
        for name in ("caller", "started", "started_cpu"):
            del shown[name]
        shown["faults"] = [fault.kind for fault in self.faults]
        return shown


@dataclass
class Certificate:
    sha256: str
    subject: str
    client_id: str
    key_sha256: str                # of the DER SubjectPublicKeyInfo
    issuer_sha256: str             # of the first returned CA
    not_before: str
    not_after: str
    call: int
    faults: list

    def as_json(self):
        return dataclasses.asdict(self)


class Journal:
    def __init__(self):
        self._lock = threading.Lock()
        self._connections = self._calls = 0
        self.forget()

    def forget(self):
        """Numbers go on."""
        self.connections, self.calls, self.certificates = [], [], []

    def connection(self, side):
        with self._lock:
            self._connections += 1
            self.connections.append(Connection(self._connections, side, clock()))
            return self.connections[-1]

    def call(self, connection, request):
        with self._lock:
            self._calls += 1
            call = Call(self._calls, clock(), connection.side, request.method,
                        request.path, request.headers.get("x-request-id"),
                        connection.certificate_sha256, connection.tls_version,
                        connection.resumed, connection.number)
            self.calls.append(call)
            return call

"""Misbehaviour on demand: which faults there are, and which one is due for a call."""
import threading
from dataclasses import dataclass, field

OPERATIONS = ("configuration", "sign", "revoke", "probe", "any", "connection")
UNTIL_TOLD = None

# kind: (stage, parameters with their defaults)
#   connection  before TLS                     gateway   instead of the Connector's answer
#   front       before anything is done        forgery   the certificate or its chain
#   delivery    how the answer is sent         answer    the answer's JSON or headers
KINDS = {
    "reset": ("front", {}),
    "close": ("front", {}),
    "stall": ("front", {"seconds": UNTIL_TOLD}),
    "alert": ("connection", {"alert": "unknown_ca"}),
    "close_after_hello": ("connection", {}),

    "status": ("gateway", {"status": 500, "body": "", "content_type": "text/plain",
                           "headers": {}}),
    "html_200": ("gateway", {}),
    "html_404": ("gateway", {}),
    "empty_400": ("gateway", {}),
    "error_422": ("gateway", {}),
    "busy_429": ("gateway", {"retry_after": "2"}),
    "error_500": ("gateway", {}),
    "error_502": ("gateway", {}),
    "error_503": ("gateway", {}),
    "redirect": ("gateway", {"location": "https://localhost:1/", "status": 302}),
    "huge_body": ("gateway", {"size": 100 * 1024 * 1024}),

    "leaf_other_key": ("forgery", {}),
    "leaf_other_subject": ("forgery", {"subject": {"CN": "somebody-else"}}),
    "leaf_other_issuer": ("forgery", {"same_name": True}),
    "leaf_expired": ("forgery", {"seconds": 3600}),
    "leaf_not_yet_valid": ("forgery", {"seconds": 86400}),
    "leaf_no_client_auth": ("forgery", {"server_auth": True}),
    "leaf_no_digital_signature": ("forgery", {}),
    "leaf_bad_signature": ("forgery", {}),
    "ca_other": ("forgery", {"same_name": True}),
    "ca_expired": ("forgery", {"seconds": 3600}),
    "chain_reversed": ("forgery", {}),
    "chain_without_ca": ("forgery", {}),
    "chain_blocks": ("forgery", {"count": 200}),

    "errors_200": ("answer", {"message": "internal system error", "keep_data": False}),
    "director_down": ("answer", {}),
    "data_null": ("answer", {}),
    "data_missing": ("answer", {}),
    "result_null": ("answer", {}),
    "result_missing": ("answer", {}),
    "field_null": ("answer", {"field": None}),
    "field_missing": ("answer", {"field": None}),
    "field_value": ("answer", {"field": None, "value": ""}),
    "bad_base64": ("answer", {"field": None}),
    "bad_pem": ("answer", {"field": None, "how": "body"}),
    "huge_field": ("answer", {"field": None, "size": 512 * 1024}),
    "duplicate_names": ("answer", {}),
    "trailing_bytes": ("answer", {"text": "}"}),
    "truncated_json": ("answer", {"bytes": 1}),
    "not_json": ("answer", {"text": "ok"}),
    "empty_body": ("answer", {}),
    "content_type": ("answer", {"value": "text/html"}),
    "date": ("answer", {"seconds": -86400}),

    "cut": ("delivery", {"after": 0, "how": "close"}),
    "lose_answer": ("delivery", {}),
    "pause": ("delivery", {"after": 0, "seconds": UNTIL_TOLD}),
    "drip": ("delivery", {"bytes_per_second": 100}),
}
FOR_CONNECTIONS = ("reset", "close", "stall", "alert", "close_after_hello")
CUTS = ("close", "close_notify", "reset")


class BadFault(ValueError):
    """A fault that does not exist or makes no sense."""


@dataclass
class Fault:
    number: int
    operation: str
    kind: str
    nth: int
    times: int                     # None: for ever
    parameters: dict
    seen: int = 0
    fired: int = 0
    told: threading.Event = field(default_factory=threading.Event)

    @property
    def stage(self):
        return KINDS[self.kind][0]

    def __getitem__(self, name):
        return self.parameters[name]

    def wait(self):
        """To the end of 'seconds', or until the faults are deleted."""
        self.told.wait(self["seconds"])

    def as_json(self):
        return {"number": self.number, "operation": self.operation, "kind": self.kind,
                "nth": self.nth, "times": self.times, "seen": self.seen, "fired": self.fired,
                **self.parameters}


class Faults:
    def __init__(self):
        self._lock, self._faults, self._count = threading.Lock(), [], 0

    def add(self, operation="any", kind=None, nth=1, times=1, **parameters):
        if operation not in OPERATIONS:
            raise BadFault(f"operation is one of {', '.join(OPERATIONS)}")
        if kind not in KINDS:
            raise BadFault(f"kind is one of {', '.join(KINDS)}")
        stage, defaults = KINDS[kind]
        if operation == "connection" and kind not in FOR_CONNECTIONS:
            raise BadFault(f"for a connection, kind is one of {', '.join(FOR_CONNECTIONS)}")
        if operation != "connection" and stage == "connection":
            raise BadFault(f"{kind} is for the operation connection")
        for name in parameters:
            if name not in defaults:
                raise BadFault(f"{kind} has no parameter {name}; it has "
                               f"{', '.join(defaults) or 'none'}")
        if parameters.get("how", "body") not in CUTS + ("label", "body", "der"):
            raise BadFault("how is close, close_notify or reset for cut, "
                           "label, body or der for bad_pem")
        if nth < 1 or (times is not None and times < 1):
            raise BadFault("nth and times are 1 or more")
        with self._lock:
            self._count += 1
            fault = Fault(self._count, operation, kind, nth, times, {**defaults, **parameters})
            self._faults.append(fault)
        return fault

    def take(self, operation):
        """The faults that this call or connection is to suffer."""
        due = []
        with self._lock:
            for fault in self._faults:
                matches = fault.operation == operation or (
                    fault.operation == "any" and operation != "connection")
                if not matches:
                    continue
                fault.seen += 1
                ends = None if fault.times is None else fault.nth + fault.times
                if fault.seen >= fault.nth and (ends is None or fault.seen < ends):
                    fault.fired += 1
                    due.append(fault)
        return due

    def clear(self):
        with self._lock:
            for fault in self._faults:
                fault.told.set()
            self._faults = []

    def as_json(self):
        return [fault.as_json() for fault in self._faults]

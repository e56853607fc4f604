"""What the stand-in can be told at run time (POST /settings), with the values of the real chart."""
import dataclasses
from dataclasses import dataclass, field

SUBJECT = {"O": "Org", "OU": "OrgUnit", "L": "locality", "ST": "province", "C": "DE"}
SERVER_CERTIFICATES = ("good", "ends_soon", "expired", "not_yet_valid", "wrong_host", "other_ca")
TLS_VERSIONS = ("1.2", "1.3")


class BadSetting(ValueError):
    """A setting that does not exist or a value that it cannot have."""


@dataclass
class Settings:
    validity_seconds: int = 2160 * 3600   # of issued certificates
    not_before_offset: int = 0            # seconds added to notBefore and notAfter
    attach_root: bool = False             # append the gateway's first CA to caCertificate
    ca_without_basic_constraints: bool = False
    subject: dict = field(default_factory=lambda: dict(SUBJECT))
    director_url: str = None              # returned by configuration, may be null
    connector_url: str = None             # returned by configuration, may be null
    ca_lag: float = 60.0                  # seconds between two looks at ca.crt and ca.key
    gateway_lag: float = 5.0              # seconds between two looks at the gateway's Secret
    token_seconds: int = 300              # life of a one-time token
    minted_token: str = None              # what configuration mints; null: random
    consumer_type: str = "Application"
    strict_parser: bool = False           # gqlparser >= 2.5.12: no empty parentheses
    date_offset: int = 0                  # seconds added to the Date header
    tls_min: str = "1.2"
    tls_max: str = "1.3"
    acceptable_cas: list = None           # names sent ("O=a,CN=b"); null: the trusted CAs
    server_certificate: str = "good"      # one of SERVER_CERTIFICATES
    listening: bool = True                # false: both TLS ports refuse connections

    def update(self, changes):
        """All changes or none."""
        known = {one.name: one.type for one in dataclasses.fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise BadSetting(f"no setting {name}; there are {', '.join(sorted(known))}")
            self._check(name, value, known[name])
        for name, value in changes.items():
            setattr(self, name, {**self.subject, **value} if name == "subject" else value)

    @staticmethod
    def _check(name, value, kind):
        if name == "server_certificate" and value not in SERVER_CERTIFICATES:
            raise BadSetting(f"server_certificate is one of {', '.join(SERVER_CERTIFICATES)}")
        if name in ("tls_min", "tls_max") and value not in TLS_VERSIONS:
            raise BadSetting(f"{name} is 1.2 or 1.3")
        if name == "subject" and (not isinstance(value, dict) or set(value) - set(SUBJECT)):
            raise BadSetting("subject is an object with O, OU, L, ST, C")
        allowed = (int, float) if kind is float else kind
        if value is not None and not isinstance(value, allowed):
            raise BadSetting(f"{name} is of type {kind.__name__}")
        if value is None and name not in ("director_url", "connector_url", "minted_token",
                                          "acceptable_cas"):
            raise BadSetting(f"{name} cannot be null")

    def as_json(self):
        return dataclasses.asdict(self)

"""Who a caller is: client ids, one-time tokens, revoked certificates, and the JWT made of them.

Stands in for the Director, the hydrator and Oathkeeper. A caller who is nobody gets a JWT whose
tenant is the text that Go's template prints for a missing value, and ends as 400 without a body.
"""
import base64
import json
import secrets
import threading
import time
from dataclasses import dataclass, field

STRIPPED = ("client-id-from-token", "client-id-from-certificate", "subject-from-certificate",
            "client-certificate-hash", "certificate-data", "client-certificate-issuer",
            "authorization")
COMPARED = ("O", "OU", "C", "L", "ST")
NO_VALUE = "<no value>"


@dataclass
class Client:
    """One system auth of the Director: it has one one-time token at most."""
    token: str = None
    certificate_seen: bool = False


@dataclass
class Caller:
    """What the Connector reads from the headers that the layers in front have set."""
    from_token: str = ""
    from_certificate: str = ""
    certificate_hash: str = ""
    claims: dict = field(default_factory=dict)  # consumerTenant and consumerType, where known

    @property
    def client_id(self):
        return self.from_token or self.from_certificate


class NotIdentified(Exception):
    """400 with an empty body."""


class Identities:
    def __init__(self, settings):
        self._settings, self._lock = settings, threading.Lock()
        self._clients, self._jwts = {}, {}
        self._tokens = {}  # those that are good: (client id, end)
        self.revoked = set()

    @property
    def client_ids(self):
        return sorted(self._clients)

    def set_known(self, client_ids):
        with self._lock:
            self._clients = {one: self._clients.get(one, Client()) for one in client_ids}

    def mint(self, client_id):
        """A new one-time token; the one before it is void."""
        token = self._settings.minted_token or \
            base64.urlsafe_b64encode(secrets.token_bytes(64)).decode()
        with self._lock:
            client = self._clients.setdefault(client_id, Client())
            self._tokens.pop(client.token, None)
            client.token = token
            self._tokens[token] = client_id, time.time() + self._settings.token_seconds
        return token

    def burn(self, token):
        """The owner of a token that is still good, which it is no longer after this; or ''."""
        with self._lock:
            owner, ends = self._tokens.pop(token, ("", 0))
        return owner if owner in self._clients and time.time() < ends else ""

    def of_certificate(self, subject, fingerprint):
        """The client id of a verified client certificate; '' if it is revoked or not ours."""
        if fingerprint in self.revoked:
            return ""
        for attribute in COMPARED:
            if subject.get(attribute, [None])[0] != self._settings.subject[attribute]:
                return ""
        return subject.get("CN", [""])[-1]

    def headers(self, token, certificate):
        """The trusted headers for a request. certificate: (subject, fingerprint) or None."""
        headers, tenant_of = {}, ""
        if certificate:
            client_id = self.of_certificate(*certificate)
            if client_id:
                headers["client-id-from-certificate"] = tenant_of = client_id
                headers["client-certificate-hash"] = certificate[1]
                self._first_use_of_certificate(client_id)
        if token:
            client_id = self.burn(token)
            if client_id:
                headers["client-id-from-token"] = tenant_of = client_id
        headers["authorization"] = self._jwt(tenant_of)
        return headers

    def _first_use_of_certificate(self, client_id):
        """The Director notes the first use and forgets the one-time token."""
        with self._lock:
            client = self._clients.get(client_id)
            if client and not client.certificate_seen:
                client.certificate_seen = True
                self._tokens.pop(client.token, None)

    def _jwt(self, client_id):
        known = client_id in self._clients
        key = (client_id if known else None, self._settings.consumer_type)
        if key not in self._jwts:
            tenant = json.dumps({"consumerTenant": "tenant-of-" + client_id,
                                 "externalTenant": "external"}) if known else NO_VALUE
            claims = {"tenant": tenant, "consumerType": key[1] if known else ""}
            self._jwts[key] = "Bearer " + ".".join(
                base64.urlsafe_b64encode(part).decode().rstrip("=")
                for part in (b'{"alg":"none"}', json.dumps(claims).encode(), b"sig"))
        return self._jwts[key]

    def revoke(self, fingerprint):
        self.revoked.add(fingerprint)


def caller_of(headers):
    """Reads the headers as the Connector's middleware does. The JWT is not verified."""
    caller = Caller(headers.get("client-id-from-token", ""),
                    headers.get("client-id-from-certificate", ""),
                    headers.get("client-certificate-hash", ""))
    authorization = headers.get("authorization")
    if authorization:
        caller.claims = _claims(authorization[len("Bearer "):])
    return caller


def _claims(token):
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        tenant = json.loads(claims["tenant"])
        found = {"consumerTenant": tenant.get("consumerTenant"),
                 "consumerType": claims.get("consumerType")}
    except (ValueError, LookupError, TypeError, AttributeError):
        raise NotIdentified from None
    return {name: value for name, value in found.items() if value}

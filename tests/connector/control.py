"""The control port: JSON over plain HTTP on loopback. README.md is its description."""
import base64
import dataclasses
import json

import streams
from faults import BadFault
from http_side import Answer, Garbled, Reader
from settings import BadSetting

CA_SIGNERS = ("same_key", "new_key", "previous")
TRUSTS = ("old", "new", "both")
SECRETS = ("signer", "gateway")
OF_TLS = {"tls_min", "tls_max", "acceptable_cas", "server_certificate",
          "ca_without_basic_constraints"}


class BadRequest(ValueError):
    """400, with this text."""


class Control:
    def __init__(self, stand_in):
        self._stand_in, self._connector = stand_in, stand_in.connector
        self._routes = {
            ("POST", "/fault"): self._add_fault, ("GET", "/faults"): self._faults,
            ("DELETE", "/faults"): self._clear_faults, ("POST", "/token"): self._token,
            ("GET", "/calls"): self._calls, ("DELETE", "/calls"): self._forget,
            ("GET", "/connections"): self._connections,
            ("GET", "/certificates"): self._certificates,
            ("GET", "/settings"): self._settings, ("POST", "/settings"): self._change_settings,
            ("POST", "/revoke"): self._revoke, ("DELETE", "/revoke"): self._pardon,
            ("POST", "/ca"): self._ca,
            ("POST", "/look"): self._look}

    def serve(self, plain):
        stream = streams.PlainStream(plain)
        reader = Reader(stream)
        try:
            request = reader.next()
            while request:
                answer = self._answer(request)
                stream.write(answer.head() + answer.body)
                request = reader.next()
        except (streams.Gone, Garbled):
            pass

    def _answer(self, request):
        route = self._routes.get((request.method, request.path))
        if not route:
            return _json(404, {"error": "there are " + ", ".join(
                " ".join(one) for one in self._routes)})
        try:
            given = json.loads(request.body) if request.body else {}
            return _json(200, route(**given))
        except (BadFault, BadSetting, BadRequest, TypeError, ValueError) as error:
            return _json(400, {"error": str(error)})

    def _add_fault(self, **given):
        return self._connector.faults.add(**given).as_json()

    def _faults(self):
        return self._connector.faults.as_json()

    def _clear_faults(self):
        self._connector.faults.clear()
        return {}

    def _token(self, client_id=None):
        client_id, token = self._connector.token(client_id)
        url = self._stand_in.urls["token_url"]
        raw = json.dumps({"token": token, "connectorURL": url}, separators=(",", ":"))
        return {"client_id": client_id, "token": token, "connector_url": url,
                "raw_encoded": base64.b64encode(raw.encode()).decode()}

    def _calls(self):
        return [call.as_json() for call in list(self._connector.journal.calls)]

    def _connections(self):
        return [dataclasses.asdict(one) for one in list(self._connector.journal.connections)]

    def _certificates(self):
        return [one.as_json() for one in list(self._connector.journal.certificates)]

    def _forget(self):
        self._connector.journal.forget()
        return {}

    def _settings(self):
        return {**self._connector.settings.as_json(),
                "client_ids": self._connector.identities.client_ids}

    def _change_settings(self, client_ids=None, **changes):
        connector = self._connector
        before = connector.settings.as_json()
        connector.settings.update(changes)
        changed = {name for name, value in connector.settings.as_json().items()
                   if value != before[name]}
        if client_ids is not None:
            connector.identities.set_known(client_ids)
            connector.save()
        if "ca_lag" in changed:
            connector.authority.lag_changed()
        if changed & {"ca_lag", "gateway_lag"}:
            connector.secret_files.lag_changed()
        if "ca_without_basic_constraints" in changed:
            connector.authority.rotate("same_key")
            connector.authority.trust_ca()
            connector.authority.reload()
        if changed & OF_TLS:
            connector.tls.rebuild()
        if "listening" in changed:
            self._stand_in.set_listening(changes["listening"])
        return self._settings()

    def _revoke(self, sha256):
        self._connector.revoke(sha256)
        return {}

    def _pardon(self):
        self._connector.pardon()
        return {}

    def _look(self, secret):
        if secret not in SECRETS:
            raise BadRequest(f"secret is one of {', '.join(SECRETS)}")
        self._connector.secret_files.look(secret)
        return {}

    def _ca(self, signer=None, subject=None, validity_seconds=None, gateway=None, reload=True,
            ca_crt=None, ca_key=None, gateway_pem=None):
        """The signer's secret, then the gateway's trust, then whether the loader looks at once."""
        authority = self._connector.authority
        if signer not in (None,) + CA_SIGNERS or gateway not in (None,) + TRUSTS:
            raise BadRequest(f"signer is one of {', '.join(CA_SIGNERS)}; "
                             f"gateway is one of {', '.join(TRUSTS)}")
        if signer == "previous":
            authority.restore()
        elif signer:
            authority.rotate(signer, subject, validity_seconds)
        for name, text in (("ca.crt", ca_crt), ("ca.key", ca_key), ("gateway.pem", gateway_pem)):
            if text is not None:
                authority.write(name, text.encode())
        if gateway:
            authority.trust(gateway)
        if gateway or gateway_pem is not None:
            self._connector.tls.rebuild()
        if reload:
            authority.reload()
        return {name: authority.read_text(name) for name in ("ca.crt", "gateway.pem")}


def _json(status, value):
    return Answer(status, json.dumps(value).encode(), "application/json")

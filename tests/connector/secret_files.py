"""The CA and the gateway's trust as two Kubernetes Secrets in files, each read after a lag of its own.

As in the real system, where the Connector loads its Secret once a minute and the gateway's is pushed
to it: a Secret that was replaced counts from the next look on. One that cannot be read changes nothing.
"""
import base64
import json
import threading

TRUST_KEYS = ("cacert", "ca.crt")


def read(path):
    """The data of a Secret; None when there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)["data"]
        return {key: base64.b64decode(value) for key, value in data.items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None


class SecretFiles:
    """Writes what the Secrets hold into the files of the authority. `tls` is told of new CAs."""

    def __init__(self, authority, tls, settings, signer=None, gateway=None):
        self._authority, self._tls, self._settings = authority, tls, settings
        self._signer, self._gateway = signer, gateway
        self._changed = threading.Condition()
        self.load_signer()
        self.load_gateway()

    def load_signer(self):
        data = self._signer and read(self._signer)
        if not data or not {"ca.crt", "ca.key"} <= data.keys():
            return
        self._authority.write("ca.crt", data["ca.crt"])
        self._authority.write("ca.key", data["ca.key"])
        self._authority.reload()

    def load_gateway(self):
        data = self._gateway and read(self._gateway)
        trusted = data and next((data[key] for key in TRUST_KEYS if key in data), None)
        if trusted and trusted != self._authority.trusted():
            self._authority.write("gateway.pem", trusted)
            self._tls.rebuild()

    def look(self, which):
        """Now, whatever the lag."""
        {"signer": self.load_signer, "gateway": self.load_gateway}[which]()

    def lag_changed(self):
        """A wait that has begun begins anew."""
        with self._changed:
            self._changed.notify_all()

    def _follow(self, load, lag):
        while True:
            with self._changed:
                interrupted = self._changed.wait(lag())
            if not interrupted:
                load()

    def run(self):
        """Two threads that end with the process."""
        for path, load, lag in (
                (self._signer, self.load_signer, lambda: self._settings.ca_lag),
                (self._gateway, self.load_gateway, lambda: self._settings.gateway_lag)):
            if path:
                threading.Thread(target=self._follow, args=(load, lag), daemon=True).start()

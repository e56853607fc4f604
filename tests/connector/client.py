"""Starts a stand-in Connector and speaks to its control port.

    with StandIn(directory) as connector:
        token = connector.token()["token"]
        connector.fault("sign", "lose_answer")
        ...
        connector.calls("sign")
"""
import http.client
import json
import os
import subprocess

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stand_in.py")
PYTHON = "/usr/bin/python3"
TIMEOUT = 10


class ControlError(Exception):
    """What the control port would not do, in its words."""


class StandIn:
    """Attributes from ready.json: mtls_url, token_url, inner_url, control_url, server_ca_file,
    client_ca_file, pid. Started again in the same directory it has the same keys and ports."""

    control_url = None

    def __init__(self, directory, *options):
        self.directory, self._options = str(directory), options
        self._process = None

    def start(self):
        reading, writing = os.pipe()
        self._process = subprocess.Popen(
            [PYTHON, PROGRAM, "--directory", self.directory, "--ready-fd", str(writing),
             "--with-parent", *map(str, self._options)], pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as pipe:
            ready = pipe.read()  # until it serves, or has ended
        if not ready:
            raise ControlError(f"the stand-in did not start: exit {self._process.wait(TIMEOUT)}")
        for name, value in json.loads(ready).items():
            setattr(self, name, value)
        return self

    def stop(self):
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(TIMEOUT)
            finally:
                self._process.kill()
                self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def control(self, method, path, **given):
        """One request to the control port; its JSON."""
        host = self.control_url.split("//")[1]
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT)
        try:
            connection.request(method, path, json.dumps(given) if given else None)
            answer = connection.getresponse()
            value = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ControlError(value["error"])
        return value

    def fault(self, operation, kind, nth=1, times=1, **parameters):
        """times=None: for ever."""
        return self.control("POST", "/fault", operation=operation, kind=kind, nth=nth,
                            times=times, **parameters)

    def faults(self):
        return self.control("GET", "/faults")

    def clear_faults(self):
        return self.control("DELETE", "/faults")

    def token(self, client_id=None):
        """{"client_id", "token", "connector_url", "raw_encoded"}"""
        return self.control("POST", "/token", client_id=client_id)

    def calls(self, operation=None):
        calls = self.control("GET", "/calls")
        return [one for one in calls if operation in (None, one["operation"])]

    def connections(self):
        return self.control("GET", "/connections")

    def certificates(self):
        return self.control("GET", "/certificates")

    def forget(self):
        """Empties the lists of calls, connections and certificates."""
        return self.control("DELETE", "/calls")

    def settings(self, **changes):
        return self.control("POST" if changes else "GET", "/settings", **changes)

    def revoke(self, sha256):
        return self.control("POST", "/revoke", sha256=sha256)

    def pardon(self):
        """No certificate is revoked any more."""
        return self.control("DELETE", "/revoke")

    def look(self, secret):
        """The Secret "signer" or "gateway" counts as it is now, whatever the lag."""
        return self.control("POST", "/look", secret=secret)

    def ca(self, **given):
        return self.control("POST", "/ca", **given)

#!/usr/bin/python3
"""The stand-in Connector: serves on loopback until SIGTERM or SIGINT. README.md describes it."""
import argparse
import ctypes
import json
import os
import signal
import sys
import threading

sys.dont_write_bytecode = True  # whoever starts this finds the source tree as it was

import certificates
from connector import Connector
from control import Control
from listeners import Listener, serve_side
from settings import Settings

DEFAULT_CLIENT_ID = "0b5ad1d6-6c33-4d5f-8f1b-6c6c6f0a2f11"
SIDES = ("mtls", "token", "inner")
PR_SET_PDEATHSIG = 1
SWITCH_SECONDS = 0.0005  # Python's 5 ms between threads would be seen in the answers


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", required=True, help="keys, state and ready.json live here")
    parser.add_argument("--validity", type=int, default=Settings.validity_seconds,
                        metavar="SECONDS", help="of issued certificates (default: %(default)s)")
    parser.add_argument("--client-id", default=DEFAULT_CLIENT_ID,
                        help="the client that tokens are for by default (default: %(default)s)")
    parser.add_argument("--attach-root", action="store_true",
                        help="append the gateway's first CA to caCertificate")
    parser.add_argument("--intermediate", action="store_true",
                        help="sign with an intermediate CA; the gateway holds its root only")
    parser.add_argument("--ca-lag", type=float, default=Settings.ca_lag, metavar="SECONDS",
                        help="between two looks at ca.crt and ca.key (default: %(default)s)")
    parser.add_argument("--signer-secret", metavar="FILE",
                        help="a Kubernetes Secret with ca.crt and ca.key, read again each ca-lag")
    parser.add_argument("--gateway-secret", metavar="FILE",
                        help="one with cacert, the CAs that are trusted, read again each gateway-lag")
    parser.add_argument("--gateway-lag", type=float, default=Settings.gateway_lag,
                        metavar="SECONDS", help="(default: %(default)s)")
    parser.add_argument("--ready-fd", type=int, metavar="FD",
                        help="also write the content of ready.json here, then close it")
    parser.add_argument("--with-parent", action="store_true",
                        help="end when the process that started this one does")
    parser.add_argument("--key-bits", type=int, default=2048, help="of the client CA")
    return parser.parse_args(arguments)


class StandIn:
    def __init__(self, options):
        self._ready_file = os.path.join(options.directory, "ready.json")
        self.connector = Connector(
            options.directory, options.key_bits, options.intermediate, options.client_id,
            secrets=(options.signer_secret, options.gateway_secret),
            validity_seconds=options.validity, attach_root=options.attach_root,
            ca_lag=options.ca_lag, gateway_lag=options.gateway_lag)
        ports = self.connector.ports
        self._listeners = {side: Listener(self._server_of(side), ports.get(side, 0))
                           for side in SIDES}
        self._listeners["control"] = Listener(self._control, ports.get("control", 0))
        self.connector.ports = {name: one.port for name, one in self._listeners.items()}
        self.connector.save()
        self.urls = self._urls()
        settings = self.connector.settings
        settings.connector_url = self.urls["mtls_url"]
        settings.director_url = self.urls["mtls_url"].replace("/connector/", "/director/")
        self.control = Control(self)
        threading.Thread(target=self.connector.authority.run_loader, daemon=True).start()
        self.connector.secret_files.run()

    def _server_of(self, side):
        return lambda plain: serve_side(self.connector, side, plain)

    def _control(self, plain):
        self.control.serve(plain)

    def _urls(self):
        port = self.connector.ports
        return {"mtls_url": f"https://localhost:{port['mtls']}/connector/graphql",
                "token_url": f"https://localhost:{port['token']}/connector/graphql",
                "inner_url": f"http://127.0.0.1:{port['inner']}/graphql",
                "control_url": f"http://127.0.0.1:{port['control']}"}

    def say_ready(self, descriptor):
        path = self.connector.authority.path
        ready = {"pid": os.getpid(), **self.urls, "server_ca_file": path("server-ca.crt"),
                 "client_ca_file": path("ca.crt")}
        text = json.dumps(ready, indent=1).encode()
        certificates.write_file(self._ready_file, text, 0o644)
        if descriptor is not None:
            with os.fdopen(descriptor, "wb") as pipe:
                pipe.write(text)

    def set_listening(self, listening):
        for side in ("mtls", "token"):
            self._listeners[side].refuse()
            if listening:
                self._listeners[side].listen()

    def stop(self):
        if os.path.exists(self._ready_file):
            os.unlink(self._ready_file)
        self.connector.authority.stop()
        for listener in self._listeners.values():
            listener.stop()


def main():
    options = parse_arguments(sys.argv[1:])
    options.directory = os.path.abspath(options.directory)
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before any thread exists
    if options.with_parent:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    sys.setswitchinterval(SWITCH_SECONDS)
    stand_in = StandIn(options)
    stand_in.say_ready(options.ready_fd)
    signal.sigwait(signals)
    stand_in.stop()


if __name__ == "__main__":
    main()

"""A SoftHSM token behind p11-kit remoting, with the face of SoftToken: the module is in a server,
another process, which a test may kill and start again."""
import os
import signal
import subprocess
import time
from pathlib import Path

from soft_token import SoftToken
from system import inside

CLIENT = os.environ.get('P11_KIT_CLIENT',
                        '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so')
PATIENCE = 10  # seconds; a net, never what is measured


class RemoteToken(SoftToken):
    """Looked at through SoftHSM itself; `client` is the module for the program under test."""

    client = CLIENT

    def __init__(self, directory):
        super().__init__(directory)
        self.socket = Path(directory).with_suffix('.socket')
        self._server = None
        self.start()

    def environment(self):
        return {**super().environment(), 'P11_KIT_SERVER_ADDRESS': f'unix:path={self.socket}'}

    def start(self, shim=None):
        """Serves the token until kill(); with a shim through that, whose plan strikes the server."""
        provider = shim.module if shim else self.module
        self.socket.unlink(missing_ok=True)
        self._server = subprocess.Popen(
            inside('p11-kit', 'server', '--foreground', '--name', self.socket,
                   '--provider', provider, self.uri),
            stdout=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, **(shim or super()).environment()})
        deadline = time.monotonic() + PATIENCE
        while not self.socket.exists():
            if time.monotonic() > deadline or self._server.poll() is not None:
                raise RuntimeError('the p11-kit server does not start')
            time.sleep(0.01)

    def kill(self):
        """As a crash does, with what it has forked for its connections."""
        if self._server.poll() is None:
            os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()

    close = kill

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from soft_token import SoftToken
from token_shim import TokenShim

PRELUDE = '''
import json, os
from PyKCS11 import *
import PyKCS11
library = PyKCS11Lib()
library.load(os.environ['MODULE'])
pin = open(os.environ['PIN_FILE']).read().strip()
def slots():
    return [slot for slot in library.getSlotList(tokenPresent=True)
            if library.getTokenInfo(slot).flags & CKF_TOKEN_INITIALIZED]
def session():
    return library.openSession(slots()[0], CKF_SERIAL_SESSION | CKF_RW_SESSION)
def generate(session, bits=1024):
    return session.generateKeyPair(
        [(CKA_TOKEN, True), (CKA_MODULUS_BITS, bits), (CKA_PUBLIC_EXPONENT, (1, 0, 1)),
         (CKA_VERIFY, True), (CKA_ID, (7,))],
        [(CKA_TOKEN, True), (CKA_PRIVATE, True), (CKA_SIGN, True), (CKA_ID, (7,))])
def refusal(function, *arguments):
    try:
        function(*arguments)
    except PyKCS11Error as error:
        return CKR[error.value]
    return 'CKR_OK'
def answer(value):
    print(json.dumps(value))
'''


@pytest.fixture
def token(tmp_path):
    return SoftToken(tmp_path / 'token')


class Program:
    """A program that uses the token through the shim, in a process of its own."""

    def __init__(self, shim):
        self.shim = shim

    def start(self, body, environment=None):
        if environment is None:
            environment = self.shim.environment()
        return subprocess.Popen(
            [sys.executable, '-c', PRELUDE + body], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **environment, 'MODULE': self.shim.module,
                 'PIN_FILE': str(self.shim.token.pin_file)})

    def run(self, body, environment=None):
        """The exit status and what it wrote to stderr."""
        process = self.start(body, environment)
        _, errors = process.communicate(timeout=60)
        return process.returncode, errors

    def ask(self, body):
        """What it handed to answer()."""
        process = self.start(body)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        return json.loads(output)


@pytest.fixture
def shim(tmp_path, token):
    return TokenShim(tmp_path, token)


@pytest.fixture
def program(shim):
    return Program(shim)

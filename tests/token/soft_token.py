"""A throw-away SoftHSM token: what is in it, and what other programs put or break in it.

The token is always reached through SoftHSM itself, never through the shim, so that looking does
not count as a call.
"""
import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import PyKCS11
from PyKCS11 import (CKA_ALWAYS_AUTHENTICATE, CKA_CLASS, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE,
                     CKA_LABEL, CKA_MODULUS, CKA_MODULUS_BITS, CKA_PRIVATE, CKA_PUBLIC_EXPONENT,
                     CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VERIFY, CKF_RW_SESSION,
                     CKF_SERIAL_SESSION, CKK_RSA, CKO_CERTIFICATE, CKO_PRIVATE_KEY,
                     CKO_PUBLIC_KEY)

MODULE = os.environ.get('SOFTHSM2_MODULE', '/usr/lib/softhsm/libsofthsm2.so')
MAKE_TOKEN = Path(__file__).resolve().parents[2] / 'softhsm-conf' / 'make-token'
KINDS = {CKO_PRIVATE_KEY: 'private', CKO_PUBLIC_KEY: 'public', CKO_CERTIFICATE: 'certificate'}


@dataclass
class TokenObject:
    handle: object       # of the session in which it was found
    kind: str            # private, public, certificate or other
    label: str
    id: bytes
    modulus: bytes       # empty: a leftover of a generation that was cut
    value: bytes         # of a certificate: its DER
    sensitive: bool      # None unless private
    extractable: bool

    @property
    def bits(self):
        return int.from_bytes(self.modulus, 'big').bit_length()


def make_token(directory, label, *options):
    subprocess.run([MAKE_TOKEN, directory, '--label', label, *options], check=True,
                   stdout=subprocess.DEVNULL)


@functools.cache
def token_to_copy(label):
    """Made once in a process: the tools take longer than most tests."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    made = Path(folder.name) / 'token'
    make_token(made, label)
    return made


class SoftToken:
    module = MODULE
    init_args = None  # the text that C_Initialize wants

    def __init__(self, directory, label='fleet', fresh=False):
        self.directory = Path(directory)
        self.label = label
        self.configuration = self.directory / 'softhsm2.conf'
        self.pin_file = self.directory / 'pin'
        if fresh or self.directory.exists():
            make_token(self.directory, label, *(['--fresh'] * fresh))
        else:
            self._copy(token_to_copy(label))

    def be_as(self, other):
        """With the PIN and the objects of another."""
        shutil.rmtree(self.directory)
        self._copy(other.directory)

    def _copy(self, made):
        shutil.copytree(made, self.directory)
        self.configuration.write_text(
            self.configuration.read_text().replace(str(made), str(self.directory)))

    @property
    def pin(self):
        return self.pin_file.read_text().strip()

    @property
    def client(self):
        """The module for the program under test; `module` is the one to look at the token."""
        return self.module

    @property
    def uri(self):
        return f'pkcs11:token={quote(self.label)}'

    def close(self):
        """At the end of a test."""

    def environment(self):
        return {'SOFTHSM2_CONF': str(self.configuration)}

    @contextmanager
    def session(self):
        """A PyKCS11 session, logged in; the module is loaded for its time only."""
        before = {name: os.environ.get(name) for name in self.environment()}
        os.environ.update(self.environment())
        try:
            library = self._load()
            session = library.openSession(self._slot(library), CKF_SERIAL_SESSION | CKF_RW_SESSION)
            session.login(self.pin)
            yield session
            session.closeSession()
        finally:
            library.lib.Unload()
            for name, value in before.items():
                del os.environ[name]
                if value is not None:
                    os.environ[name] = value

    def _load(self):
        library = PyKCS11.PyKCS11Lib()
        library.load(self.module)
        return library

    def _slot(self, library):
        for slot in library.getSlotList(tokenPresent=True):
            if library.getTokenInfo(slot).label.strip() == self.label:
                return slot
        raise LookupError(f'no token {self.label} in {self.directory}')

    def objects(self, kind=None, id=None, label=None):
        """What the token holds; all of it, or what agrees with each argument that is given."""
        with self.session() as session:
            return find(session, kind, id, label)

    def private_keys(self):
        return self.objects(kind='private')

    def destroy(self, kind=None, id=None, label=None):
        """Destroys what objects() would list; says how many there were."""
        with self.session() as session:
            doomed = find(session, kind, id, label)
            for each in doomed:
                session.destroyObject(each.handle)
        return len(doomed)

    def make_key_pair(self, label, id, bits=2048, extractable=False, always_authenticate=False):
        """As another program does. An id that is taken is taken twice, as the standard allows."""
        common = [(CKA_TOKEN, True), (CKA_ID, tuple(id)), (CKA_LABEL, label)]
        with self.session() as session:
            session.generateKeyPair(
                common + [(CKA_MODULUS_BITS, bits), (CKA_VERIFY, True),
                          (CKA_PUBLIC_EXPONENT, (1, 0, 1))],
                common + [(CKA_PRIVATE, True), (CKA_SENSITIVE, True),
                          (CKA_EXTRACTABLE, extractable), (CKA_SIGN, True)]
                + [(CKA_ALWAYS_AUTHENTICATE, True)] * always_authenticate)

    def make_certificate(self, label, id, value=b'their certificate'):
        with self.session() as session:
            session.createObject([
                (CKA_CLASS, CKO_CERTIFICATE), (PyKCS11.CKA_CERTIFICATE_TYPE, PyKCS11.CKC_X_509),
                (CKA_TOKEN, True), (CKA_PRIVATE, False), (CKA_LABEL, label), (CKA_ID, tuple(id)),
                (PyKCS11.CKA_SUBJECT, tuple(b'0')), (PyKCS11.CKA_VALUE, tuple(value))])

    def make_half_pair(self, label, id, kind, bits=2048):
        """Only the private or only the public key of a pair."""
        other = {'private': 'public', 'public': 'private'}[kind]
        before = {each.modulus for each in self.objects(kind=other, id=id, label=label)}
        self.make_key_pair(label, id, bits)
        with self.session() as session:
            for each in find(session, other, id, label):
                if each.modulus not in before:
                    session.destroyObject(each.handle)

    def make_nameless_object(self, kind='public', count=1):
        """What a generation that was killed leaves: no id, no label, no modulus."""
        object_class = {name: number for number, name in KINDS.items()}[kind]
        with self.session() as session:
            for _ in range(count):
                session.createObject([(CKA_CLASS, object_class), (CKA_KEY_TYPE, CKK_RSA),
                                      (CKA_TOKEN, True), (CKA_PRIVATE, kind == 'private'),
                                      (CKA_MODULUS, ())]
                                     + ([(CKA_PUBLIC_EXPONENT, (1, 0, 1))] if kind == 'public'
                                        else [(PyKCS11.CKA_PRIVATE_EXPONENT, (1, 0, 1))]))


def find(session, kind, id, label):
    found = [read_object(session, handle) for handle in session.findObjects()]
    return [each for each in found
            if kind in (None, each.kind) and label in (None, each.label)
            and (id is None or each.id == bytes(id))]


def read_object(session, handle):
    names = [CKA_CLASS, CKA_LABEL, CKA_ID, CKA_MODULUS, PyKCS11.CKA_VALUE, CKA_SENSITIVE,
             CKA_EXTRACTABLE]
    values = {name: read_value(session, handle, name) for name in names}
    return TokenObject(handle=handle, kind=KINDS.get(values[CKA_CLASS], 'other'),
                       label=values[CKA_LABEL] or '', id=bytes(values[CKA_ID] or ()),
                       modulus=bytes(values[CKA_MODULUS] or ()),
                       value=bytes(values[PyKCS11.CKA_VALUE] or ()),
                       sensitive=values[CKA_SENSITIVE], extractable=values[CKA_EXTRACTABLE])


def read_value(session, handle, name):
    """None also where an object that a kill left half made has nothing sensible."""
    try:
        return session.getAttributeValue(handle, [name])[0]
    except PyKCS11.PyKCS11Error:
        return None

"""A throw-away token of NSS softokn, with the face of SoftToken: another vendor's module, which wants
a text in C_Initialize."""
import ctypes
import os
import secrets

import PyKCS11
from PyKCS11 import CKF_RW_SESSION, CKF_SERIAL_SESSION, CKU_SO
from soft_token import SoftToken

MODULE = os.environ.get('SOFTOKN_MODULE', '/usr/lib/x86_64-linux-gnu/libsoftokn3.so')
CKF_OS_LOCKING_OK = 2


class InitializeArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS"""
    _fields_ = [('mutex_functions', ctypes.c_void_p * 4), ('flags', ctypes.c_ulong),
                ('reserved', ctypes.c_char_p)]


class NssToken(SoftToken):
    module = MODULE

    def __init__(self, directory, label='NSS Certificate DB'):
        self.directory = directory
        self.directory.mkdir()
        self.label = label
        self.init_args = \
            f"configdir='sql:{directory}' certPrefix='' keyPrefix='' secmod='' flags="
        self.pin_file = directory / 'pin'
        self.pin_file.touch(mode=0o600)
        self.pin_file.write_text(f'{secrets.randbelow(10 ** 16):016}\n')
        self._set_pin()

    def environment(self):
        return {}

    def _set_pin(self):
        """The security officer of a new database has an empty PIN."""
        library = self._load()
        session = library.openSession(self._slot(library), CKF_SERIAL_SESSION | CKF_RW_SESSION)
        session.login('', CKU_SO)
        session.initPin(self.pin)
        session.closeSession()
        library.lib.Unload()

    def _load(self):
        """PyKCS11 has no arguments for C_Initialize, but takes a module that is initialised."""
        functions = ctypes.POINTER(ctypes.c_void_p)()
        ctypes.CDLL(self.module).C_GetFunctionList(ctypes.byref(functions))
        # CK_FUNCTION_LIST: the version, padded to a pointer, then C_Initialize.
        initialize = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)(functions[1])
        arguments = InitializeArguments(flags=CKF_OS_LOCKING_OK, reserved=self.init_args.encode())
        result = initialize(ctypes.addressof(arguments))
        if result != 0:
            raise PyKCS11.PyKCS11Error(result)
        return super()._load()

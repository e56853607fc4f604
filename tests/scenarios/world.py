"""One host: a token behind the shim, a configuration, a state directory, and the agent's program.

    world.enroll()
    world.connector.fault("sign", "empty_400")
    result = world.run("renew", "--force")
    assert result.status == 75
    world.assert_identity_works()
"""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("RENEWAL_AGENT_BUILD", ROOT / "build"))
for folder in ("connector", "supervisor", "token"):
    sys.path.insert(0, str(ROOT / "tests" / folder))

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from json_schema import SCHEMA, complaints, load  # noqa: E402
from soft_token import SoftToken  # noqa: E402
from system import SYSTEM, inside  # noqa: E402
from token_shim import TokenShim  # noqa: E402

PROGRAM = BUILD / "renewal-agent"
SIGNER = os.environ.get("RENEWAL_AGENT_SIGNER")  # the setting; None: auto
SHIM = BUILD / "tests" / "token" / "libtoken-shim.so"
CRASH = BUILD / "tests" / "crash" / "libcrash.so"
SIGNER_FILES = {"provider": "ossl-modules/pkcs11.so", "engine": "engines-3/pkcs11.so",
                "pkcs11prov": "ossl-modules/pkcs11prov.so"}
SIGNERS = [name for name, file in SIGNER_FILES.items()  # that the agent's system has
           if any(SYSTEM.glob(f"usr/lib/*/{file}"))]
FIRST_SIGNER = SIGNER or next(iter(SIGNERS), None)  # that signs while nothing goes wrong
# The engine alone hands the PIN on for a signature (CKA_ALWAYS_AUTHENTICATE); `auto` goes on to it.
HANDS_PIN_ON = "engine" in SIGNERS and SIGNER in (None, "engine")
# The engine of the libp11 that brings pkcs11prov too (0.4.21) crashes when its session has ended.
ENGINE_CRASHES = FIRST_SIGNER == "engine" and "pkcs11prov" in SIGNERS
SIGNATURES = ("C_Sign", "C_SignFinal")  # a signer may make one of several calls
PLAN_SCHEMA = load("plan.schema.json")
TIMEOUT = 120  # a net under the tests, never what they measure


@dataclass
class Result:
    status: int  # exit status; -9 for a kill
    json: dict   # None when it was killed before it printed
    errors: str  # stderr

    def __getitem__(self, name):
        return self.json[name]


def assert_fits_schema(report):
    """None: it was killed before it printed."""
    if report is not None:
        found = list(complaints(report, PLAN_SCHEMA if "moments" in report else SCHEMA))
        assert not found, (found, report)


class World:
    def __init__(self, directory, connector, make_token=SoftToken, **settings):
        self.directory = Path(directory)
        self.connector = connector
        self.token = make_token(self.directory / "token")
        self.shim = TokenShim(self.directory, self.token, library=SHIM, module=self.token.client)
        self.state = self.directory / "state"
        self.folder = self.state / "orders"
        self.configuration = self.directory / "renewal-agent.conf"
        self.environment = {}
        self.secrets = {self.token.pin}  # what no output and no file of the state may show
        self._settings = {
            "connector_url": connector.mtls_url,
            "enrollment_url": connector.token_url,
            "server_ca_file": connector.server_ca_file,
            "module": self.shim.module,
            "module_init_args": self.token.init_args,
            "token": self.token.uri,
            "pin_file": self.token.pin_file,
            "key_bits": 2048,
            "max_certificates_per_day": 100000,  # a host may have all the tests of a file
            "signer": SIGNER,
        }
        self.configure(**settings)

    def configure(self, **settings):
        """Changes settings of the identity; None takes one away."""
        self._settings.update(settings)
        lines = [f"{name} = {value}\n" for name, value in self._settings.items()
                 if value is not None]
        self.configuration.write_text(
            f"[agent]\nstate_directory = {self.state}\n\n[identity orders]\n{''.join(lines)}")

    def start(self, *arguments, command=(), program=PROGRAM, stdin=subprocess.DEVNULL,
              **environment):
        """The program in the background; `command` goes before it (faketime, strace)."""
        return subprocess.Popen(
            inside(*command, program, "--config", self.configuration, "--json", *arguments,
                   **environment),
            text=True, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **self.shim.environment(), **self.environment})

    def run(self, *arguments, command=(), **environment):
        result = finish(self.start(*arguments, command=command, **environment))
        self.assert_secrets_kept(result)
        assert_fits_schema(result.json)
        return result

    def settings(self):
        """A copy, for configure() to go back to."""
        return dict(self._settings)

    def enroll(self):
        """The first certificate; the calls that it took are forgotten."""
        result = self.run("enroll", "--token-file", self.one_time_token())
        assert result.status == 0, result
        self.shim.forget()
        return result

    def is_plain(self):
        """Not what a file of tests has made of it."""
        return type(self) is World and type(self.token) is SoftToken

    def be_as(self, other):
        """Enrolled as another, with the same key."""
        self.token.be_as(other.token)
        shutil.copytree(other.state, self.state, symlinks=True)
        self.secrets |= other.secrets

    def one_time_token(self, form="token"):
        """In a file; form raw_encoded is the Director's, which names the URL too."""
        given = self.connector.token()
        self.secrets |= {given["token"], given["raw_encoded"]}
        return self.token_file(given[form])

    def token_file(self, text):
        path = self.directory / "one-time-token"
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path

    def calls(self, function):
        """How often a PKCS#11 function was called since the enrolment or forget()."""
        return len(self.shim.calls(function))

    def signatures(self):
        return sum(self.calls(function) for function in SIGNATURES)

    def journal(self):
        return json.loads((self.folder / "journal.json").read_text())

    def active(self):
        """The number of the active generation."""
        return int((self.folder / "current").readlink().name)

    def certificate(self, generation=None):
        number = self.active() if generation is None else generation
        return x509.load_pem_x509_certificate(
            (self.folder / "generations" / str(number) / "certificate.pem").read_bytes())

    def generation(self, number=None):
        """What generation.json says."""
        path = self.folder / "generations" / str(number or self.active()) / "generation.json"
        return json.loads(path.read_text())

    def sha256(self, generation=None):
        return self.certificate(generation).fingerprint(hashes.SHA256()).hex()

    def generations(self):
        return sorted(int(each.name) for each in (self.folder / "generations").iterdir())

    def key_ids(self):
        """Of the generations in the store and of the spare key, as the token has them."""
        ids = {self.generation(number)["key_id"] for number in self.generations()}
        return {bytes.fromhex(each) for each in ids | ({self.spare()} - {None})}

    def spare(self):
        """The id of the spare key; None when there is none."""
        journal = self.journal()
        is_made = journal["phase"] == "KEYED" and journal["renewal"]["spare"]
        return journal["renewal"]["key_id"] if is_made else None

    def assert_secrets_kept(self, result):
        shown = [result.errors, json.dumps(result.json)]
        for path in self.state.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # another run may be at work
                if path.is_file() and not path.is_symlink():
                    shown.append(path.read_bytes().decode("latin-1"))
        assert not [secret for secret in self.secrets for text in shown if secret in text], \
            "a PIN or one-time token was shown or kept"

    def assert_key_fits(self):
        """From outside: one private key in the token belongs to the active certificate."""
        modulus = self.certificate().public_key().public_numbers().n
        keys = [key for key in self.token.private_keys()
                if int.from_bytes(key.modulus, "big") == modulus]
        assert len(keys) == 1
        assert keys[0].sensitive and not keys[0].extractable

    def assert_identity_works(self):
        """The Connector accepts the active identity, key in the token."""
        self.assert_key_fits()
        result = self.run("renew", "--dry-run", "--force")
        assert (result.status, result["reason"]) == (0, "dry_run"), result

    def assert_fails(self, status, kind, *facts, reason="none", arguments=("renew", "--force"),
                     command=(), **environment):
        """It ends so, says these facts, and the active identity is the one of before."""
        before = self.sha256()
        result = self.run(*arguments, command=command, **environment)
        assert (result.status, result["error"]["class"], result["reason"]) == \
            (status, kind, reason), result
        assert result["exit_status"] == status, result
        assert (result["failed"], result["changed"]) == (True, False), result
        message = result["error"]["message"]
        assert not [fact for fact in facts if fact not in message], message
        assert self.sha256() == before
        return result

    def assert_recovers(self, keys=1):
        """The fault is gone: the old identity works, and one run renews it. `keys` were made
        since the calls were last forgotten: a key is kept for the next try."""
        self.connector.clear_faults()
        self.assert_identity_works()
        self.assert_renews()
        assert self.calls("C_GenerateKeyPair") == keys

    def assert_only_retained_keys(self):
        """One pair for each generation in the store, the spare one, and nothing else."""
        objects = self.token.objects()
        if self._settings.get("store_certificate") == "yes":
            self._assert_certificates_stored(objects)
            objects = [each for each in objects if each.kind != "certificate"]
        assert sorted(each.id for each in objects if each.kind == "private") == \
            sorted(self.key_ids())
        assert sorted(each.id for each in objects if each.kind == "public") == \
            sorted(self.key_ids())
        assert len(objects) == 2 * len(self.key_ids())

    def _assert_certificates_stored(self, objects):
        """Of the active generation, and at most one beside each other key."""
        certificates = [each for each in objects if each.kind == "certificate"]
        stored = {each.id: each.value for each in certificates if each.id}
        assert len(certificates) == len(stored)
        kept = {bytes.fromhex(self.generation(number)["key_id"]):
                self.certificate(number).public_bytes(serialization.Encoding.DER)
                for number in self.generations()}
        assert stored.items() <= kept.items()
        assert bytes.fromhex(self.generation()["key_id"]) in stored

    def assert_renews(self, *arguments):
        """One run, and the host has a new working identity and exactly the retained keys."""
        before = self.sha256()
        result = self.run("renew", *(arguments or ("--force",)))
        assert result.status == 0, result
        assert self.sha256() != before
        self.assert_whole()
        return result

    def assert_whole(self):
        self.assert_identity_works()
        self.assert_only_retained_keys()
        self.assert_nothing_under_way()

    def assert_nothing_under_way(self):
        assert self.journal()["phase"] == "IDLE" or self.spare()


def finish(process):
    try:
        output, errors = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
    return Result(process.returncode, json.loads(output) if output else None, errors)


def wait_until(condition):
    """What the condition says, as soon as that is true."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to that")


def is_alive(pid):
    """A zombie, which nobody has waited for yet, is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"

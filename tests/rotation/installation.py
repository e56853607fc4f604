"""All that a rotation is about: the two Secrets, the stand-in that reads them, and the hosts.

    installation.secrets.replace(installation.secrets.rotate("expiring"))
    installation.look("gateway", "signer")
    installation.hosts.assert_all_renew()
    assert installation.retire().status == 0

The stand-in looks at a Secret when it is told to: whatever lag there may be lies between replace()
and look().
"""
import datetime
import json
import os
import shutil
from unittest import mock

import certificates
import visitor
from client import StandIn
from clock import clock_environment
from cluster import Cluster, certificates_of, gateway_secret, new_ca, shared_key, signer_secret
from crash_library import CrashLibrary
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hosts import NAMES, Hosts
from world import CRASH

FULL = os.environ.get("RENEWAL_AGENT_FULL") == "1"
DAY = 86400
CA_DAYS, CA_DAYS_LEFT = 92, 20
NEVER = 10 * 365 * DAY
SIGNER, GATEWAY = "connector-service-app-ca", "kyma-gateway-certs-cacert"


class Conflict(Exception):
    """Somebody has edited the Secret in between."""


class Secrets(Cluster):
    """The same in files, where the stand-in finds them."""

    def __init__(self, folder, signer, gateway):
        super().__init__(signer, gateway)
        self.files = {SIGNER: folder / "signer.json", GATEWAY: folder / "gateway.json"}
        self._write(self.secrets)

    def _write(self, secrets):
        for name, secret in secrets.items():
            self.files[name].write_text(json.dumps(secret))

    def replace(self, secrets):
        """As `kubectl replace -f -`: each Secret by itself, those without a conflict at least."""
        conflicts = []
        for name, secret in secrets.items():
            try:
                super().replace({name: secret})
            except AssertionError:
                conflicts.append(name)
        self._write(self.secrets)
        if conflicts:
            raise Conflict(*conflicts)

    def put_back(self, secret):
        """An older state of a Secret, over whatever there is."""
        name = secret["metadata"]["name"]
        version = self.secrets[name]["metadata"]["resourceVersion"]
        self.replace({name: {**secret, "metadata": {**secret["metadata"],
                                                    "resourceVersion": version}}})

    def replace_one(self, name, secrets):
        self.replace({name: secrets[name]})


class Installation:
    def __init__(self, folder, names=NAMES):
        self.folder, self.names = folder, names
        self.reports = folder / "reports"
        self._first = self._first_secrets()
        self.secrets = Secrets(folder, *self._first)
        self.connector = StandIn(
            folder / "connector", "--ca-lag", NEVER, "--gateway-lag", NEVER,
            "--signer-secret", self.secrets.files[SIGNER],
            "--gateway-secret", self.secrets.files[GATEWAY])

    @staticmethod
    def _first_secrets():
        begins = datetime.datetime.utcnow().replace(microsecond=0) - \
            datetime.timedelta(CA_DAYS - CA_DAYS_LEFT)
        ca = new_ca(shared_key(), days=CA_DAYS, begins=begins)
        return signer_secret(ca, shared_key()), gateway_secret(ca)

    def start(self):
        self.connector.start()
        self.hosts = Hosts(self.folder / "host", self.connector, self.names)
        self._enroll()
        self._kept = self.folder / "kept"
        for part in (self.hosts.token.directory, self.hosts.state):
            shutil.copytree(part, self._kept / part.name, symlinks=True)

    def stop(self):
        self.connector.stop()

    def _enroll(self):
        """Over two months, for 80 to 99 days: the due dates lie in the two weeks around now."""
        for number, name in enumerate(self.names):
            self.connector.settings(not_before_offset=-3 * DAY * number,
                                    validity_seconds=DAY * (80 + number))
            self.hosts.one(name).enroll()
        self.connector.settings(not_before_offset=0, validity_seconds=90 * DAY)
        self._settings = self.connector.settings()

    def restore(self):
        """Everything as it was after the enrolment."""
        for part in (self.hosts.token.directory, self.hosts.state):
            shutil.rmtree(part)
            shutil.copytree(self._kept / part.name, part, symlinks=True)
        shutil.rmtree(self.reports, ignore_errors=True)
        self.travel(0)
        signer, gateway = json.loads(json.dumps(self._first))
        self.secrets = Secrets(self.folder, signer, gateway)
        for name in self.names:
            self.hosts.configure_one(name, distrusted_ca=None)
        self.connector.clear_faults()
        self.connector.settings(**self._settings)
        self.look("signer", "gateway")
        self.connector.forget()
        self.hosts.shim.forget()

    def travel(self, day):
        """So many days after the enrolment, for the hosts and for the Connector, started again."""
        if day == self.hosts.day:
            return
        self.hosts.day = day
        self.connector.stop()
        with mock.patch.dict(os.environ, {
                **clock_environment(f"+{day}d"),
                "FAKETIME_DONT_FAKE_MONOTONIC": "1"} if day else {}):
            self.connector.start()
        self.connector.settings(**self._settings)

    def look(self, *which):
        for each in which:
            self.connector.look(each)

    def rotate(self, reason, *arguments):
        """All of it, in the order in which root-ca prints it."""
        printed = self.secrets.rotate(reason, *arguments)
        for name in printed:
            self.secrets.replace_one(name, printed)
            self.look("signer" if name == SIGNER else "gateway")

    def accepts_forgery(self):
        """Whether one who has the CA's first key gets in as the first host."""
        [ca] = certificates_of(self._first[0], "ca.crt")
        leaf = (x509.CertificateBuilder().issuer_name(ca.subject)
                .subject_name(self.hosts.one(NAMES[0]).certificate().subject)
                .public_key(shared_key().public_key()).serial_number(2)
                .not_valid_before(ca.not_valid_before).not_valid_after(ca.not_valid_after)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    shared_key().public_key()), False)
                .sign(shared_key(), hashes.SHA256()))
        file = visitor.save(self.folder / "thief.pem", shared_key(),
                            certificates.certificate_pem(leaf))
        replies = []
        alert = visitor.alert_of(
            lambda: replies.append(visitor.ask(self.connector, visitor.PROBE, file)))
        assert alert == "unknown_ca" if alert else replies[0].status == 200, alert
        return not alert

    def report(self):
        """What the hosts say of themselves, as the playbooks collect it."""
        self.reports.mkdir(exist_ok=True)
        (self.reports / "hsm1.json").write_text(json.dumps(
            {**self.hosts.run("--all", "status").json, "host": "hsm1"}))
        return self.reports

    def retire(self):
        return self.secrets.run("retire", "--fleet", self.report())

    def assert_retired(self):
        """The report says that nobody is on the old CA, and so it is."""
        result = self.retire()
        assert result.status == 0, result
        self.secrets.replace(result.secrets)
        self.look("gateway")
        assert self.secrets.stage() == "steady"
        self.hosts.assert_all_work()

    def assert_not_retired(self, *names):
        """Refused as long as it is too early for these, and nothing is printed."""
        result = self.retire()
        assert (result.status, result.output) == (75, ""), result
        assert f"{len(names)} of {len(NAMES)} identities are not on the new CA" in result.errors
        named = {each for each in NAMES if f"hsm1/{each}" in result.errors}
        assert named == set(sorted(names)[:5])

    def kill(self, at, *arguments):
        """`renew --all`, killed with all of its processes before the point `at`: whether it came
        so far, else it has ended well."""
        crash = CrashLibrary(self.folder, library=CRASH)
        crash.forget()
        result = self.hosts.run("--all", "renew", *arguments, command=("setsid",),
                                **crash.environment(at=at, whole_group=True,
                                                    match=self.hosts.state))
        is_killed = len(crash.points()) >= at
        assert is_killed or result.status == 0, result
        return is_killed

    def renew_with_kills(self, check, *arguments):
        """Killed again and again, until a run comes to its end: how many kills that took. Each is
        at another point of some renewal."""
        kills = 0
        while self.kill(17 + 7 * kills if FULL else 67 + 61 * kills, *arguments):
            kills += 1
            check()
        return kills

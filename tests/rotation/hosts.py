"""Twenty identities of clients of their own, their keys on one token.

    hosts.assert_all_work()
    result, each = hosts.run_all("renew", "--force")
    hosts.enroll_again("h07")
"""
import uuid

from clock import later
from fleet import Fleet

NAMES = [f"h{number:02}" for number in range(1, 21)]


class Hosts(Fleet):
    def __init__(self, directory, connector, names=NAMES):
        self.day = 0
        super().__init__(directory, connector, names, rejected_after=0, distrusted_ca_wait="0s")

    def start(self, *arguments, command=(), **options):
        """On the day of which the Connector believes that it is today."""
        if self.day:
            command = *later(f"+{self.day}d"), *command
        return super().start(*arguments, command=command, **options)

    def one_time_token(self, form="token"):
        client_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, self.identity))
        given = self.connector.token(client_id)
        self.secrets |= {given["token"], given["raw_encoded"]}
        return self.token_file(given[form])

    def distrust(self, names, sha256):
        for name in names:
            self.configure_one(name, distrusted_ca=sha256)

    def folder_of_tokens(self):
        folder = self.directory / "tokens-left"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def issuers(self):
        """{identity: SHA-256 of the CA certificate that it knows as its own}, by `status`."""
        return {name: each["certificate"]["issuer_sha256"]
                for name, each in self.run_all("status")[1].items()}

    def works(self):
        """{identity: whether the Connector accepts its active certificate, key in the token}"""
        _, each = self.run_all("renew", "--dry-run", "--force")
        assert list(each) == self.names
        return {name: one["exit_status"] == 0 for name, one in each.items()}

    def assert_all_work(self):
        works = self.works()
        assert all(works.values()), works
        self.assert_keys_fit()

    def assert_only_these_work(self, names):
        assert self.works() == {name: name in names for name in self.names}

    def assert_all_renew(self, *arguments):
        """Each with a new certificate, which works."""
        before = self.shas()
        result, each = self.run_all("renew", *(arguments or ("--force",)))
        assert result.status == 0, result
        assert {one["exit_status"] for one in each.values()} == {0}
        assert not [name for name, sha in self.shas().items() if sha == before[name]]
        self.assert_all_work()

    def renew_each(self, names, status=0):
        """One after the other: {identity: its report}."""
        each = {name: self.one(name).run("renew", "--force") for name in names}
        assert {one.status for one in each.values()} == {status}, each
        return each

    def assert_all_locked_out(self):
        """Each says so, whatever is tried, and keeps what it has."""
        before = self.shas()
        for _ in range(2):
            result, each = self.run_all("renew", "--force")
            assert result.status == 20, result
            assert {one["exit_status"] for one in each.values()} == {20}
        assert {one["state"] for one in self.run_all("status")[1].values()} == \
            {"re-enrolment-needed"}
        assert self.shas() == before

    def enroll_again(self, name):
        """By another one-time token, with a key that the identity has not had before."""
        one = self.one(name)
        old = one.generation()["key_id"]
        result = one.run("enroll", "--token-file", one.one_time_token())
        assert result.status == 0, result
        assert one.generation()["key_id"] != old

    def enroll_all_again(self):
        for name in self.names:
            self.enroll_again(name)
        self.assert_all_work()

    def assert_keys_fit(self):
        """From outside: to each active certificate belongs one private key of the token."""
        moduli = [int.from_bytes(key.modulus, "big") for key in self.token.private_keys()]
        for name in self.names:
            key = self.one(name).certificate().public_key().public_numbers().n
            assert moduli.count(key) == 1, name

    def assert_at_rest(self):
        """Nothing is under way, and the token holds a pair for each generation and no more."""
        wanted = sorted(id for name in self.names for id in self.one(name).key_ids())
        for name in self.names:
            self.one(name).assert_nothing_under_way()
        objects = self.token.objects()
        for kind in ("private", "public"):
            assert sorted(each.id for each in objects if each.kind == kind) == wanted
        assert len(objects) == 2 * len(wanted)

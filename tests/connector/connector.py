"""The stand-in Connector as a whole: its parts, and what more than one of them needs."""
import json
import os

import certificates
import forgeries
import names
from authority import Authority
from calls import Certificate, Journal
from faults import Faults
from graphql_api import Api
from identities import Identities
from secret_files import SecretFiles
from settings import Settings
from tls_side import TlsSide


class Connector:
    """What must outlive a restart (client ids, revocations, ports) is kept in state.json."""

    def __init__(self, directory, key_bits, intermediate, client_id, secrets=(None, None),
                 **settings):
        os.makedirs(directory, mode=0o755, exist_ok=True)
        self._state_file = os.path.join(directory, "state.json")
        self._default_client_id = client_id
        self.settings = Settings()
        self.settings.update(settings)
        self.authority = Authority(directory, self.settings, key_bits, intermediate)
        self.tls = TlsSide(self.authority, self.settings)
        self.secret_files = SecretFiles(self.authority, self.tls, self.settings, *secrets)
        self.identities = Identities(self.settings)
        self.faults, self.journal = Faults(), Journal()
        self.api = Api(self)
        self.ports = {}
        self._load()

    def _load(self):
        state = {}
        if os.path.exists(self._state_file):
            with open(self._state_file, encoding="utf-8") as file:
                state = json.load(file)
        self.identities.set_known(set(state.get("client_ids", [])) | {self._default_client_id})
        self.identities.revoked = set(state.get("revoked", []))
        self.ports = state.get("ports", {})

    def save(self):
        certificates.write_file(self._state_file, json.dumps(
            {"client_ids": self.identities.client_ids, "ports": self.ports,
             "revoked": sorted(self.identities.revoked)}).encode())

    def token(self, client_id=None):
        """A one-time token as the Director hands it out, for a client that is known from now on."""
        client_id = client_id or self._default_client_id
        new = client_id not in self.identities.client_ids
        token = self.identities.mint(client_id)
        if new:
            self.save()
        return client_id, token

    def revoke(self, fingerprint):
        self.identities.revoke(fingerprint)
        self.save()

    def pardon(self):
        self.identities.revoked.clear()
        self.save()

    def issue(self, leaf, call):
        """Signs, and writes down what was signed."""
        false = [fault for fault in call.faults if fault.stage == "forgery"]
        for fault in false:
            forgeries.change_leaf(fault, leaf)
        data, cas = leaf.sign(), self.authority.returned_cas()
        issued = forgeries.Issued(data, cas, [data] + cas)
        for fault in false:
            forgeries.change_issued(fault, issued, self.authority)
        self.journal.certificates.append(Certificate(
            sha256=certificates.sha256(issued.leaf), subject=names.show(leaf.subject),
            client_id=call.caller.client_id,
            key_sha256=certificates.sha256(leaf.public_key_info),
            issuer_sha256=certificates.sha256(cas[0]), not_before=leaf.not_before.isoformat(),
            not_after=leaf.not_after.isoformat(), call=call.number,
            faults=[fault.kind for fault in call.faults]))
        return issued

"""An identity as the openssl commands of the Connector's documentation leave it, in files."""
import base64
import subprocess

import visitor


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


class OpensslIdentity:
    """`key`, and `chain`: the decoded answer, the leaf first; `leaf` and `ca` apart."""

    def __init__(self, world):
        self.folder = world.directory / "openssl"
        self.folder.mkdir(exist_ok=True)
        self.key, self.chain, self.leaf, self.ca = (
            self.folder / name for name in ("app.key", "chain.pem", "leaf.pem", "ca.pem"))
        openssl("genrsa", "-out", self.key, "2048")
        self.sign(world.connector)

    def sign(self, connector):
        token = connector.token()
        second = visitor.ask(connector, visitor.CONFIGURATION,
                             headers={"Connector-Token": token["token"]}).result["token"]["token"]
        values = {**visitor.SUBJECT, "CN": token["client_id"]}
        subject = "".join(f"/{name}={value}" for name, value in values.items())
        request = openssl("req", "-new", "-sha256", "-key", self.key, "-subj", subject)
        result = visitor.ask(connector, visitor.SIGN, headers={"Connector-Token": second},
                             variables={"csr": base64.b64encode(request).decode()}).result
        for path, member in ((self.chain, "certificateChain"), (self.leaf, "clientCertificate"),
                             (self.ca, "caCertificate")):
            path.write_bytes(base64.b64decode(result[member]))

    def arguments(self, *more, certificate=None, key=None):
        return ("adopt", "--certificate", certificate or self.chain, "--key", key or self.key,
                *more)


def import_key(token, key, label, id):
    """Into the token, as another program's tool does."""
    subprocess.run(["softhsm2-util", "--import", key, "--token", "fleet", "--pin", token.pin,
                    "--label", label, "--id", id], check=True, capture_output=True,
                   env=token.environment())

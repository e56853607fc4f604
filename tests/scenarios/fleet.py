"""One host with several identities, each in a drop-in of its own.

    fleet = Fleet(directory, connector, ["a", "b"])
    fleet.enroll_all()
    fleet.configure_one("b", connector_url="https://localhost:1/")
    result = fleet.run("--all", "renew", "--force")
    fleet.one("a").assert_identity_works()
"""
import copy
import fcntl
import shutil

from soft_token import SoftToken
from world import World


class Fleet(World):
    def __init__(self, directory, connector, names, **settings):
        self.names = names
        self.identity = None
        self._own = {name: {} for name in names}
        super().__init__(directory, connector, **settings)

    def configure(self, **settings):
        """For every identity that has no setting of its own; None takes one away."""
        self._settings.update(settings)
        self.configuration.write_text("[agent]\n" + lines(
            {"state_directory": self.state, **self._settings}))
        drop_ins = self.directory / "conf.d"
        drop_ins.mkdir(exist_ok=True)
        for name, own in self._own.items():
            (drop_ins / f"{name}.conf").write_text(f"[identity {name}]\n{lines(own)}")

    def configure_one(self, name, **settings):
        self._own[name].update(settings)
        self.configure()

    def one(self, name):
        """The host as this identity has it: run() names it."""
        view = copy.copy(self)
        view.identity = name
        view.folder = self.state / name
        return view

    def start(self, *arguments, **options):
        named = ("--identity", self.identity) if self.identity else ()
        return super().start(*named, *arguments, **options)

    def run_all(self, *arguments, **options):
        """The result, and {identity: its report}."""
        result = self.run("--all", *arguments, **options)
        return result, {each["identity"]: each for each in (result.json or {}).get("identities", [])}

    def enroll_all(self):
        for name in self.names:
            self.one(name).enroll()

    def shas(self):
        return {name: self.one(name).sha256() for name in self.names}

    def workers(self):
        """The processes that have called the module, in the order of their first calls."""
        return list(dict.fromkeys(call.pid for call in self.shim.calls()))

    def lock_is_free(self, name):
        with open(self.state / name / "lock", "rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def add_token(self, label):
        """Another token of the same module, with a PIN of its own: its settings."""
        other = SoftToken(self.directory / label, label=label)
        for each in (other.directory / "tokens").iterdir():
            shutil.move(each, self.token.directory / "tokens" / each.name)
        self.secrets.add(other.pin)
        return {"token": other.uri, "pin_file": other.pin_file}


def lines(settings):
    return "".join(f"{name} = {value}\n" for name, value in settings.items() if value is not None)

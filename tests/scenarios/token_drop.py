"""A one-time token that is left for a host, in a file or as a credential."""

FIRST = ("configuration", "sign")  # of an enrolment


class Drop:
    """A locked-out host, whose configuration names a file and a credential for a token."""

    def __init__(self, world):
        self.world = world
        self.file = world.directory / "drop" / "orders.token"
        self.file.parent.mkdir()
        self.credentials = world.directory / "credentials"
        self.credentials.mkdir()
        world.configure(enrollment_token_file=self.file, rejected_after="0s")

    def lock_out(self):
        """It is refused, and waits in a back-off."""
        world = self.world
        world.enroll()
        world.connector.revoke(world.sha256())
        world.assert_fails(20, "connector", f"put into {self.file}", reason="rejected")
        world.connector.forget()
        world.shim.forget()

    def put(self, form="token", mode=0o600, text=None):
        """Whole at once, as one that is moved into its place; a copy of it."""
        made = self.world.one_time_token(form)
        if text is not None:
            made.write_text(text)
        made.chmod(mode)
        content = made.read_text()
        made.rename(self.file)
        return content

    def take_away(self):
        if self.file.is_dir():
            self.file.rmdir()
        self.file.unlink(missing_ok=True)

    def use_credential(self):
        self.world.configure(enrollment_token_file=None, enrollment_token_credential="one-time")
        self.file = self.credentials / "one-time"
        self.world.environment["CREDENTIALS_DIRECTORY"] = str(self.credentials)

    def operations(self):
        return [call["operation"] for call in self.world.connector.calls()]

    def assert_enrolls(self, *arguments, **more):
        before = self.world.key_ids()
        result = self.world.run("renew", *arguments, **more)
        assert (result.status, result["changed"], result["reason"]) == (0, True, "renewed"), result
        assert result["msg"].startswith("enrolled: valid until"), result
        assert str(self.file.name) in result.errors
        assert self.world.run("status")["state"] == "ok"
        assert self.world.key_ids() - before, "the key is not a new one"
        return result

"""The audit log, read by other means than the agent's."""
import hashlib
import json


class AuditLog:
    def __init__(self, world):
        self.world = world
        self.path = world.folder / "audit.jsonl"

    def lines(self):
        return self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []

    def events(self, *names):
        """In order; of these names, or all."""
        events = [json.loads(line) for line in self.lines()]
        return [event for event in events if not names or event["event"] in names]

    def head(self):
        lines = self.lines()
        return {"count": len(lines), "sha256": hashlib.sha256(lines[-1]).hexdigest()}

    def assert_whole(self):
        before = None
        for number, line in enumerate(self.lines(), 1):
            event = json.loads(line)
            assert line.endswith(b"\n")
            assert (event["seq"], event["previous"]) == (number, before), event
            before = hashlib.sha256(line).hexdigest()

    def assert_tells(self):
        """Every key that is or was in the token, and what is active, each deed once. Half a pair that
        a kill left is destroyed before a whole one is made under its id."""
        self.assert_whole()
        told = set()
        for event in self.events("key_generated", "key_destroyed"):
            if event["event"] == "key_generated":
                assert event["key_id"] not in told, event
                told.add(event["key_id"])
            else:
                told.discard(event["key_id"])
        assert told == {key.id.hex() for key in self.world.token.private_keys()}
        activated = [event["sha256"] for event in self.events("certificate_activated")]
        assert activated[-1] == self.world.sha256()
        assert len(activated) == len(set(activated)), activated

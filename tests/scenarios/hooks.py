"""Programs to be run as hooks, and what they were told."""
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from world import BUILD, ROOT

sys.path.insert(0, str(ROOT / "tests" / "supervisor"))

from json_schema import HOOK_SCHEMA, complaints  # noqa: E402


def is_safe(folder):
    """Only root and our user can change what a path through it means."""
    status = [each.stat() for each in (folder, *folder.parents)]
    return all(each.st_uid in (0, os.geteuid()) and not each.st_mode & 0o022 for each in status)


def safe_folder():
    for place in (BUILD, Path.home(), Path("/var/lib")):
        if place.is_dir() and is_safe(place.resolve()) and os.access(place, os.W_OK):
            folder = Path(tempfile.mkdtemp(prefix="hooks-", dir=place.resolve()))
            folder.chmod(0o755)
            return folder
    raise AssertionError("no folder that only root and this user can change")


class Hooks:
    """Each of them notes what it was told, in a file of its own, before it does anything else."""

    def __init__(self):
        self.folder = safe_folder()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def make(self, event, *lines):
        """The setting's value."""
        path = self.folder / event
        path.write_text("\n".join((
            "#!/bin/sh", f"env >{self.folder}/{event}.env", f"cat >>{self.folder}/{event}.told",
            *lines)) + "\n")
        path.chmod(0o755)
        return path

    def told(self, event):
        """A JSON object for each time that it was run."""
        path = self.folder / f"{event}.told"
        lines = path.read_text().splitlines() if path.exists() else []
        told = [json.loads(line) for line in lines]
        for each in told:
            assert not list(complaints(each, HOOK_SCHEMA)), list(complaints(each, HOOK_SCHEMA))
            assert each["event"] == event
        return told

    def environment(self, event):
        """Of the last time; what the shell itself adds is left out."""
        lines = (self.folder / f"{event}.env").read_text().splitlines()
        return {name: value for name, _, value in (line.partition("=") for line in lines)
                if name not in ("PWD", "OLDPWD", "SHLVL", "_")}

    def forget(self):
        for path in self.folder.glob("*.told"):
            path.unlink()

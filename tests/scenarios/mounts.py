"""Mounts of a run's own, which are gone with it."""
import subprocess

import pytest
from system import inside


def in_a_mount_namespace(script):
    """The command that runs it there; skips where nobody may mount."""
    if subprocess.run(inside("unshare", "--mount", "true"), capture_output=True).returncode != 0:
        pytest.skip("no right to mount here")
    return ("unshare", "--mount", "sh", "-euc", f'{script}; exec "$@"', "sh")

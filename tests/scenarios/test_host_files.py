"""Disks that are full, broken or read-only: said, nothing lost, and the next run goes on."""
import os
import sys

import pytest
from mounts import in_a_mount_namespace
from world import CRASH, ROOT

sys.path.insert(0, str(ROOT / "tests" / "crash"))

from crash_library import CrashLibrary  # noqa: E402

FULL = os.environ.get("RENEWAL_AGENT_FULL") == "1"
WRITES = ["write", "pwrite", "openat", "fsync", "mkdirat", "symlinkat", "renameat"]
REASONS = {"ENOSPC": "No space left on device", "EDQUOT": "Disk quota exceeded",
           "EIO": "Input/output error", "EROFS": "Read-only file system"}
STATUS = {"EROFS": 77}


@pytest.fixture
def crash(world):
    world.assert_renews()
    world.shim.forget()
    return CrashLibrary(world.directory, library=CRASH)


def assert_fails_or_is_through(world, result, error):
    """It may fail so late that the renewal is done."""
    if result.status == 0:
        assert result["changed"]
        return
    assert (result.status, result["error"]["class"]) == (STATUS.get(error, 75), "state"), result
    assert REASONS[error] in result["error"]["message"], result
    assert str(world.state) in result["error"]["message"], result


@pytest.mark.parametrize("error, points", [
    ("ENOSPC", range(1, 90, 8)), ("EIO", range(5, 90, 17)), ("EDQUOT", [30]),
    ("EROFS", range(3, 90, 19))])
def test_a_disk_that_fails_from_some_write_on(world, crash, error, points):
    failed = 0
    for point in points:
        before = world.sha256()
        result = world.run("renew", "--force", **crash.environment(
            at=f"{point}+", error=error, match=str(world.state), only=WRITES))
        assert_fails_or_is_through(world, result, error)
        failed += result.status != 0
        assert result["changed"] or world.sha256() == before
        world.assert_key_fits()
        crash.forget()
        result = world.run("renew", "--force")
        assert result.status == 0, result
        world.assert_only_retained_keys()
    assert failed
    world.assert_whole()
    assert not list(world.state.rglob("*.tmp"))


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_single_write_that_fails(world, crash, error):
    for point in range(2, 80, 1 if FULL else 13):
        result = world.run("renew", "--force", **crash.environment(
            at=point, error=error, match=str(world.state), only=WRITES))
        assert_fails_or_is_through(world, result, error)
        world.assert_key_fits()
        crash.forget()
        assert world.run("renew", "--force").status == 0
        world.assert_only_retained_keys()
    world.assert_whole()


def test_a_state_directory_that_is_mounted_read_only(host):
    script = (f"mount --bind {host.state} {host.state};"
              f"mount -o remount,ro,bind {host.state}")
    host.assert_fails(77, "state", str(host.state), "Read-only file system",
                      command=in_a_mount_namespace(script))
    assert host.calls("C_GenerateKeyPair") == 0
    status = host.run("status", command=in_a_mount_namespace(script))
    assert (status.status, status["state"]) == (0, "ok"), status
    host.assert_recovers()


def test_a_file_system_without_room(world):
    """A small one, filled to its last block; what is written to it vanishes with the namespace."""
    room = world.directory / "room"
    room.mkdir()
    command = in_a_mount_namespace(
        f"mount -t tmpfs -o size=1m none {room}; cp -a {world.state}/. {room};"
        f"cat /dev/zero > {room}/filler 2> /dev/null || true;"
        f"mount --bind {room} {world.state}")
    world.assert_fails(75, "state", str(world.state), "No space left on device", command=command)
    assert world.calls("C_GenerateKeyPair") == 0
    world.assert_recovers()


def test_a_state_directory_that_is_not_there_and_cannot_be_made(world):
    world.assert_renews()
    text = world.configuration.read_text()
    world.configuration.write_text(text.replace(str(world.state), "/proc/no-state"))
    result = world.run("renew", "--force")
    assert result.status in (75, 77), result
    assert "/proc/no-state" in result["error"]["message"]
    world.configuration.write_text(text)
    world.assert_whole()


def test_files_that_may_not_grow(world):
    """RLIMIT_FSIZE: the signal that comes with it ends nobody."""
    world.configure(module="/usr/lib/softhsm/libsofthsm2.so")  # the shim has to write its log
    world.assert_fails(75, "state", str(world.state), "File too large",
                       command=("prlimit", "--fsize=0"))
    world.assert_recovers(keys=0)


@pytest.mark.parametrize("name", ["orders", "orders/generations"])
def test_a_symlink_in_the_place_of_a_folder_is_not_followed(new_world, name):
    world = new_world
    elsewhere = world.directory / "elsewhere"
    elsewhere.mkdir()
    (world.state / name).parent.mkdir(parents=True)
    (world.state / name).symlink_to(elsewhere)
    for arguments in (("enroll", "--token-file", world.one_time_token()), ("renew", "--force"),
                      ("status",)):
        result = world.run(*arguments)
        assert (result.status, result["error"]["class"]) == (77, "state"), result
        assert f"{world.state / name} is a symlink" in result["error"]["message"]
    assert list(elsewhere.iterdir()) == []
    assert world.shim.calls() == []

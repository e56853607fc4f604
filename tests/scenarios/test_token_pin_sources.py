"""Where the PIN comes from: each source works, and what is wrong with one is said."""
import os

import pytest
from world import is_alive, wait_until

SOURCES = ("pin_file", "pin_credential", "pin_fd", "pin_command", "pin_pad")


def use(host, **source):
    host.configure(**{**dict.fromkeys(SOURCES), **source})


def assert_works(host, **run):
    result = host.run("renew", "--force", **run)
    assert (result.status, result["reason"]) == (0, "renewed"), result
    assert host.calls("C_Login") == 1


def copy_of_pin(host, text=None, mode=0o600):
    path = host.directory / "given-pin"
    if path.exists():
        path.unlink()
    path.write_text(host.token.pin if text is None else text)
    path.chmod(mode)
    return path


def assert_refused(host, *facts, **run):
    """Without a try, and mended it works."""
    host.assert_fails(77, "pin", *facts, **run)
    assert host.calls("C_Login") == 0
    use(host, pin_file=host.token.pin_file)
    host.assert_recovers()


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_with_and_without_a_newline(host, end):
    use(host, pin_file=copy_of_pin(host, host.token.pin + end))
    assert_works(host)


def test_a_symlink_to_a_file_as_kubernetes_mounts_it(host):
    link = host.directory / "mounted"
    link.unlink(missing_ok=True)
    link.symlink_to(copy_of_pin(host, mode=0o440))
    use(host, pin_file=link)
    assert_works(host)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o601])
def test_a_file_that_others_may_read_or_change(host, mode):
    path = copy_of_pin(host, mode=mode)
    use(host, pin_file=path)
    assert_refused(host, str(path), f"{mode:04o}", "chmod")


@pytest.mark.skipif(os.geteuid() != 0, reason="chown needs root")
def test_a_file_of_another_user(host):
    path = copy_of_pin(host)
    os.chown(path, 12345, 12345)
    use(host, pin_file=path)
    assert_refused(host, str(path), "12345", "chown")


def test_a_file_that_is_not_there(host):
    path = host.directory / "no-such-pin"
    use(host, pin_file=path)
    assert_refused(host, str(path), "No such file or directory")


@pytest.mark.parametrize("text, fact", [
    ("", "empty"), ("\n", "empty"), ("1234\n5678\n", "line break"), ("1234\0", "NUL"),
    ("1" * 5000, "4096")])
def test_a_file_that_holds_no_pin(host, text, fact):
    path = copy_of_pin(host, text)
    use(host, pin_file=path)
    assert_refused(host, f"the PIN file {path}", fact)


def test_a_folder_or_a_pipe_in_the_place_of_the_file(host):
    use(host, pin_file=host.directory)
    assert_refused(host, "not a regular file")
    pipe = host.directory / "pipe"
    os.mkfifo(pipe, 0o600)
    use(host, pin_file=pipe)
    host.shim.forget()
    assert_refused(host, str(pipe), "not a regular file")


def test_a_credential(host):
    path = copy_of_pin(host)
    use(host, pin_credential=path.name)
    assert_works(host, CREDENTIALS_DIRECTORY=path.parent)


def test_a_credential_without_systemd(host):
    use(host, pin_credential="orders.pin")
    assert_refused(host, "orders.pin", "LoadCredential", CREDENTIALS_DIRECTORY="")


@pytest.mark.parametrize("descriptor", [0, 7])
def test_a_descriptor(host, descriptor):
    use(host, pin_fd=descriptor)
    assert_works(host, command=(
        "sh", "-c", f'exec "$@" {descriptor}<{copy_of_pin(host)}', "sh"))


def test_a_descriptor_that_is_not_open(host):
    use(host, pin_fd=7)
    assert_refused(host, "descriptor 7", "not open")


def test_a_command(host):
    use(host, pin_command=f"/bin/cat {copy_of_pin(host)}")
    assert_works(host)


@pytest.mark.parametrize("command, fact", [
    ("/bin/false", "/bin/false"), ("/no/such/command", "/no/such/command"),
    ("/bin/true", "the PIN command /bin/true: the PIN is empty")])
def test_a_command_that_gives_no_pin(host, command, fact):
    use(host, pin_command=command)
    assert_refused(host, fact)


@pytest.mark.parametrize("name", ["pin_credential", "pin_fd", "pin_command"])
def test_a_wrong_pin_is_said_with_where_it_came_from(host, name):
    path = copy_of_pin(host, "not-the-pin")
    source = {"pin_credential": path.name, "pin_fd": 7, "pin_command": f"/bin/cat {path}"}[name]
    said = {"pin_credential": f"the PIN credential {path.name}",
            "pin_fd": "the PIN's file descriptor 7", "pin_command": "the PIN command /bin/cat"}
    run = {"command": ("sh", "-c", f'exec "$@" 7<{path}', "sh"),
           "CREDENTIALS_DIRECTORY": path.parent}
    use(host, **{name: source})
    host.assert_fails(77, "pin", said[name], "CKR_PIN_INCORRECT", reason="latched", **run)
    host.assert_fails(77, "pin", said[name], "not tried again", reason="latched", **run)
    assert host.calls("C_Login") == 1
    host.shim.forget()
    use(host, pin_file=host.token.pin_file)
    host.assert_recovers()


def test_a_command_that_never_ends_is_ended_with_the_worker(host):
    note = host.directory / "command-pid"
    script = host.directory / "command"
    script.write_text(f"echo $$ > {note}\nexec sleep 1000\n")
    use(host, pin_command=f"/bin/sh {script}")
    host.configure(step_timeout="2s", request_timeout="1s")
    host.assert_fails(75, "deadline", "opening the token")
    pid = note.read_text().strip()
    wait_until(lambda: not is_alive(pid))
    host.configure(step_timeout=None, request_timeout=None)
    use(host, pin_file=host.token.pin_file)
    host.assert_recovers()


def test_the_pin_pad(host):
    host.shim.plan(f"pin-pad {host.token.pin_file}")
    use(host, pin_pad="yes")
    assert_works(host)


def test_a_wrong_pin_at_the_pin_pad_is_tried_once(world):
    world.shim.plan(f"pin-pad {copy_of_pin(world, 'not-the-pin')}")
    use(world, pin_pad="yes")
    for _ in range(3):
        world.assert_fails(77, "pin", "fleet", reason="latched")
    assert world.calls("C_Login") == 1
    world.shim.plan(f"pin-pad {world.token.pin_file}")
    world.assert_renews("--force", "--retry-pin")


def test_a_pin_pad_that_the_token_has_not(host):
    use(host, pin_pad="yes")
    assert_refused(host, "fleet", "no pin pad", "pin_file")


def test_a_token_that_wants_a_pin_and_none_is_configured(host):
    use(host)
    assert_refused(host, "fleet", "wants a PIN", "pin_file")


def test_a_token_that_needs_no_login(host):
    host.shim.plan(f"unlogin-required {host.token.pin_file}")
    use(host)
    result = host.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result

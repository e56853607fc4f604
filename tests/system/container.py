#!/usr/bin/python3
"""Hosts with systemd as PID 1: Debian 12 in systemd-nspawn, without machined.

    with Container("web1", folder) as host:        # booted, all its units started
        host.install(package)
        host.write("/etc/renewal-agent/renewal-agent.conf", text)
        host.run("systemctl", "start", "renewal-agent@orders.service")
        host.journal("renewal-agent@orders.service")

They share the network with the outside: the stand-in Connector is reached on loopback, and what
listens in two of them needs two ports. Each writes into a layer of its own (in `folder`, which may
not be on an overlay) above an image that is made once (tests/system/image). Several may run at
once, under different names. They end with the `with`, and with the process that started them.

    tests/system/container.py [--install DEB]      # a shell in one, for looking around
"""
import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BOOT_TIMEOUT = STOP_TIMEOUT = COMMAND_TIMEOUT = 300  # nets under the tests, never what they measure
NAMESPACES = ("-m", "-u", "-i", "-p", "-n", "-C")
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
LAYER_AND_BOOT = """
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
folder=$2
shift 2
exec "$@" --directory="$folder/root"
"""


def image():
    """The folder of the image, which is made if need be."""
    return subprocess.run([HERE / "image"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Container:
    """`name` is its host name, too. `ssh_key` (the text of a public key) lets in root, on
    127.0.0.1 and `ssh_port`; without one no sshd runs."""

    def __init__(self, name, folder, ssh_key=None):
        self.name = name
        self.folder = Path(folder)
        self.ssh_port = free_port() if ssh_key else None
        self.leader = None  # the pid outside of its PID 1
        self._process = None
        self._upper = self.folder / "upper"
        for each in ("upper", "work", "root"):
            (self.folder / each).mkdir(parents=True, exist_ok=True)
        self._upper.chmod(0o755)
        self._put("/etc/hostname", f"{name}\n")
        if ssh_key:
            self._let_in(ssh_key)

    def _put(self, path, text):
        """Into the layer, before it is mounted."""
        target = self._upper / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def _let_in(self, key):
        self._put("/etc/ssh/sshd_config.d/tests.conf",
                  f"ListenAddress 127.0.0.1\nPort {self.ssh_port}\nUseDNS no\n")
        self._put("/root/.ssh/authorized_keys", key)
        (self._upper / "root").chmod(0o700)
        wants = self._upper / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True)
        (wants / "ssh.service").symlink_to("/lib/systemd/system/ssh.service")

    def start(self):
        """Returns when all units have been started, or have failed. May follow a stop()."""
        lower = image()
        with tempfile.TemporaryDirectory(prefix="renewal-agent-") as notify:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(f"{notify}/socket")
                self._start(lower, f"{notify}/socket")
                try:
                    self._wait_for_boot(manager)
                except BaseException:
                    self.stop()
                    raise
        return self

    def _start(self, lower, notify):
        nspawn = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot",
                  f"--machine={self.name}", "--notify-ready=yes", "--console=pipe",
                  "--resolv-conf=off", "--timezone=off", "--link-journal=no"]
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount",
                   "sh", "-eu", "-c", LAYER_AND_BOOT, "sh", lower, str(self.folder), *nspawn]
        environment = {**ENVIRONMENT, "NOTIFY_SOCKET": notify}
        if Path("/run/systemd/system").is_dir():  # else nobody minds that we make control groups
            command = ["systemd-run", "--scope", "--quiet", "--collect", "--property=Delegate=yes",
                       *command]
        with (self.folder / "console").open("wb") as console:
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                             stdout=console, stderr=console,
                                             preexec_fn=self._enter_control_group)

    def _control_groups(self):
        """Of this process, with one for the container below each; none where systemd runs."""
        if Path("/run/systemd/system").is_dir():
            return
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            mount = {"name=systemd": "systemd", "": "unified"}.get(controllers)
            if mount == "unified" and not Path("/sys/fs/cgroup/unified").is_dir():
                mount = ""
            if mount is not None:
                yield Path("/sys/fs/cgroup", mount, path.lstrip("/"), f"renewal-agent-{self.name}")

    def _enter_control_group(self):
        for group in self._control_groups():
            group.mkdir(exist_ok=True)
            (group / "cgroup.procs").write_text("0")

    def _wait_for_boot(self, manager):
        deadline = time.monotonic() + BOOT_TIMEOUT
        manager.settimeout(1)
        while True:
            try:
                told = manager.recv(4096).decode().splitlines()
            except TimeoutError:
                told = []
            for line in told:
                if line.startswith("X_NSPAWN_LEADER_PID="):
                    self.leader = int(line.partition("=")[2])
            if "READY=1" in told:
                break
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not boot:\n{self.console()}")
        self.run("systemctl", "is-system-running", "--wait", check=False)

    def stop(self):
        """Orderly if it can be had, and for certain. What was written stays in `folder`."""
        if not self._process:
            return
        self._process.terminate()  # nspawn halts the system inside
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            if self.leader:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.leader, signal.SIGKILL)
        finally:
            self._process.kill()
            self._process.wait()
            self._process = self.leader = None
            self._remove_control_groups()

    def _remove_control_groups(self):
        for group in self._control_groups():
            for each in sorted(group.rglob("*/"), reverse=True):
                with contextlib.suppress(OSError):
                    each.rmdir()
            with contextlib.suppress(OSError):
                group.rmdir()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def console(self):
        return (self.folder / "console").read_text(errors="replace")

    def command(self, *command):
        """What runs `command` in there as root, for whoever wants to start it himself."""
        return ["nsenter", f"--target={self.leader}", *NAMESPACES, "-r", "-w",
                "env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items()),
                *map(str, command)]

    def run(self, *command, check=True, input=None):
        """Its exit status and what it said, as text; stderr goes into stdout."""
        result = subprocess.run(self.command(*command), text=True, input=input or "",
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=COMMAND_TIMEOUT)
        if check and result.returncode:
            raise AssertionError(f"{self.name}: {' '.join(map(str, command))}: exit status "
                                 f"{result.returncode}\n{result.stdout}")
        return result

    def output(self, *command):
        """Of a command that must succeed; its stdout only."""
        return subprocess.run(self.command(*command), check=True, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              timeout=COMMAND_TIMEOUT).stdout

    def write(self, path, content, mode=0o644, owner="root:root"):
        """A file with this text or these bytes, its folders made if need be."""
        data = content.encode() if isinstance(content, str) else content
        subprocess.run(self.command("sh", "-euc", 'umask 022; mkdir -p "$(dirname "$1")"; '
                                    'umask 077; cat >"$1"; chown "$3" "$1"; chmod "$2" "$1"',
                                    "sh", path, f"{mode:o}", owner), input=data, check=True)

    def read(self, path):
        return self.output("cat", path)

    def exists(self, path):
        return self.run("test", "-e", path, check=False).returncode == 0

    def copy(self, source, path, mode=0o644):
        """A file from outside."""
        self.write(path, Path(source).read_bytes(), mode)

    def install(self, *packages):
        """.deb files from outside; what they depend on is in the image."""
        inside = [f"/var/tmp/{Path(package).name}" for package in packages]
        for package, path in zip(packages, inside):
            self.copy(package, path)
        self.run("apt-get", "install", "-y", *inside)
        self.run("rm", *inside)

    def journal(self, unit):
        return self.output("journalctl", "--no-pager", "-o", "cat", "-u", unit)

    def wait_until(self, condition, what):
        """What condition() says, as soon as that is true; `what` it was, for the failure."""
        deadline = time.monotonic() + COMMAND_TIMEOUT
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{self.name}: it did not come to this: {what}")


def main():
    parser = argparse.ArgumentParser(description="A shell in a container that is gone afterwards.")
    parser.add_argument("--install", metavar="DEB", action="append", default=[])
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="renewal-agent-container-", dir="/var/tmp")
    try:
        with Container("shell", folder) as host:
            if arguments.install:
                host.install(*arguments.install)
            return subprocess.run(host.command("bash", "-l")).returncode
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from container import Container
from managed_host import ROOT, ManagedHost

from client import StandIn


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """The .deb files: those of RENEWAL_AGENT_DEBS, else what is committed."""
    folder = Path(os.environ.get("RENEWAL_AGENT_DEBS", ""))
    if not os.environ.get("RENEWAL_AGENT_DEBS"):
        folder = tmp_path_factory.mktemp("deb")
        subprocess.run([ROOT / "packaging" / "build-deb", "--into", folder], check=True)
    return sorted(folder.glob("*.deb"))


@pytest.fixture(scope="session")
def package(packages):
    return next(each for each in packages if each.name.startswith("renewal-agent_"))


@pytest.fixture(scope="session")
def connector(tmp_path_factory):
    with StandIn(tmp_path_factory.mktemp("connector")) as connector:
        yield connector


@pytest.fixture(scope="module")
def layer():
    """A folder for a container's own layer: not where a file system of layers may be."""
    folder = tempfile.mkdtemp(prefix="renewal-agent-system-", dir="/var/tmp")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def clean_host(layer):
    with Container("clean", layer) as host:
        yield host


@pytest.fixture(scope="module")
def enrolled_host(layer, package, connector):
    with ManagedHost("host", layer, package, connector) as host:
        host.enroll()
        yield host


@pytest.fixture
def host(enrolled_host):
    """Nothing is due, nothing runs."""
    yield enrolled_host
    enrolled_host.run("systemctl", "stop", "renewal-agent*", check=False)
    enrolled_host.run("systemctl", "reset-failed")
    for each in enrolled_host.output("sh", "-c", "ls -d /etc/systemd/system/*.d/test.conf "
                                     "2>/dev/null || true").split():
        enrolled_host.run("rm", each)
    enrolled_host.run("systemctl", "daemon-reload")
    enrolled_host.configure()
    enrolled_host.slow_token(0)

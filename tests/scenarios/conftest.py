import os

import pytest

pytest.register_assert_rewrite("world", "audit_log", "crash_sweep", "doctor", "fleet", "hooks",
                              "token_drop")

from crash_sweep import SpareSweep, Sweep
from hooks import Hooks
from world import World

from client import StandIn


@pytest.fixture(scope="session")
def shared_connector(tmp_path_factory):
    with StandIn(tmp_path_factory.mktemp("connector")) as connector:
        if "RENEWAL_AGENT_TLS" in os.environ:
            version = os.environ["RENEWAL_AGENT_TLS"]
            connector.settings(tls_min=version, tls_max=version)
        yield connector


@pytest.fixture
def connector(shared_connector):
    """Without the faults and settings of the test before."""
    settings = shared_connector.settings()
    yield shared_connector
    shared_connector.clear_faults()
    shared_connector.pardon()
    shared_connector.settings(**settings)
    shared_connector.forget()


@pytest.fixture
def old_ca(connector):
    """Is the Connector's again after the test, which may change it once."""
    files = {name: connector.ca()[name] for name in ("ca.crt", "gateway.pem")}
    yield
    if connector.ca()["ca.crt"] != files["ca.crt"]:
        connector.ca(signer="previous")
    connector.ca(gateway_pem=files["gateway.pem"])


@pytest.fixture
def new_world(tmp_path, connector):
    """A host that is not enrolled yet."""
    return World(tmp_path, connector)


@pytest.fixture(scope="session")
def enrolled_worlds():
    """{the Connector and the CAs that it had then: a host}"""
    return {}


@pytest.fixture
def world(new_world, enrolled_worlds, tmp_path_factory):
    """A host with one certificate; it is enrolled as the copy of one that was, where it can be."""
    connector = new_world.connector
    if not new_world.is_plain():
        new_world.enroll()
        return new_world
    trust = connector, *connector.ca().values()
    if trust not in enrolled_worlds:
        enrolled_worlds[trust] = World(tmp_path_factory.mktemp("enrolled"), connector)
        enrolled_worlds[trust].enroll()
        connector.forget()
    new_world.be_as(enrolled_worlds[trust])
    return new_world


@pytest.fixture
def hooks():
    with Hooks() as made:
        yield made


@pytest.fixture
def spare_sweep(world):
    """A renewal that takes one spare key, makes the next one and destroys the oldest key."""
    world.configure(spare_key="yes")
    for _ in range(2):
        world.assert_renews()
    assert world.spare()
    return SpareSweep(world)


@pytest.fixture
def certificate_sweep(world):
    """A renewal that stores one certificate in the token and destroys one."""
    world.configure(store_certificate="yes")
    for _ in range(2):
        world.assert_renews()
    return Sweep(world)


@pytest.fixture(scope="module")
def sound_hosts():
    return []


@pytest.fixture
def host(connector, sound_hosts, tmp_path_factory):
    """A host with a certificate, which the tests of a file have one after the other: one that a
    test leaves in the middle of something is not used again."""
    if not sound_hosts:
        sound_hosts.append(World(tmp_path_factory.mktemp("host"), connector))
        sound_hosts[0].enroll()
    host = sound_hosts.pop()
    settings = host.settings()
    host.shim.plan()
    host.shim.forget()
    connector.forget()
    yield host
    host.configure(**{**dict.fromkeys(host.settings()), **settings})
    journal = host.journal()
    if (journal["phase"], journal["failures"]) == ("IDLE", 0):
        sound_hosts.append(host)

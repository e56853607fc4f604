import pytest
from world import World

from client import StandIn


@pytest.fixture(scope="session")
def shared_connector(tmp_path_factory):
    with StandIn(tmp_path_factory.mktemp("connector")) as connector:
        yield connector


@pytest.fixture
def connector(shared_connector):
    """Without the faults and settings of the test before."""
    settings = shared_connector.settings()
    yield shared_connector
    shared_connector.clear_faults()
    shared_connector.settings(**settings)
    shared_connector.forget()


@pytest.fixture
def new_world(tmp_path, connector):
    """A host that is not enrolled yet."""
    return World(tmp_path, connector)


@pytest.fixture
def world(new_world):
    """A host with one certificate."""
    new_world.enroll()
    return new_world

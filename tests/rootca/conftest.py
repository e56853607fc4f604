import pytest

from cluster import Cluster


@pytest.fixture
def cluster():
    return Cluster.fresh()

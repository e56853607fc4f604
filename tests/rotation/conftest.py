import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
for folder in ("connector", "token", "crash", "rootca", "scenarios"):
    sys.path.insert(0, str(TESTS / folder))

pytest.register_assert_rewrite("world", "fleet", "hosts", "cluster", "installation")

from installation import FULL, Installation  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "full: takes minutes, with RENEWAL_AGENT_FULL=1 only")


def pytest_collection_modifyitems(config, items):
    """Left out, and said to be, not passed over as if they had passed."""
    left_out = [each for each in items if each.get_closest_marker("full") and not FULL]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [each for each in items if each not in left_out]


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory):
    made = Installation(tmp_path_factory.mktemp("installation"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def installation(enrolled):
    """As it was after the enrolment, twenty days before the CA ends."""
    enrolled.restore()
    return enrolled


@pytest.fixture
def hosts(installation):
    return installation.hosts


@pytest.fixture
def secrets(installation):
    return installation.secrets

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
for folder in ("connector", "token", "crash", "rootca", "scenarios"):
    sys.path.insert(0, str(TESTS / folder))

pytest.register_assert_rewrite("world", "fleet", "hosts", "cluster", "installation")

from installation import Installation  # noqa: E402


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

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from crash_library import CrashLibrary


@pytest.fixture
def crash(tmp_path):
    return CrashLibrary(tmp_path)

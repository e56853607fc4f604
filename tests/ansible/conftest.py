import pytest

pytest.register_assert_rewrite("module_host")

from module_host import Host


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)

"""doctor looks at the folders outside of the state directory that the agent writes to: that of the
metrics, and that in which a one-time token is left."""
import pytest
from doctor import by_result, examine, line


@pytest.fixture
def folder(host):
    path = host.directory / "left"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def configure(host, folder):
    host.configure(enrollment_token_file=folder / "orders.token")
    text = host.configuration.read_text()
    host.configuration.write_text(text.replace(
        "[agent]\n", f"[agent]\nmetrics_file = {folder / 'agent.prom'}\n"))


def test_folders_that_are_there_are_well_and_nothing_is_written(host, folder):
    configure(host, folder)
    result = examine(host)
    assert {"metrics", "enrollment-token"} <= by_result(result)["ok"]
    assert not list(folder.iterdir())


def test_folders_that_are_missing_or_none_are_a_warning(host, folder):
    configure(host, folder / "none")
    result = examine(host)
    assert (result.status, by_result(result)["warn"]) == (0, {"metrics", "enrollment-token"}), result
    for name, word in (("metrics", "ReadWritePaths"), ("enrollment-token", "agent's user")):
        assert "No such file" in line(result, name)["message"]
        assert word in line(result, name)["cure"]
    (folder / "none").write_text("")
    result = examine(host)
    assert "is not a folder" in line(result, "metrics")["message"]


def test_a_token_that_could_not_be_used_is_a_failure(host, folder):
    configure(host, folder)
    token = host.one_time_token()
    left = folder / "orders.token"
    left.write_text(token.read_text())
    left.chmod(0o600)
    result = examine(host)
    assert line(result, "enrollment-token")["result"] == "ok"
    assert str(left) in line(result, "enrollment-token")["message"]
    left.chmod(0o644)
    result = examine(host)
    assert (result.status, by_result(result)["fail"]) == (77, {"enrollment-token"}), result
    assert "0644" in line(result, "enrollment-token")["message"]
    assert left.exists()

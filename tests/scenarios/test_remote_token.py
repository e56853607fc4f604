"""The token's module is in another process, a p11-kit server, which dies in the middle of a run or
is not there: neither a hang nor a crash, and no hand is needed afterwards."""
import time

import pytest
from remote_token import RemoteToken
from token_shim import TokenShim
from world import FIRST_SIGNER, SHIM, World


@pytest.fixture
def world(tmp_path, connector):
    world = World(tmp_path, connector, RemoteToken)
    world.enroll()
    yield world
    world.token.close()


def serve_with(world, *plan):
    """Starts the server anew; the plan strikes in it, not in the worker."""
    folder = world.directory / "server"
    folder.mkdir(exist_ok=True)
    shim = TokenShim(folder, world.token, library=SHIM)
    shim.plan(*plan)
    shim.forget()
    world.token.kill()
    world.token.start(shim)
    return shim


def assert_told(world, fact):
    """libp11's engine, depending on its version, waits for ever for another session instead."""
    before = world.sha256()
    world.configure(step_timeout="10s", request_timeout="5s")
    result = world.run("renew", "--force")
    world.configure(step_timeout=None, request_timeout=None)
    end = (result.status, result["error"]["class"])
    if end == (75, "deadline"):
        assert FIRST_SIGNER == "engine", result
    else:
        assert end == (69, "token") and fact in result.errors, result
    assert world.sha256() == before


@pytest.mark.parametrize("plan, phase, fact", [
    ("C_Login 1 kill-group", "IDLE", "cannot log in to the token fleet"),
    ("C_FindObjectsInit 1 kill-group", "IDLE", "fleet"),
    ("C_GenerateKeyPair 1 kill-group", "PLANNED", "would not generate the key"),
    ("C_GenerateKeyPair 1 kill-group-after", "PLANNED", "would not generate the key"),
    ("C_SignInit 1 kill-group", "KEYED", "request the certificate"),
    ("C_SignInit 2 kill-group", "KEYED", "request the certificate"),
    ("C_SignInit 3 kill-group-after", "VERIFIED", "probe with the certificate"),
])
def test_a_server_that_dies_in_the_middle_is_said_and_got_over(world, plan, phase, fact):
    serve_with(world, plan)
    assert_told(world, fact)
    assert world.journal()["phase"] == phase
    world.assert_fails(69, "token", "no token", world.token.uri)
    world.token.start()
    world.assert_renews()
    assert len(world.generations()) == 2


def test_a_server_that_dies_between_generation_and_request(world):
    """The engine of libp11 waits for ever for its session then: the deadline ends it."""
    server = serve_with(world)
    world.assert_renews()
    functions = [call.function for call in server.calls()]
    generated = functions.index("C_GenerateKeyPair")
    engines = functions[:generated].count("C_OpenSession") + 1  # a server opens some of its own
    world.configure(step_timeout="3s", request_timeout="2s")
    serve_with(world, f"C_OpenSession {engines} kill-group")
    start = time.monotonic()
    result = world.run("renew", "--force")
    assert (result.status, result["error"]["class"]) in [(69, "token"), (75, "deadline")], result
    assert time.monotonic() - start < 30
    assert world.journal()["phase"] == "KEYED"
    world.configure(step_timeout=None, request_timeout=None)
    world.token.start()
    world.assert_renews()
    assert world.calls("C_GenerateKeyPair") == 2


def test_no_server_is_said_and_its_return_is_enough(world):
    world.token.kill()
    for _ in range(2):
        world.assert_fails(69, "token", "no token", world.token.uri)
    world.token.start()
    world.assert_recovers()

"""What doctor says, and that it has changed nothing: for the tests of it."""
import sys

from world import ROOT

sys.path.insert(0, str(ROOT / "tests" / "supervisor"))

from json_schema import complaints  # noqa: E402

# What needs a key or a certificate: skipped with it.
OF_KEY = {"signer", "self-test", "connector"}
OF_LOGIN = {"key-attributes", "leftovers", "key-certificate"} | OF_KEY
OF_TOKEN = {"pin-state", "pin-latch", "login", "key-generation", "sign-pkcs1", "sign-pss",
            "capacity"} | OF_LOGIN
OF_SERVER = {"acceptable-cas", "connector"}
OF_CONNECTION = {"tls-version", "server-certificate", "clock"} | OF_SERVER
AS_IT_SHOULD_BE = {"credentials", "hooks", "metrics", "enrollment-token"}  # skipped: none is configured


def files(folder):
    """Every file below, its content and its mode."""
    return {path.relative_to(folder): (path.lstat().st_mode,
                                       path.readlink() if path.is_symlink() else
                                       path.read_bytes() if path.is_file() else None)
            for path in folder.rglob("*")}


def objects(world):
    return sorted((each.kind, each.label, each.id, each.modulus)
                  for each in world.token.objects())


def examine(world, *arguments, logins=1, command=(), **environment):
    """Its checks by name; nothing has changed, and the PIN was tried once at most."""
    before = files(world.state)
    world.shim.forget()
    result = world.run("doctor", *arguments, command=command, **environment)
    assert world.calls("C_Login") == logins, result
    assert world.calls("C_GenerateKeyPair") == 0
    assert files(world.state) == before
    assert not list(complaints(result.json)), list(complaints(result.json))
    assert not result["changed"]
    return result


def by_result(result):
    found = {"ok": set(), "warn": set(), "fail": set(), "skipped": set()}
    for check in result["checks"]:
        found[check["result"]].add(check["name"])
    return found


def line(result, name):
    return next(check for check in result["checks"] if check["name"] == name)


def assert_fails(world, name, status, *facts, skipped=(), warns=(), logins=1, **environment):
    """Exactly this check fails, says these facts and has a cure; those that need it are skipped."""
    before = objects(world)
    result = examine(world, logins=logins, **environment)
    found = by_result(result)
    assert found["fail"] == {name}, result
    assert found["skipped"] - AS_IT_SHOULD_BE == set(skipped), result
    assert found["warn"] == set(warns), result
    check = line(result, name)
    text = check["message"] + (check["cure"] or "")
    assert not [fact for fact in facts if fact not in text], check
    assert check["cure"], check
    assert all(each["message"] for each in result["checks"])
    assert (result.status, result["failed"]) == (status, True), result
    assert name in result["error"]["message"]
    assert objects(world) == before
    return result

"""What signs with the key in the token: which one is taken, and that a wrong signature is seen."""
import pytest
from doctor import line
from mounts import in_a_mount_namespace
from world import SIGNER, SIGNERS

PACKAGES = {"provider": "pkcs11-provider", "engine": "libengine-pkcs11-openssl",
            "pkcs11prov": "libengine-pkcs11-openssl"}
SEVERAL = pytest.mark.skipif(SIGNER is not None or len(SIGNERS) < 2,
                             reason="there is one signer: no other can take over")
# Whoever reads it cannot even make a digest, and asks the token for everything.
OPENSSL_CONF = """
openssl_conf = all
[all]
providers = providers
alg_section = algorithms
[providers]
default = software
pkcs11 = token
[software]
activate = 1
[token]
activate = 1
pkcs11-module-path = {module}
[algorithms]
default_properties = {properties}
"""


@pytest.mark.parametrize("signer", SIGNERS)
def test_the_signer_of_the_configuration_signs_and_is_reported(world, signer):
    world.configure(signer=signer)
    assert world.assert_renews()["signer"] == signer
    assert world.run("status")["signer"] == signer


def test_auto_takes_the_first_that_there_is_and_tells_nothing_else(world):
    world.configure(signer="auto")
    result = world.assert_renews()
    assert result["signer"] == SIGNERS[0]
    audit, last = result.errors.splitlines()
    assert "audit log: " in audit and "renewed: " in last, result.errors
    assert world.signatures() == 3 + 1  # a renewal, and the look at the identity after it


@pytest.mark.parametrize("signer", [name for name in PACKAGES if name not in SIGNERS])
def test_a_signer_that_is_not_installed_is_named_with_its_package(host, signer):
    host.configure(signer=signer)
    host.assert_fails(69, "token", signer, f"install {PACKAGES[signer]}")


@SEVERAL
@pytest.mark.parametrize("plan", [
    *(f"bad-signature {nth}" for nth in (1, 2, 3)),
    *(f"{call} fail CKR_DEVICE_ERROR"
      for call in ("C_SignInit 1", "signature 1", "signature 2", "signature 3"))])
def test_after_a_signature_that_is_wrong_or_not_made_the_next_signer_takes_over(world, plan):
    """In the same run: in the old key's handshake, the request, and the new key's handshake."""
    world.shim.plan(plan)
    result = world.run("renew", "--force")
    assert (result.status, result["reason"], result["signer"]) == (0, "renewed", SIGNERS[1])
    assert f'the signer "{SIGNERS[0]}"' in result.errors
    assert f'"{SIGNERS[1]}" takes over' in result.errors
    assert world.calls("C_GenerateKeyPair") == world.calls("C_Login") == 1
    world.shim.plan()
    world.assert_whole()


@SEVERAL
@pytest.mark.parametrize("plan", ["bad-signature 1", "signature 1 fail CKR_DEVICE_ERROR"])
def test_doctor_says_who_takes_over(world, plan):
    world.shim.plan(plan)
    check = line(world.run("doctor"), "self-test")
    assert check["result"] == "warn", check
    assert f'"{SIGNERS[0]}"' in check["message"]
    assert f'"{SIGNERS[1]}" takes over' in check["message"]


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_signature_that_is_always_wrong_changes_nothing(world, nth):
    world.shim.plan(f"bad-signature {nth}+")
    result = world.assert_fails(69, "token", "the signer")
    assert result["signer"] == (SIGNER or SIGNERS[-1])
    world.shim.plan()
    world.assert_identity_works()
    assert world.run("renew", "--force").status == 0
    world.assert_whole()


@pytest.mark.parametrize("properties", ["?provider=pkcs11", "provider=nothing"])
def test_an_openssl_configuration_of_the_host_is_not_read(world, properties):
    text = OPENSSL_CONF.format(module=world.shim.real_module, properties=properties)
    file = world.directory / "openssl.cnf"
    file.write_text(text)
    world.configure(worker_env="OPENSSL_CONF")
    result = world.run("renew", "--force", OPENSSL_CONF=file)
    assert (result.status, result["reason"]) == (0, "renewed"), result
    world.assert_whole()


@pytest.mark.parametrize("properties", ["?provider=pkcs11", "provider=nothing"])
def test_the_openssl_configuration_of_the_system_is_not_read(world, properties):
    file = world.directory / "openssl.cnf"
    file.write_text(OPENSSL_CONF.format(module=world.shim.real_module, properties=properties))
    result = world.run("renew", "--force", command=in_a_mount_namespace(
        f"mount --bind {file} /etc/ssl/openssl.cnf"))
    assert (result.status, result["reason"]) == (0, "renewed"), result
    world.assert_whole()

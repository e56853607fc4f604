"""store_certificate: the certificate is also an object in the token, beside its key."""
import pytest
from clock import later

LATER = later("+2h")


@pytest.fixture
def world(world):
    """A host whose first certificate is not in the token."""
    world.configure(store_certificate="yes")
    return world


def certificates(world):
    return world.token.objects(kind="certificate")


def key_id(world, generation=None):
    return bytes.fromhex(world.generation(generation)["key_id"])


def keys(world):
    result = world.run("keys")
    assert result.status == 0, result
    return {key["role"]: key for key in result["keys"]}


def renew(world):
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    world.assert_whole()
    return result


def test_the_certificate_of_an_enrolment_is_stored(new_world):
    new_world.configure(store_certificate="yes")
    new_world.enroll()
    new_world.assert_whole()
    new_world.enroll()
    new_world.assert_whole()


def test_a_renewal_stores_its_certificate_and_that_of_the_retained_key_stays(world):
    renew(world)
    assert [each.id for each in certificates(world)] == [key_id(world)]
    retained = certificates(world)
    renew(world)
    assert sorted(each.id for each in certificates(world)) == \
        sorted([key_id(world), retained[0].id])
    renew(world)
    assert retained[0].id not in [each.id for each in certificates(world)]
    assert len(certificates(world)) == 2


def test_keys_tells_what_is_stored(world):
    renew(world)
    found = keys(world)
    assert found["active"]["certificate_stored"] is True
    assert found["active"]["certificate_sha256"] == world.sha256()
    assert found["retained"]["certificate_stored"] is False
    assert found["retained"]["certificate_sha256"] == world.sha256(1)


def test_a_certificate_goes_with_its_key_also_when_none_is_stored_any_more(world):
    renew(world)
    world.configure(store_certificate="no")
    renew_without(world)
    assert len(certificates(world)) == 1
    renew_without(world)
    assert not certificates(world)
    world.assert_only_retained_keys()


def renew_without(world):
    assert world.run("renew", "--force")["reason"] == "renewed"


def test_certificates_of_others_are_never_touched(world):
    world.token.make_certificate("their certificate", key_id(world))
    world.token.make_certificate("renewal-agent/0badcafe/orders/1", b"\x02")
    before = [(each.label, each.id, each.value) for each in certificates(world)]
    for _ in range(3):
        renew_without(world)
    assert world.run("keys", "--prune").status == 0
    assert [each for each in before
            if each not in [(one.label, one.id, one.value) for one in certificates(world)]] == []


def test_prune_removes_that_of_a_leftover(world):
    tag = (world.state / "tag").read_text().strip()
    label = f"renewal-agent/{tag}/orders/77"
    world.token.make_key_pair(label, b"\x07\x07")
    world.token.make_certificate(label, b"\x07\x07")
    world.token.make_certificate("their certificate", b"\x07\x07")
    assert world.run("keys", "--prune")["changed"] is True
    assert [each.label for each in world.token.objects(id=b"\x07\x07")] == ["their certificate"]


@pytest.mark.parametrize("plan, fact", [
    ("C_CreateObject * fail CKR_DEVICE_MEMORY", "the token is full"),
    ("C_CreateObject * fail-after CKR_DEVICE_ERROR", "CKR_DEVICE_ERROR"),
])
def test_one_that_cannot_be_stored_fails_nothing_and_is_owed(world, plan, fact):
    world.shim.plan(plan)
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    assert "still owed" in result.errors and fact in result.errors
    debt, = world.run("status")["debts"]
    assert (debt["kind"], debt["generation"], debt["attempts"]) == \
        ("store_certificate", world.active(), 1)
    assert fact in debt["last_error"]
    world.shim.plan()
    world.shim.forget()
    assert world.run("renew")["reason"] == "not_due"
    assert not world.shim.calls()
    assert world.run("renew", command=LATER).status == 0
    assert not world.run("status")["debts"]
    world.assert_whole()


def test_one_that_is_still_owed_for_an_older_certificate_is_forgotten(world):
    world.shim.plan("C_CreateObject * fail CKR_DEVICE_MEMORY")
    renew_without(world)
    world.shim.plan()
    renew_without(world)
    assert world.run("renew", command=LATER).status == 0
    assert not world.run("status")["debts"]
    assert [each.id for each in certificates(world)] == [key_id(world)]


@pytest.mark.parametrize("action", ["kill", "kill-after"])
@pytest.mark.parametrize("function", ["C_CreateObject", "C_DestroyObject"])
def test_a_kill_leaves_nothing_that_the_next_run_does_not_clear(world, function, action):
    renew(world)
    world.shim.forget()
    world.shim.plan(f"{function} 1 {action}")
    assert world.run("renew", "--force").status == 75
    world.shim.plan()
    assert world.run("renew").status == 0
    world.assert_whole()
    assert len(certificates(world)) == 2


def test_what_a_cut_write_left_is_replaced(world):
    world.shim.plan("C_CreateObject 1 kill")
    assert world.run("renew", "--force").status == 75
    world.shim.plan()
    world.token.make_certificate(world.generation()["key_label"], key_id(world), b"")
    assert world.run("renew").status == 0
    world.assert_whole()

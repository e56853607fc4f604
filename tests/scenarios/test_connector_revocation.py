"""A revocation that the Connector does not confirm is not taken for one."""
import pytest
from clock import later

LATER = later("+2h")
# In front of the Connector, so that it never hears of it; or its answer, when it is done already.
UNHEARD = [
    ("error_503", {}, 75, "network", ["HTTP 503"]),
    ("empty_400", {}, 75, "connector", ["HTTP 400"]),
    ("html_200", {}, 76, "connector", ["not valid JSON"]), ("close", {}, 75, "network", [])]
UNCONFIRMED = [
    ("cut", {"after": 100}, 75, "network", []),
    ("errors_200", {"message": "Failed to add hash to revocation list: etcd"}, 75, "network",
     ["Failed to add hash"]),
    ("errors_200", {"message": "Failed to authenticate with certificate: Invalid subject."}, 76,
     "connector", ["Invalid subject"]),
    ("result_null", {}, 76, "connector", ["no data.result"]),
    ("field_value", {"field": "result", "value": False}, 76, "connector", ["revoked"]),
    ("field_value", {"field": "result", "value": "true"}, 76, "connector", ["revoked"])]


@pytest.fixture
def retained(host):
    """The number of a generation that nobody has revoked."""
    number = host.active()
    host.assert_renews()
    host.connector.forget()
    return number


@pytest.mark.parametrize("kind, parameters, status, error, facts", UNHEARD + UNCONFIRMED)
def test_a_revocation_that_is_not_confirmed_has_failed(
        host, retained, kind, parameters, status, error, facts):
    host.connector.fault("revoke", kind, **parameters)
    host.assert_fails(status, error, host.connector.mtls_url, host.sha256(retained), *facts,
                      arguments=("revoke", "--generation", retained))
    assert host.generation(retained)["revoked"] is False
    if (kind, parameters, status, error, facts) in UNHEARD:
        assert host.run("revoke", "--generation", retained).status == 0
        assert host.generation(retained)["revoked"] is True
    host.assert_identity_works()


def test_the_status_tells_which_generations_are_there_and_which_were_revoked(host, retained):
    def told():
        return {each["number"]: (each["active"], each["revoked"])
                for each in host.run("status")["generations"]}
    before = told()
    assert before[retained] == (False, False)
    assert [number for number, (active, _) in before.items() if active] == [host.active()]
    assert host.run("revoke", "--generation", retained).status == 0
    assert told() == {**before, retained: (False, True)}
    path = host.folder / "generations" / str(retained) / "generation.json"
    text = path.read_text()
    path.write_text("{")
    assert told()[retained] == (False, None)
    path.write_text(text)


def test_an_old_certificate_that_could_not_be_revoked_is_revoked_later(host):
    host.configure(revoke_old="yes")
    host.connector.fault("revoke", "error_503")
    old, number = host.sha256(), host.active()
    host.assert_renews()
    status = host.run("status")
    assert [(debt["kind"], debt["generation"]) for debt in status["debts"]] == [("revoke", number)]
    assert "503" in status["debts"][0]["last_error"]
    result = host.run("renew", command=LATER)
    assert (result.status, result["reason"]) == (0, "not_due"), result
    assert host.run("status")["debts"] == []
    revocations = [call for call in host.connector.calls("revoke") if call["status"] == 200]
    assert [call["certificate_sha256"] for call in revocations] == [old]
    host.assert_whole()


def revoke_in_vain(world, kind, **parameters):
    """Its renewal owes a revocation, which is tried and not confirmed; its number."""
    number = world.active()
    world.configure(revoke_old="yes")
    world.connector.fault("revoke", kind, **parameters)
    world.assert_renews()
    world.connector.clear_faults()
    assert [debt["kind"] for debt in world.run("status")["debts"]] == ["revoke"]
    return number


def test_a_revocation_of_an_old_certificate_says_nothing_about_a_refused_identity(world):
    number = revoke_in_vain(world, "error_503")
    world.configure(rejected_after="0s")
    world.connector.revoke(world.sha256())
    world.assert_fails(20, "connector", reason="rejected")
    world.assert_fails(20, "connector", reason="rejected", arguments=("renew",), command=LATER)
    assert world.generation(number)["revoked"] is True
    assert world.run("status")["state"] == "re-enrolment-needed"


def test_a_revocation_whose_answer_was_lost_is_known_by_the_next_refusal(world):
    number = revoke_in_vain(world, "cut", after=100)
    world.connector.forget()
    result = world.run("renew", command=LATER)
    assert result.status == 0, result
    assert "an earlier request, whose answer was lost, has revoked it" in result.errors
    assert [call["operation"] for call in world.connector.calls()] == ["revoke", "probe"]
    assert world.run("status")["debts"] == []
    assert world.generation(number)["revoked"] is True
    world.assert_whole()


def test_a_refusal_of_every_certificate_says_nothing_about_the_one_to_be_revoked(world):
    """What checks identities is out of order: the request before may not have got through."""
    number = revoke_in_vain(world, "cut", after=100)
    world.connector.fault("probe", "empty_400")
    assert world.run("renew", command=LATER).status == 0
    assert [debt["attempts"] for debt in world.run("status")["debts"]] == [2]
    assert world.generation(number)["revoked"] is False
    assert world.run("renew", command=later("+6h")).status == 0
    assert world.run("status")["debts"] == []


def test_a_refusal_without_a_lost_answer_before_it_is_no_revocation(world):
    """The first request was answered, so it was not carried out."""
    number = revoke_in_vain(world, "empty_400")
    world.connector.fault("revoke", "empty_400")
    assert world.run("renew", command=LATER).status == 0
    assert [debt["attempts"] for debt in world.run("status")["debts"]] == [2]
    assert world.generation(number)["revoked"] is False
    assert world.run("renew", command=later("+6h")).status == 0
    assert world.generation(number)["revoked"] is True

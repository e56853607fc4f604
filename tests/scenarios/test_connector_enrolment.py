"""One-time tokens: each is sent once, whatever happens, and what was made is kept for the next."""
import uuid

import pytest
from world import FIRST_SIGNER

USED_UP = (20, "connector")


@pytest.fixture
def host(new_world):
    """Not enrolled yet. Also the token that the Connector mints for the second call is a secret,
    and no token is ever shown to it twice."""
    new_world.shown = []
    yield new_world
    remember_tokens(new_world)
    assert len(new_world.shown) == len(set(new_world.shown))


def remember_tokens(host):
    host.shown += [call["token_sha256"] for call in host.connector.calls()
                   if call["token_sha256"]]
    host.connector.forget()


def enroll(host, *arguments, file=None, **more):
    second = f"minted-{uuid.uuid4()}"
    host.connector.settings(minted_token=None)
    file = file or host.one_time_token()
    host.connector.settings(minted_token=second)
    host.secrets.add(second)
    return host.run("-v", "enroll", "--token-file", file, *arguments, **more)


def assert_not_enrolled(result, status, kind, *facts, reason="none"):
    assert (result.status, result["error"]["class"], result["reason"], result["changed"]) == \
        (status, kind, reason, False), result
    assert not [fact for fact in facts if fact not in result["error"]["message"]], result
    assert result["certificate"] is None


def assert_enrolls(host, keys=1, **more):
    host.connector.clear_faults()
    result = enroll(host, **more)
    assert (result.status, result["changed"]) == (0, True), result
    assert host.calls("C_GenerateKeyPair") == keys
    host.assert_whole()
    return result


def test_two_calls_with_a_token_each_and_a_probe_with_the_certificate(host):
    assert "not used" not in assert_enrolls(host)["msg"]
    calls = host.connector.calls()[:3]
    assert [(call["operation"], call["side"]) for call in calls] == \
        [("configuration", "token"), ("sign", "token"), ("probe", "mtls")]
    assert calls[0]["token_sha256"] and calls[1]["token_sha256"]
    assert calls[0]["connection"] == calls[1]["connection"]
    assert calls[2]["token_sha256"] is None
    host.assert_renews()


BURNT = [
    ("configuration", "error_500", {}, ["HTTP 500"]),
    ("configuration", "busy_429", {}, ["HTTP 429"]),
    ("configuration", "html_200", {}, ["not valid JSON"]),
    ("configuration", "empty_400", {}, ["HTTP 400"]),
    ("configuration", "lose_answer", {}, []),
    ("configuration", "cut", {"after": 200}, []),
    ("configuration", "close", {}, []),
    ("configuration", "director_down", {}, ["connection refused"]),
    ("configuration", "field_null", {"field": "token"}, ["token"]),
    ("configuration", "field_null", {"field": "subject"}, ["subject"]),
    ("configuration", "field_value", {"field": "subject", "value": "O=x"}, ["no CN"]),
    ("configuration", "field_value", {"field": "keyAlgorithm", "value": "ec"}, ["RSA"]),
    ("sign", "lose_answer", {}, []),
    ("sign", "error_503", {}, ["HTTP 503"]),
    ("sign", "empty_400", {}, ["HTTP 400"]),
    ("sign", "errors_200", {}, ["internal system error"]),
    ("sign", "bad_base64", {}, ["clientCertificate"]),
    ("sign", "leaf_other_key", {}, ["public key"]),
    ("sign", "leaf_expired", {}, ["expired"]),
]


@pytest.mark.parametrize("operation, kind, parameters, facts", BURNT)
def test_a_failure_after_the_token_was_sent_needs_another_token_for_the_same_key(
        host, operation, kind, parameters, facts):
    host.connector.fault(operation, kind, **parameters)
    file = host.one_time_token()
    result = enroll(host, file=file)
    assert_not_enrolled(result, *USED_UP, "token", "supply another", *facts)
    assert host.journal()["phase"] == "KEYED"
    assert host.run("status")["state"] == "none"
    # The same token once more: refused here, without a word to the Connector or to the token.
    remember_tokens(host)
    before = len(host.shim.calls())
    result = enroll(host, file=file)
    assert_not_enrolled(result, *USED_UP, "sent before", "supply another")
    assert host.connector.connections() == []
    assert len(host.shim.calls()) == before
    assert_enrolls(host)


@pytest.mark.parametrize("plan, keys", [
    ("C_SignInit * fail CKR_DEVICE_ERROR", 1), ("bad-signature *", 2)])
def test_a_key_that_does_not_sign_costs_no_token(host, plan, keys):
    """It can be loaded; that is found out before the Connector hears of us. One that signs wrongly
    is not tried again; pkcs11prov makes up what it has no signature for."""
    keys = 2 if FIRST_SIGNER == "pkcs11prov" else keys
    file = host.one_time_token()
    host.shim.plan(plan)
    assert_not_enrolled(enroll(host, file=file), 69, "token")
    assert host.connector.connections() == []
    host.shim.plan()
    assert_enrolls(host, keys, file=file)


def refuse_connections(host):
    host.connector.settings(listening=False)


def close_connections(host):
    host.connector.fault("connection", "close_after_hello")


def stall_connections(host):
    host.configure(connect_timeout="1s")
    host.connector.fault("connection", "stall")


def be_somebody_else(host):
    host.connector.settings(server_certificate="other_ca")


def be_ahead_of_time(host):
    host.connector.settings(server_certificate="not_yet_valid")


@pytest.mark.parametrize("fault, status, kind, reason", [
    (refuse_connections, 75, "network", "none"), (close_connections, 75, "network", "none"),
    (stall_connections, 75, "network", "none"), (be_somebody_else, 76, "connector", "none"),
    (be_ahead_of_time, 75, "clock", "clock")])
def test_a_token_that_was_not_sent_can_be_used_afterwards(host, fault, status, kind, reason):
    file = host.one_time_token()
    fault(host)
    result = enroll(host, file=file)
    assert_not_enrolled(result, status, kind, host.connector.token_url, reason=reason)
    assert host.connector.calls() == []
    host.connector.settings(listening=True, server_certificate="good")
    assert_enrolls(host, file=file)


def test_a_new_certificate_that_is_not_accepted_yet_needs_no_other_token(host):
    host.connector.fault("probe", "empty_400")
    assert_not_enrolled(enroll(host), 75, "connector", "not accepted yet", "HTTP 400")
    assert host.journal()["phase"] == "VERIFIED"
    remember_tokens(host)
    result = host.run("renew")
    assert (result.status, result["reason"]) == (0, "resumed"), result
    assert [call["operation"] for call in host.connector.calls()] == ["probe"]
    host.assert_whole()


def test_a_new_certificate_that_is_never_accepted_gives_way_to_another_token(host):
    host.connector.fault("probe", "empty_400", times=2)
    assert_not_enrolled(enroll(host), 75, "connector", "HTTP 400")
    result = enroll(host)
    assert result.status == 0, result
    assert [call["operation"] for call in host.connector.calls()[3:]] == \
        ["probe", "configuration", "sign", "probe"]
    assert host.calls("C_GenerateKeyPair") == 1
    host.assert_whole()


def test_a_token_that_waits_for_a_certificate_left_behind_is_not_needed(host):
    host.connector.fault("probe", "error_502")
    assert_not_enrolled(enroll(host), 75, "network", "HTTP 502")
    remember_tokens(host)
    result = assert_enrolls(host)
    assert "the one-time token was not used and may be kept" in result["msg"]
    assert result["msg"] in result.errors
    assert [call["operation"] for call in host.connector.calls()][:1] == ["probe"]
    assert host.shown + [call for call in host.connector.calls() if call["token_sha256"]] == \
        host.shown


@pytest.mark.parametrize("text", ["nonsense", "bm9uc2Vuc2U=", 88 * "A"])
def test_a_wrong_token_is_refused_by_the_connector(host, text):
    host.secrets.add(text)
    result = enroll(host, file=host.token_file(text))
    assert_not_enrolled(result, *USED_UP, "HTTP 400", "one-time token")
    assert_enrolls(host)


def test_an_expired_token_is_refused_by_the_connector(host):
    host.connector.settings(token_seconds=0)
    assert_not_enrolled(enroll(host), *USED_UP, "HTTP 400", "one-time token")
    host.connector.settings(token_seconds=300)
    assert_enrolls(host)


@pytest.mark.parametrize("text", [
    "", "two words", "a\nb", "t\u00f6ken", pytest.param(5000 * "a", id="long"), "{}",
    '{"connectorURL":"https://localhost/"}', "eyJhIjoxfQ=="])
def test_a_file_without_a_usable_token_is_a_mistake_of_the_command_line(host, text):
    result = enroll(host, file=host.token_file(text))
    assert_not_enrolled(result, 64, "usage", "token")
    assert host.connector.connections() == []
    assert host.shim.calls() == []


def test_a_missing_token_file_is_a_mistake_of_the_command_line(host):
    assert_not_enrolled(enroll(host, file=host.directory / "nowhere"), 64, "usage", "nowhere")


@pytest.mark.parametrize("blanks", ["", "\n\r\n"])
def test_the_directors_raw_form_brings_its_own_url(host, blanks):
    host.configure(enrollment_url=None)
    file = host.one_time_token("raw_encoded")
    file.write_text(blanks + file.read_text() + blanks)
    assert_enrolls(host, file=file)


def test_a_token_may_come_by_standard_input(host):
    file = host.one_time_token()
    assert_enrolls(host, file="-", command=("sh", "-c", f'exec "$@" <{file}', "sh"))


def test_a_token_may_come_in_the_url_that_older_applications_are_given(host):
    file = host.one_time_token()
    token = file.read_text().strip()
    assert_enrolls(host, file=host.token_file(
        f"https://elsewhere.example/v1/applications/signingRequests/info?token={token}"))


def test_without_any_url_there_is_nowhere_to_enroll(host):
    host.configure(enrollment_url=None)
    result = enroll(host)
    assert_not_enrolled(result, 64, "usage", "enrollment_url", "--url")
    assert host.connector.connections() == []


def test_the_url_of_the_command_line_wins(host):
    host.configure(enrollment_url="https://localhost:1/connector/graphql")
    assert enroll(host, "--url", host.connector.token_url).status == 0
    host.assert_whole()


@pytest.mark.parametrize("url", ["http://localhost/connector/graphql", "nonsense",
                                 "https://user:word@localhost/"])
def test_a_token_is_sent_to_https_only(host, url):
    result = enroll(host, "--url", url)
    assert_not_enrolled(result, 64, "usage", "--url")
    assert host.connector.connections() == []


def test_a_token_for_the_certificate_secured_side_is_not_what_that_wants(host):
    result = enroll(host, "--url", host.connector.mtls_url)
    assert_not_enrolled(result, *USED_UP, host.connector.mtls_url, "certificate_required")
    assert host.connector.calls() == []
    assert_enrolls(host)


def test_a_working_identity_can_be_enrolled_anew(host):
    assert_enrolls(host)
    before = host.sha256()
    remember_tokens(host)
    assert_enrolls(host, keys=2)
    assert host.sha256() != before
    assert host.generations() == [1, 2]
    host.assert_renews()


def test_a_failed_enrolment_leaves_the_identity_that_was_there(host):
    assert_enrolls(host)
    remember_tokens(host)
    host.connector.fault("sign", "leaf_other_key")
    before = host.sha256()
    result = enroll(host)
    assert (result.status, result["certificate"]["sha256"]) == (20, before), result
    host.assert_identity_works()
    # It needs no other token: the key that was made is used for a renewal.
    remember_tokens(host)
    host.assert_renews()
    assert host.calls("C_GenerateKeyPair") == 2

"""A rotation of the gateway's CAs, noticed by the names that it sends in each handshake."""
import json
from datetime import datetime, timedelta, timezone

import pytest
from hooks import complaints

HOUR = timedelta(hours=1)
NEW_CA = "O=Org,CN=New CA"


def utc(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def handshake(world):
    """A renewal, with one handshake of the new identity at its end."""
    result = world.run("renew", "--force")
    assert (result.status, result["reason"]) == (0, "renewed"), result
    return result


def gateway(world):
    status = world.run("status")
    assert not list(complaints(status.json)), list(complaints(status.json))
    return status["gateway"]


@pytest.fixture(params=["1.2", "1.3"])
def version(request, connector):
    connector.settings(tls_min=request.param, tls_max=request.param)


def test_the_names_that_the_gateway_accepts_are_recorded(host, version):
    handshake(host)
    seen = gateway(host)
    assert seen["acceptable_cas"] == [host.run("status")["certificate"]["issuer"]]
    assert (seen["acceptable_ca_count"], seen["issuer_accepted"]) == (1, True)
    assert seen["issuer_missing_since"] is None
    host.connector.settings(acceptable_cas=["O=Org,CN=Some CA", NEW_CA])
    handshake(host)
    assert gateway(host)["acceptable_cas"] == ["CN=Some CA, O=Org", "CN=New CA, O=Org"]


def test_an_issuer_that_is_missing_is_reported_and_brings_the_renewal_forward(host, version):
    handshake(host)
    regular = utc(host.run("status")["next_renewal"])
    host.connector.settings(acceptable_cas=[NEW_CA])
    result = handshake(host)
    assert "our issuer" in result.errors and "is not among the 1 CAs" in result.errors
    status = host.run("status")
    since = utc(status["gateway"]["issuer_missing_since"])
    assert status["gateway"]["issuer_accepted"] is False
    assert since <= utc(status["next_renewal"]) < since + 4 * HOUR < regular
    host.configure(rotation_spread="1min")
    assert since <= utc(host.run("status")["next_renewal"]) < since + timedelta(minutes=1)
    host.configure(rotation_spread="0s")
    assert host.run("status")["state"] == "due"
    # The next generation comes from the same CA: it is not asked for a third time.
    result = host.run("renew")
    assert result["reason"] == "renewed", result
    check, = (each for each in host.run("doctor")["checks"] if each["name"] == "acceptable-cas")
    assert check["result"] == "fail"
    status = host.run("status")
    assert status["gateway"]["issuer_accepted"] is False
    begin, end = (utc(status["certificate"][name]) for name in ("not_before", "not_after"))
    assert utc(status["next_renewal"]) == begin + timedelta(
        seconds=int((end - begin).total_seconds()) // 10)
    assert host.run("renew")["reason"] == "not_due"


def test_a_refused_handshake_tells_the_names_too(host, version):
    handshake(host)
    host.connector.settings(acceptable_cas=[NEW_CA])
    host.connector.fault("connection", "alert", alert="unknown_ca", times=None)
    result = host.run("renew", "--force")
    assert result.status == 75 and "is not among the 1 CAs" in result.errors, result
    assert gateway(host)["issuer_accepted"] is False
    host.connector.clear_faults()


def test_what_is_seen_with_a_certificate_that_is_revoked_is_not_of_the_new_one(new_world):
    new_world.enroll()
    new_world.configure(revoke_old="yes")
    new_world.connector.settings(acceptable_cas=[NEW_CA])
    for _ in range(2):
        result = handshake(new_world)
        assert "our issuer is among" not in result.errors, result
        assert gateway(new_world)["issuer_accepted"] is False


def test_one_that_does_not_become_active_does_not_end_it(world):
    world.connector.settings(acceptable_cas=[NEW_CA])
    handshake(world)
    world.connector.fault("probe", "empty_400")
    result = world.run("renew", "--force")
    assert result.status == 75, result
    assert "our issuer is among" not in result.errors, result


def test_a_list_that_has_our_name_back_ends_it(world):
    regular = utc(world.run("status")["next_renewal"])
    world.connector.settings(acceptable_cas=[NEW_CA])
    world.connector.fault("sign", "error_503", times=None)
    assert world.run("renew", "--force").status == 75
    assert utc(world.run("status")["next_renewal"]) < regular
    # The same generation again.
    world.connector.settings(acceptable_cas=None)
    result = world.run("renew", "--force")
    assert result.status == 75
    assert "our issuer is among the CAs that the gateway accepts" in result.errors
    status = world.run("status")
    assert status["gateway"]["issuer_missing_since"] is None
    assert utc(status["next_renewal"]) == regular


def test_a_new_name_is_reported_once_and_nothing_else(host):
    handshake(host)
    regular = host.run("status")["next_renewal"]
    status = host.run("status")
    issuer = ",".join(reversed(status["certificate"]["issuer"].split(", ")))
    host.connector.settings(acceptable_cas=[issuer, NEW_CA])
    result = handshake(host)
    assert "the gateway accepts another CA than before: CN=New CA, O=Org" in result.errors
    assert gateway(host)["issuer_accepted"] is True
    assert utc(host.run("status")["next_renewal"]) - utc(regular) < HOUR
    assert "another CA than before" not in handshake(host).errors


def test_from_an_empty_list_nothing_is_concluded(host):
    handshake(host)
    host.connector.settings(acceptable_cas=[])
    result = handshake(host)
    assert "issuer" not in result.errors
    seen = gateway(host)
    assert (seen["acceptable_cas"], seen["acceptable_ca_count"]) == ([], 0)
    assert (seen["issuer_accepted"], seen["issuer_missing_since"]) == (None, None)


def test_an_empty_list_is_not_told_as_the_return_of_an_issuer(host):
    host.connector.settings(acceptable_cas=[NEW_CA])
    handshake(host)
    assert gateway(host)["issuer_missing_since"]
    host.connector.settings(acceptable_cas=[])
    assert "our issuer" not in handshake(host).errors


def test_of_a_long_list_a_part_is_kept(host):
    names = [f"O=Org,CN=CA {number}" for number in range(100)]
    host.connector.settings(acceptable_cas=names)
    handshake(host)
    seen = gateway(host)
    assert (len(seen["acceptable_cas"]), seen["acceptable_ca_count"]) == (48, 100)
    assert (host.folder / "gateway.json").stat().st_size < 16384


def test_a_dry_run_notes_nothing(host):
    handshake(host)
    before = gateway(host)
    host.connector.settings(acceptable_cas=[NEW_CA])
    assert host.run("renew", "--dry-run").status == 0
    assert gateway(host) == before


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"schema_version": 1, "names": 5})])
def test_a_damaged_file_is_nothing_known_and_is_written_anew(host, text):
    (host.folder / "gateway.json").write_text(text)
    assert gateway(host)["seen"] is None
    handshake(host)
    assert gateway(host)["issuer_accepted"] is True

"""Certificates that must not be activated, and unusual ones that may be."""
import contextlib
import math
import re
import time

import pytest
from clock import later
from world import World

from client import StandIn

REFUSED = (76, "verification")
FORGERIES = [
    ("leaf_other_key", {}, ["public key"]),
    ("leaf_other_subject", {}, ["CN", "somebody-else"]),
    ("leaf_other_subject", {"subject": {"O": "Evil"}}, ["O ", "Org", "Evil"]),
    ("leaf_other_subject", {"subject": {"SERIALNUMBER": "7"}}, ["serialNumber", "7"]),
    ("leaf_other_issuer", {}, ["signature", "CA"]),
    ("leaf_other_issuer", {"same_name": False}, ["issuer", "CN=Another CA"]),
    ("leaf_bad_signature", {}, ["signature", "CA"]),
    ("leaf_expired", {}, ["expired", "clock"]),
    ("leaf_not_yet_valid", {}, ["begins", "clock"]),
    ("leaf_no_client_auth", {}, ["extendedKeyUsage", "clientAuth"]),
    ("ca_other", {}, ["signature", "CA"]),
    ("ca_other", {"same_name": False}, ["issuer"]),
    ("ca_expired", {}, ["CA certificate", "expired"]),
    ("chain_blocks", {"count": 50}, ["caCertificate", "more than 20"]),
    ("chain_blocks", {"count": 23}, ["caCertificate", "more than 20"]),
]


def assert_accepted(host, *warnings):
    result = host.assert_renews()
    assert not [words for words in warnings if words not in result.errors], result.errors
    return result


@pytest.mark.parametrize("kind, parameters, facts", FORGERIES)
def test_a_certificate_that_fails_a_check(host, kind, parameters, facts):
    host.connector.fault("sign", kind, **parameters)
    host.assert_fails(*REFUSED, *facts)
    assert host.journal()["phase"] == "KEYED"
    host.assert_recovers()


@pytest.mark.parametrize("count", [75, 200])
def test_blocks_that_are_too_long_to_be_looked_at(host, count):
    host.connector.fault("sign", "chain_blocks", count=count)
    host.assert_fails(76, "connector", host.connector.mtls_url, "caCertificate", "long")
    host.assert_recovers()


@pytest.mark.parametrize("how", ["body", "der"])
@pytest.mark.parametrize("field", ["clientCertificate", "caCertificate", "certificateChain"])
def test_a_certificate_that_is_pem_by_its_first_line_only(host, field, how):
    host.connector.fault("sign", "bad_pem", field=field, how=how)
    host.assert_fails(*REFUSED, field, "certificate 1")
    host.assert_recovers()


@pytest.mark.parametrize("field, kind, says", [
    ("clientCertificate", "connector", "not PEM"), ("caCertificate", "connector", "not PEM"),
    ("certificateChain", "verification", "before certificate 1")])
def test_a_certificate_that_is_pem_but_for_its_first_line(host, field, kind, says):
    host.connector.fault("sign", "bad_pem", field=field, how="label")
    host.assert_fails(76, kind, field, says)
    host.assert_recovers()


def test_a_certificate_for_half_a_minute_is_not_worth_activating(host):
    host.connector.settings(validity_seconds=30)
    begun = time.time()
    result = host.assert_fails(*REFUSED, "s only", "1 min")
    left = int(re.search(r"valid for (\d+) s only", result["error"]["message"])[1])
    assert 0 <= 30 - left <= math.ceil(time.time() - begun)
    host.connector.settings(validity_seconds=86400)
    host.assert_recovers()


def test_a_forgery_is_asked_for_again_until_it_is_none(host):
    host.connector.fault("sign", "leaf_other_key", times=3)
    for _ in range(3):
        host.assert_fails(*REFUSED, "public key")
    host.assert_recovers()


@pytest.mark.parametrize("kind", [
    "chain_reversed", "chain_without_ca", "leaf_no_digital_signature"])
def test_an_unusual_answer_that_is_accepted(host, kind):
    host.connector.fault("sign", kind)
    assert_accepted(host)
    assert host.connector.calls("sign")[0]["faults"] == [kind]


def test_a_leaf_without_any_extended_key_usage_is_accepted_with_a_warning(host):
    host.connector.fault("sign", "leaf_no_client_auth", server_auth=False)
    assert_accepted(host, "extendedKeyUsage")


def test_the_root_may_be_appended(host):
    host.connector.settings(attach_root=True)
    assert_accepted(host)


def test_a_ca_without_basic_constraints_is_accepted_with_a_warning(host):
    host.connector.settings(ca_without_basic_constraints=True)
    assert_accepted(host, "basicConstraints")


@contextlib.contextmanager
def enrolled_at(directory, *options):
    """A host at a Connector of its own, started with these options."""
    with StandIn(directory / "connector", *options) as connector:
        world = World(directory, connector)
        world.enroll()
        yield world


@pytest.mark.parametrize("options", [["--intermediate"], ["--intermediate", "--attach-root"]])
def test_an_intermediate_ca_is_sent_along(tmp_path, options):
    with enrolled_at(tmp_path, *options) as world:
        world.assert_renews()
        chain = (world.folder / "current" / "chain.pem").read_text()
        assert chain.count("BEGIN CERTIFICATE") == 1 + len(options)


def test_an_intermediate_ca_and_its_root_in_any_order(tmp_path):
    with enrolled_at(tmp_path, "--intermediate", "--attach-root") as world:
        world.connector.fault("sign", "chain_reversed")
        world.assert_renews()


def test_a_clock_a_little_behind_the_connectors_is_tolerated(new_world):
    behind = later("-120s")
    token = new_world.one_time_token()
    assert new_world.run("enroll", "--token-file", token, command=behind).status == 0
    assert new_world.run("renew", "--force", command=behind).status == 0
    new_world.assert_whole()


SUBJECTS = [
    {"O": "Acme, Inc.", "OU": "a=b, c=d"},
    {"O": "Müller & Söhne, GmbH", "OU": "R&D, O=inside", "L": "St. Gallen, CH", "ST": "a+b"},
    {"O": 'The "best"', "OU": "back\\slash", "L": "#1", "ST": "semi;colon <x>"},
    {"O": " blank", "OU": "trailing ", "L": "x,y", "ST": "=,="},
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_with_commas_and_equals_signs_inside_its_values(new_world, subject):
    new_world.connector.settings(subject=subject)
    new_world.enroll()
    new_world.assert_renews()
    wanted = {**subject, "C": "DE"}
    for name, oid in (("O", "2.5.4.10"), ("OU", "2.5.4.11"), ("L", "2.5.4.7"), ("ST", "2.5.4.8")):
        values = [each.value for each in new_world.certificate().subject
                  if each.oid.dotted_string == oid]
        assert values == [wanted.get(name, {"L": "locality", "ST": "province"}.get(name))]


@pytest.mark.parametrize("form", [
    "CN={CN},C=DE,ST=province,L=locality,OU=OrgUnit,O=Org",
    "O=Org, OU=OrgUnit, L=locality, ST=province, C=DE, CN={CN}",
    r"O=\4frg,OU=\OrgUnit,L=locality,ST=province,C=DE,CN={CN}".replace(r"\O", "O"),
    'O="Org",OU=OrgUnit,L=locality,ST=province,C=DE,CN={CN}'])
def test_a_subject_in_other_words(host, form):
    name = host.certificate().subject.rfc4514_string({}).split("CN=")[1].split(",")[0]
    host.connector.fault("configuration", "field_value", field="subject",
                         value=form.format(CN=name))
    assert_accepted(host)


@pytest.mark.parametrize("subject, facts", [
    ("O=Org,OU=OrgUnit,L=locality,ST=province,C=DE,CN=somebody-else",
     ["somebody-else", "common name"]),
    ("O=Org,OU=OrgUnit,L=locality,ST=province,C=DE", ["no CN"]),
    ("nonsense", ["nonsense"]),
    ("O=Org,OU=OrgUnit,L=locality,ST=province,C=DEU,CN=x", ["C ", "DEU"])])
def test_a_subject_that_cannot_be_used_is_not_asked_for(host, subject, facts):
    host.connector.fault("configuration", "field_value", field="subject", value=subject)
    host.assert_fails(*REFUSED, *facts)
    assert host.connector.calls("sign") == []
    host.assert_recovers()

"""The front door in the project file: what belongs together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.door_rules import claim_format
from stacks.project.doors import Authentication
from stacks.project.load import load_project
from tests.unit.stacks.project.conftest import GOOD
from tidegate.slots import Slot

Faults = Callable[..., list[str]]

REGION = "    region: eu-west-1\n"
JWT = "jwt: { issuer: https://id.example.com, audience: shop }"
DNS = f"kind: dns, domain: models.example.com, zone_id: Z0123456789, {JWT}"
BY_DNS = ("strategy: canary", "strategy: canary\n      mechanism: dns")


def door(text: str) -> tuple[str, str]:
    """The stage's region with a front door after it."""
    return REGION, f"{REGION}    front_door: {{ {text} }}\n"


ONE_FAULT = [
    ("kind: balancer", "is 'balancer', must be one of api, dns"),
    ("authentication: jwt", "jwt is missing: authentication is jwt, which needs an issuer"),
    ("kind: dns, domain: a.example.com, zone_id: Z1", "jwt is missing: load balancers take jwt"),
    (JWT, "jwt is given, but authentication is iam: drop one of the two"),
    (f"kind: dns, domain: a.example.com, {JWT}", "zone_id is missing: kind dns needs it"),
    (f"kind: dns, zone_id: Z1, {JWT}", "domain is missing: kind dns needs it"),
    ("domain: models.example.com", "domain belongs to kind dns: drop it, or set kind to dns"),
    (DNS.replace("models.example.com", "Models"), "must be a domain in small letters"),
    (DNS.replace("Z0123456789", "zone"), "must be the id of a hosted zone"),
    (DNS.replace("https://", "http://"), "must be a URL that begins with https://"),
    (f"{DNS}, requests_per_client: 9", "requests_per_client is 9, must be at least 10"),
    (DNS.replace("shop }", "shop, claims: { iss: [a] } }"), "claim iss is always checked: drop it"),
    (DNS.replace("shop }", 'shop, claims: { scope: ["a b"] } }'), "claim scope is a list already"),
    (
        f"authentication: jwt, {JWT.replace('shop }', 'shop, claims: { tenant: [a] } }')}",
        "claim tenant is one that an HTTP API cannot check",
    ),
]


@pytest.mark.parametrize("case", ONE_FAULT, ids=[fault for _, fault in ONE_FAULT])
def test_what_does_not_belong_together_is_a_fault(faults: Faults, case: tuple[str, str]):
    """And the only one."""
    text, expected = case
    found = faults(door(text))
    assert len([fault for fault in found if expected in fault]) == 1, found


def test_too_many_claims_are_a_fault(faults: Faults):
    """A load balancer checks ten."""
    claims = ", ".join(f"c{number}: [a]" for number in range(10))
    (found,) = faults(door(DNS.replace("shop }", f"shop, claims: {{ {claims} }} }}")))
    assert "has 10 claims, a load balancer checks at most 9 beside the audience" in found


def test_a_release_by_dns_needs_a_front_door_of_two_tracks(faults: Faults):
    """The fault names the stage, and what is legal without."""
    (found,) = faults(BY_DNS)
    assert found.startswith("tidegate.yaml:16: ")
    assert "the front door of stage dev is api" in found
    assert "or use weights, guardrail" in found


def test_a_model_is_not_named_like_a_track(faults: Faults):
    """Its host would be taken for a track's."""
    found = faults(door(DNS), BY_DNS, ("  fraud:", "  blue:"))
    assert any("blue is the name of a slot" in fault for fault in found)


def test_a_host_name_that_no_certificate_takes_is_a_fault(faults: Faults):
    """The first name of a certificate is shorter than a name may be."""
    long = f"{'a' * 40}.{'b' * 20}.example.com"
    found = faults(door(DNS.replace("models.example.com", long)), BY_DNS)
    assert any("has 79 characters, a certificate" in fault for fault in found)


def loaded(folder: Path, text: str) -> Path:
    """The project file with a front door."""
    path = folder / "tidegate.yaml"
    path.write_text(GOOD.replace(*door(text)).replace(*BY_DNS))
    return path


def test_a_front_door_of_kind_dns_names_hosts_and_tracks(folder: Path):
    """Its HTTP API still takes signatures: outcomes come that way."""
    spec = load_project(loaded(folder, DNS))
    front = spec.stages["dev"].door
    assert front.authentication is Authentication.IAM
    assert front.dns is not None
    assert front.jwt is not None
    assert front.dns.host("fraud") == "fraud.models.example.com"
    assert front.dns.track_host("fraud", Slot.GREEN) == "green.fraud.models.example.com"
    assert front.jwt.jwks == "https://id.example.com/.well-known/jwks.json"
    assert spec.models["fraud"].has_tracks


def test_without_a_front_door_requests_are_signed(folder: Path):
    """An HTTP API for callers with AWS credentials."""
    (folder / "tidegate.yaml").write_text(GOOD)
    spec = load_project(folder / "tidegate.yaml")
    assert spec.stages["dev"].door.authentication is Authentication.IAM
    assert spec.stages["dev"].door.dns is None


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("scope", ("predict",), "space-separated-values"),
        ("tenant", ("a",), "single-string"),
        ("groups", ("a", "b"), "string-array"),
    ],
)
def test_claims_are_read_in_the_format_that_they_come_in(
    name: str, values: tuple[str, ...], expected: str
):
    """Scopes are one text."""
    assert claim_format(name, values) == expected

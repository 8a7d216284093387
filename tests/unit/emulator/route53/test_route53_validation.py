"""What a batch of changes may not do."""

from typing import Any

import pytest

from emulator.route53.health import Balancer
from emulator.route53.records import ELB_ZONE_ID, zone_of
from emulator.route53.validation import Action, Change, Route53Error, Surroundings, applied

ZONE = {"id": "Z1", "name": "example.com."}
DEFAULTS: list[dict[str, Any]] = [
    {"Name": "example.com.", "Type": "SOA", "TTL": "900", "ResourceRecords": ["n. h. 1 2 3 4 5"]},
    {"Name": "example.com.", "Type": "NS", "TTL": "60", "ResourceRecords": ["n."]},
]


class Balancers:
    """One load balancer."""

    def find(self, dns_name: str) -> Balancer | None:
        """The one called lb.elb."""
        known = dns_name == "lb.elb"
        return Balancer(addresses=("127.64.0.1",), healthy=True) if known else None


AROUND = Surroundings(balancers=Balancers(), has_check=lambda check: check == "check")


def _record(name: str = "www.example.com", **members: Any) -> dict[str, Any]:
    plain = {"Type": "A", "TTL": "60", "ResourceRecords": ["127.0.0.1"]}
    return {"Name": name, **plain, **members}


def _weighted(identifier: str, **members: Any) -> dict[str, Any]:
    return _record(SetIdentifier=identifier, **{"Weight": 1, **members})


def _alias(name: str, target: str, zone_id: str = "Z1", **members: Any) -> dict[str, Any]:
    alias = {"HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": True}
    return {"Name": name, "Type": "A", "AliasTarget": alias, **members}


def _apply(
    *changes: tuple[str, dict[str, Any]], current: list[dict[str, Any]] | None = None
) -> list[Any]:
    present = [*DEFAULTS, *(current if current is not None else [])]
    batch = [Change(action=Action(action), raw=raw) for action, raw in changes]
    return applied(zone_of(ZONE, present), present, batch, AROUND)


def test_a_batch_is_applied_in_its_order() -> None:
    """A record set deleted and made anew in one batch is the new one."""
    old = _record()

    after = _apply(
        ("DELETE", old),
        ("CREATE", _record(TTL="5")),
        ("UPSERT", _record("b.example.com")),
        current=[old],
    )

    assert [(r["Name"], r.get("TTL")) for r in after[2:]] == [
        ("www.example.com", "5"),
        ("b.example.com", "60"),
    ]


@pytest.mark.parametrize("weight", [0, 255])
def test_the_bounds_of_weights_are_weights(weight: int) -> None:
    """0 and 255 are allowed."""
    assert _apply(("CREATE", _weighted("a", Weight=weight)))[-1]["Weight"] == weight


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (_weighted("a", Weight=256), "Weight must be 0 to 255, got 256"),
        (_weighted("a", Weight=-1), "got -1"),
        (_record(Weight=1), "SetIdentifier goes with a routing policy"),
        (_record(SetIdentifier="a"), "SetIdentifier goes with a routing policy"),
        (_weighted("a", Failover="PRIMARY"), "only one routing policy"),
        (_record(SetIdentifier="a", Failover="THIRD"), "PRIMARY or SECONDARY"),
        (_alias("a.example.com", "b.example.com", TTL="60"), "an alias may not have TTL"),
        ({"Name": "a.example.com", "Type": "A", "ResourceRecords": ["1.1.1.1"]}, "TTL and"),
        (_record(Type="WKS"), "Type must be one of"),
        (_record(SetIdentifier="a", Region="eu-west-1"), "does not emulate latency routing"),
        (_record(SetIdentifier="a", GeoLocation={}), "does not emulate geolocation"),
    ],
)
def test_a_record_set_that_no_zone_could_hold_is_invalid_input(
    raw: dict[str, Any], said: str
) -> None:
    """The refusal names the member and what is allowed."""
    with pytest.raises(Route53Error, match=said) as refused:
        _apply(("CREATE", raw))

    assert refused.value.code == "InvalidInput"


@pytest.mark.parametrize(
    ("changes", "current", "said"),
    [
        ([("CREATE", _record("a.example.org"))], [], "not permitted in zone example.com"),
        ([("CREATE", _record())], [_record()], "it already exists"),
        ([("DELETE", _record())], [], "it was not found"),
        ([("DELETE", _record(TTL="9"))], [_record()], "do not match the current values"),
        ([("DELETE", DEFAULTS[1])], [], "at least one NS record"),
        ([("CREATE", _record())], [_weighted("a")], "another routing policy"),
        ([("CREATE", _record(Type="CNAME", ResourceRecords=["x."]))], [_record()], "conflicting"),
        (
            [("CREATE", _record("example.com", Type="CNAME", ResourceRecords=["x."]))],
            [],
            "not permitted at apex",
        ),
        ([("CREATE", _record(ResourceRecords=["300.1.1.1"]))], [], "FATAL problem"),
        ([("CREATE", _weighted("a", HealthCheckId="gone"))], [], "No health check exists"),
        ([("CREATE", _alias("a.example.com", "gone.elb", ELB_ZONE_ID))], [], "does not lie within"),
        ([("CREATE", _alias("a.example.com", "b.example.com"))], [], "that target was not found"),
        ([("CREATE", _alias("a.example.com", "a.example.com"))], [], "the record set itself"),
        ([("CREATE", _alias("a.example.com", "x.net", "Z2"))], [], "aliases only to"),
    ],
)
def test_a_batch_that_the_zone_cannot_take_is_refused(
    changes: list[Any], current: list[Any], said: str
) -> None:
    """The refusal says which change fails and why."""
    with pytest.raises(Route53Error, match=said) as refused:
        _apply(*changes, current=current)

    assert refused.value.code == "InvalidChangeBatch"


def test_all_faults_of_a_batch_are_told_at_once() -> None:
    """Two wrong changes make one refusal with both reasons."""
    with pytest.raises(Route53Error) as refused:
        _apply(("CREATE", _record("a.example.org")), ("DELETE", _record("b.example.com")))

    assert "example.org" in str(refused.value)
    assert "b.example.com" in str(refused.value)


def test_at_most_a_hundred_weighted_record_sets_share_a_name() -> None:
    """The hundredth is taken, one more refused."""
    changes = [("CREATE", _weighted(str(n))) for n in range(100)]
    assert len(_apply(*changes)) == 102

    with pytest.raises(Route53Error, match="at most 100"):
        _apply(*changes, ("CREATE", _weighted("one more")))


def test_aliases_lead_to_load_balancers_and_to_records_of_the_same_batch() -> None:
    """Inner and outer records can be made together."""
    after = _apply(
        ("CREATE", _alias("blue.example.com", "dualstack.LB.elb", ELB_ZONE_ID)),
        ("CREATE", _alias("api.example.com", "blue.example.com", SetIdentifier="b", Weight=0)),
    )

    assert len(after) == 4

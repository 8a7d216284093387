"""Rules for records and load balancers: each finds what it is for."""

from copy import deepcopy
from typing import Any

import pytest

from stacks.checks.template_rules import template_faults

ALIAS = {"DNSName": "blue.a.example.com", "HostedZoneId": "Z1", "EvaluateTargetHealth": True}


def record(slot: str, weight: int) -> dict[str, Any]:
    """A weighted alias record."""
    return {
        "Type": "AWS::Route53::RecordSet",
        "Properties": {
            "Name": "a.example.com",
            "Type": "A",
            "SetIdentifier": slot,
            "Weight": weight,
            "AliasTarget": dict(ALIAS),
        },
    }


def template() -> dict[str, Any]:
    """Two tracks, as they must be."""
    return {
        "Resources": {
            "Blue": record("blue", 1),
            "Green": record("green", 0),
            "Target": {
                "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
                "Properties": {
                    "Name": "n" * 32,
                    "TargetType": "lambda",
                    "HealthCheckEnabled": True,
                    "HealthCheckIntervalSeconds": 35,
                    "HealthCheckTimeoutSeconds": 30,
                },
            },
            "Listener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "Protocol": "HTTPS",
                    "Certificates": [{"CertificateArn": "arn"}],
                    "DefaultActions": [{"Type": "fixed-response"}],
                },
            },
            "Rule": {
                "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
                "Properties": {
                    "Actions": [
                        {"Type": "jwt-validation", "Order": 1},
                        {"Type": "forward", "Order": 2},
                    ]
                },
            },
        }
    }


def test_tracks_as_they_must_be_have_no_faults():
    """Weight 0 is a weight."""
    assert template_faults(template()) == ()


BAD = [
    (("Green", "Properties", "Weight"), 256, "must be 0 to 255"),
    (("Green", "Properties", "Weight"), 0.5, "must be a whole number"),
    (("Green", "Properties", "Weight"), None, "needs a Weight: 0 is one"),
    (("Green", "Properties", "SetIdentifier"), None, "needs a SetIdentifier"),
    (("Blue", "Properties", "Weight"), 0, "all records"),
    (("Blue", "Properties", "AliasTarget", "EvaluateTargetHealth"), False, "must be true"),
    (("Target", "Properties", "Name"), "n" * 33, "has 33 characters, at most 32"),
    (("Target", "Properties", "HealthCheckEnabled"), None, "have no health checks by default"),
    (("Target", "Properties", "HealthCheckTimeoutSeconds"), 35, "must be above the timeout, 35"),
    (("Listener", "Properties", "Protocol"), "HTTP", "must be HTTPS with a certificate"),
    (("Listener", "Properties", "Certificates"), [], "must be HTTPS with a certificate"),
    (("Listener", "Properties", "DefaultActions"), [{"Type": "forward"}], "default action is"),
    (("Rule", "Properties", "Actions", 0, "Order"), 3, "before it proves who calls"),
]


@pytest.mark.parametrize(("path", "value", "words"), BAD)
def test_each_rule_finds_what_it_is_for(path: tuple[Any, ...], value: Any, words: str):
    """One fault put in is one fault found."""
    broken = deepcopy(template())
    place: Any = broken["Resources"]
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    faults = template_faults(broken)
    assert len(faults) == 1, faults
    assert words in faults[0]

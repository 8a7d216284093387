"""The web ACL of the load balancers: an address that asks too often gets 403 for a while."""

from typing import Any

from stacks.components.blueprint import Blueprint, att, ref

WEB_ACL = "WebAcl"
_WINDOW_SECONDS = 300


def add_web_acl(blueprint: Blueprint, *, requests_per_client: int) -> None:
    """The web ACL is there; `requests_per_client` is what one address may send in five minutes."""
    rate = {
        "Limit": requests_per_client,
        "EvaluationWindowSec": _WINDOW_SECONDS,
        "AggregateKeyType": "IP",
    }
    blueprint.add(
        WEB_ACL,
        "AWS::WAFv2::WebACL",
        {
            "Scope": "REGIONAL",
            "DefaultAction": {"Allow": {}},
            "Rules": [
                {
                    "Name": "Rate",
                    "Priority": 0,
                    "Statement": {"RateBasedStatement": rate},
                    "Action": {"Block": {}},
                    "VisibilityConfig": _seen("Rate"),
                }
            ],
            "VisibilityConfig": _seen("FrontDoor"),
        },
    )


def protect(blueprint: Blueprint, balancer: str) -> None:
    """The web ACL stands before the load balancer with this logical id."""
    blueprint.add(
        f"{balancer}WebAcl",
        "AWS::WAFv2::WebACLAssociation",
        {"ResourceArn": ref(balancer), "WebACLArn": att(WEB_ACL)},
    )


def _seen(name: str) -> dict[str, Any]:
    """Counted, but no request is sampled: samples would hold headers of callers."""
    return {
        "CloudWatchMetricsEnabled": True,
        "MetricName": name,
        "SampledRequestsEnabled": False,
    }

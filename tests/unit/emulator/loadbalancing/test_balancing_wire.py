"""The Query protocol by the service model, against botocore's own serializer and parser."""

from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from emulator.loadbalancing import wire
from emulator.loadbalancing.errors import BalancingError

MODEL = botocore.session.Session().get_service_model("elbv2")
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    (
        "CreateRule",
        {
            "ListenerArn": "l",
            "Priority": 7,
            "Conditions": [
                {"Field": "path-pattern", "Values": ["/a", "/b&c=<d>"]},
                {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "x y"}]}},
            ],
            "Actions": [
                {
                    "Type": "jwt-validation",
                    "Order": 1,
                    "JwtValidationConfig": {
                        "JwksEndpoint": "https://a/b",
                        "Issuer": "i",
                        "AdditionalClaims": [
                            {"Format": "string-array", "Name": "n", "Values": ["1", "2"]}
                        ],
                    },
                },
                {
                    "Type": "forward",
                    "Order": 2,
                    "ForwardConfig": {
                        "TargetGroups": [
                            {"TargetGroupArn": f"g{n}", "Weight": n} for n in range(12)
                        ],
                        "TargetGroupStickinessConfig": {"Enabled": False},
                    },
                },
            ],
        },
    ),
    ("ModifyTargetGroup", {"TargetGroupArn": "g", "HealthCheckEnabled": True}),
    ("DescribeLoadBalancers", {}),
]


@pytest.mark.parametrize(("operation", "request_"), REQUESTS)
def test_what_botocore_writes_is_read_back(operation: str, request_: dict[str, Any]) -> None:
    """Nested lists of more than nine entries, numbers, booleans and odd characters."""
    serialized = create_serializer("query").serialize_to_request(
        request_, MODEL.operation_model(operation)
    )

    assert wire.parsed(urlencode(serialized["body"]).encode()) == request_


def test_what_is_written_is_read_by_botocore() -> None:
    """Every member, zero weights and markup included."""
    actions = REQUESTS[0][1]["Actions"]
    rules = [{"RuleArn": "<&>", "Priority": "1", "Actions": actions, "IsDefault": False}]

    body = wire.rendered("CreateRule", {"Rules": rules}, "id-1")

    shape = MODEL.operation_model("CreateRule").output_shape
    assert shape is not None
    response = {"body": body, "headers": {}, "status_code": 200}
    parsed = create_parser("query").parse(response, shape)
    assert parsed["Rules"] == rules
    assert parsed["ResponseMetadata"]["RequestId"] == "id-1"


def test_a_refusal_is_read_by_botocore() -> None:
    """Its code becomes the client's exception."""
    body = wire.rendered_error("DuplicateListener", "a < b")

    shape = MODEL.operation_model("CreateRule").output_shape
    assert shape is not None
    response = {"body": body, "headers": {}, "status_code": 400}
    parsed = create_parser("query").parse(response, shape)
    assert parsed["Error"] == {"Type": "Sender", "Code": "DuplicateListener", "Message": "a < b"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"Action=Nothing", "Could not find operation Nothing"),
        (b"", "Could not find operation"),
        (b"Action=CreateLoadBalancer", "Missing required parameter"),
        (b"Action=CreateRule&ListenerArn=l&Priority=x", "must be a number"),
    ],
)
def test_what_breaks_the_model_is_refused(body: bytes, said: str) -> None:
    """With the member that is wrong."""
    with pytest.raises(BalancingError, match=said):
        wire.parsed(body)

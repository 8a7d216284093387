"""Items of a DynamoDB table: values to attributes and back, and conditions on attributes.

A record is stored as one JSON text in the attribute `json`, with an attribute of its own for each
value that a condition or a query needs. Every attribute name in an expression is a placeholder, so
that none can be one of DynamoDB's reserved words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tidegate.untyped import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]

DOCUMENT = "json"


def text(value: str) -> AttributeValueTypeDef:
    """A string attribute."""
    return {"S": value}


def number(value: float) -> AttributeValueTypeDef:
    """A number attribute."""
    return {"N": str(value)}


def document(data: Mapping[str, Any] | Sequence[Any]) -> AttributeValueTypeDef:
    """JSON types as one compact text attribute."""
    return {"S": json.dumps(data, separators=(",", ":"))}


def key(pk: str, sk: str) -> Item:
    """The primary key of an item."""
    return {"pk": text(pk), "sk": text(sk)}


def read_document(item: Mapping[str, Any], attribute: str = DOCUMENT) -> Any:
    """The JSON types that `document` stored."""
    return json.loads(item[attribute]["S"])


def read_number(item: Mapping[str, Any], attribute: str) -> int:
    """A whole number, 0 where the attribute is absent."""
    return int(item[attribute]["N"]) if attribute in item else 0


def when_absent() -> dict[str, Any]:
    """The condition that the item does not exist."""
    return {"ConditionExpression": "attribute_not_exists(#pk)", **_names("pk")}


def when_equal(**expected: AttributeValueTypeDef) -> dict[str, Any]:
    """The condition that these attributes have exactly these values."""
    return {
        "ConditionExpression": " AND ".join(f"#{name} = :was_{name}" for name in expected),
        **_names(*expected),
        "ExpressionAttributeValues": {f":was_{name}": v for name, v in expected.items()},
    }


def when_absent_or_equal(**expected: AttributeValueTypeDef) -> dict[str, Any]:
    """The condition that the item does not exist, or has exactly these values."""
    equal = when_equal(**expected)
    return {
        **equal,
        "ConditionExpression": f"attribute_not_exists(#pk) OR ({equal['ConditionExpression']})",
        **_names("pk", *expected),
    }


def when_absent_or_at_most(**limits: AttributeValueTypeDef) -> dict[str, Any]:
    """The condition that the item does not exist, or that these attributes are not larger."""
    smaller = " AND ".join(f"#{name} <= :most_{name}" for name in limits)
    return {
        "ConditionExpression": f"attribute_not_exists(#pk) OR ({smaller})",
        **_names("pk", *limits),
        "ExpressionAttributeValues": {f":most_{name}": v for name, v in limits.items()},
    }


def _names(*names: str) -> dict[str, Any]:
    return {"ExpressionAttributeNames": {f"#{name}": name for name in names}}

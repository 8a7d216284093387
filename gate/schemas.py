"""CloudFormation's resource schemas, as cfn-lint ships them: types by region, and what is in them.

cfn-lint takes about a second to import, so that it is loaded when it is first asked.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

_WIDEST = "us-east-1"
"""The region with the most types."""

_NEEDED = "AWS::SageMaker::Endpoint"


@cache
def types_in(region: str) -> frozenset[str]:
    """Types that CloudFormation has in a region."""
    return frozenset(_manager().get_resource_types(region))


@cache
def regions() -> tuple[str, ...]:
    """Regions in which CloudFormation can make a SageMaker endpoint."""
    from botocore.session import get_session  # noqa: PLC0415 - only where regions are asked for
    from cfnlint.helpers import REGIONS  # noqa: PLC0415 - see above

    session = get_session()
    hosting = {
        region
        for partition in ("aws", "aws-cn", "aws-us-gov")
        for region in session.get_available_regions("sagemaker", partition)
    }
    return tuple(sorted(r for r in hosting & set(REGIONS) if _NEEDED in types_in(r)))


@cache
def schema_of(kind: str) -> Mapping[str, Any] | None:
    """The schema of a type; None where there is none, as for custom resources."""
    if kind not in types_in(_WIDEST):
        return None
    schema: Mapping[str, Any] = _manager().get_resource_schema(_WIDEST, kind).schema
    return schema


def create_only(kind: str) -> frozenset[str]:
    """Top-level properties whose change replaces the resource."""
    schema = schema_of(kind)
    paths = () if schema is None else schema.get("createOnlyProperties", ())
    return frozenset(path.split("/")[2] for path in paths)


def updatable(kind: str) -> bool:
    """Whether there is an update at all."""
    schema = schema_of(kind)
    return schema is None or "update" in schema.get("handlers", {"update": {}})


def most_characters(kind: str, name: str) -> int | None:
    """The greatest length of a property; None where the schema has none."""
    schema = schema_of(kind)
    property_ = {} if schema is None else schema.get("properties", {}).get(name, {})
    length = property_.get("maxLength")
    return length if isinstance(length, int) else None


def _manager() -> Any:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415 - see above

    return PROVIDER_SCHEMA_MANAGER

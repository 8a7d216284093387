"""What an update may not do to variants that Application Auto Scaling scales. Pure.

Source: SageMaker developer guide, "Update endpoints that use auto scaling": an update fails that
changes the instance type of a scalable target, or removes its variant; another model is allowed.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emulator.sagemaker.state import Endpoint, Planned, VariantRole

DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def scaled_variants(targets: Iterable[Mapping[str, Any]], endpoint: str) -> frozenset[str]:
    """The variants of an endpoint among the properties of scalable targets."""
    prefix = f"endpoint/{endpoint}/variant/"
    found = [
        str(target["ResourceId"])
        for target in targets
        if target.get("ServiceNamespace") == "sagemaker"
        and target.get("ScalableDimension") == DIMENSION
    ]
    return frozenset(one.removeprefix(prefix) for one in found if one.startswith(prefix))


def forbidden(
    endpoint: Endpoint, plan: Iterable[Planned], scaled: frozenset[str]
) -> tuple[str, ...]:
    """The scaled variants that this plan would remove, or run on other instances."""
    return tuple(sorted(set(_forbidden(endpoint, tuple(plan), scaled))))


def _forbidden(
    endpoint: Endpoint, plan: tuple[Planned, ...], scaled: frozenset[str]
) -> Iterator[str]:
    wanted = {one.name: one for one in plan if one.role is VariantRole.PRODUCTION}
    for variant in endpoint.variants:
        if variant.name not in scaled or variant.role is not VariantRole.PRODUCTION:
            continue
        following = wanted.get(variant.name)
        if following is None or _type(following.definition) != _type(variant.definition):
            yield variant.name


def _type(definition: Mapping[str, Any]) -> object:
    return definition.get("InstanceType")

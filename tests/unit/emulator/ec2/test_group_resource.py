"""Groups in templates: what is asked of the API when one changes in place."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.cloudformation.registry import ResourceContext, ResourceError
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.ec2.resources import TYPE, GroupResource
from emulator.sagemaker.names import Tenant

BEFORE = {
    "AutoScalingGroupName": "g",
    "MinSize": "2",
    "MaxSize": "4",
    "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": "1"},
    "TargetGroupARNs": ["arn:one"],
    "Tags": [{"Key": "k", "Value": "v", "PropagateAtLaunch": True}],
}


@dataclass
class Plane:
    """The API, which notes what it is asked."""

    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    async def call(self, tenant: Tenant, operation: str, request: Mapping[str, Any]) -> Any:
        """One group, whatever is asked."""
        assert tenant == Tenant("000000000000", "eu-west-1")
        self.asked.append((operation, request))
        return {"AutoScalingGroups": [{"AutoScalingGroupARN": "arn:group"}]}


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """The work's result."""
    return asyncio.run(work)


def changed(plane: Plane, **more: Any) -> None:
    """The group is changed in place."""
    resource = GroupResource(
        schema=bundled_catalogue().load(TYPE),
        plane=plane,  # type: ignore[arg-type]
        run=run,
    )
    context = ResourceContext(
        account="000000000000",
        region="eu-west-1",
        stack_name="s",
        logical_id="Group",
        generated_name=lambda _: "g",
    )
    resource.update(context, "g", BEFORE, {**BEFORE, **more})


def test_a_group_that_changes_keeps_its_target_groups() -> None:
    """They are no members of UpdateAutoScalingGroup, and neither are tags."""
    plane = Plane()
    changed(plane, LaunchTemplate={"LaunchTemplateId": "lt-2", "Version": "1"})
    operation, request = plane.asked[0]
    assert operation == "UpdateAutoScalingGroup"
    assert request["LaunchTemplate"]["LaunchTemplateId"] == "lt-2"
    assert {"TargetGroupARNs", "Tags"}.isdisjoint(request)


def test_other_target_groups_are_refused() -> None:
    """By name, instead of being left as they were."""
    plane = Plane()
    with pytest.raises(ResourceError, match="TargetGroupARNs"):
        changed(plane, TargetGroupARNs=["arn:two"])
    assert plane.asked == []

"""ReleaseGuard and ReleaseVerify: custom resources that make a bare `cdk deploy` safe.

The guard comes before every hosting resource and refuses a deploy that would replace what is live.
The verification comes after the endpoint and reads back what really serves.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.answers import ANSWER_BUCKET
from stacks.components.arns import Arns
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.model_containers import declared_version
from stacks.components.serving import ENDPOINT, ServingNames
from stacks.components.tracks import declared_configs, endpoint_id, record_id
from stacks.project.names import function_name
from stacks.project.placement import Placement
from stacks.project.spec import HostingSpec, ModelSpec
from tidegate.scaling import Scaling
from tidegate.slots import PAIR
from tidegate.strategies import Mechanism
from tidegate.tracks import Tracks

GUARD_FUNCTION = "guard_release"
VERIFY_FUNCTION = "verify_release"
GUARD_TYPE = "Custom::ReleaseGuard"
VERIFY_TYPE = "Custom::ReleaseVerify"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateProps:
    """What a deploy declares. The functions are found by their fixed names."""

    project: str
    arns: Arns
    names: ServingNames
    model: ModelSpec
    placement: Placement
    tracks: Tracks | None = None

    @property
    def scaling(self) -> Scaling:
        """Which production variants there are, and which of them follow their load."""
        hosting = self.model.hosting
        shadows = self.model.plan.mechanism is Mechanism.SHADOW
        served = (self.placement.live,) if shadows else self.placement.served
        return Scaling(
            instance_type=hosting.instance_type if isinstance(hosting, HostingSpec) else "",
            served=frozenset(served),
            scaled=frozenset(served if hosting.autoscales else ()),
            hosting=hosting.kind,
        )


def add_guard(blueprint: Blueprint, props: GateProps) -> str:
    """The guard is there; whatever must not change unasked comes after it. Returns its id."""
    properties = {"ServiceToken": _token(props, GUARD_FUNCTION), **_declared(props)}
    return blueprint.add("ReleaseGuard", GUARD_TYPE, properties)


def add_verification(blueprint: Blueprint, props: GateProps) -> None:
    """The verification is there; it runs after the endpoint was made or updated."""
    declared = {"ServiceToken": _token(props, VERIFY_FUNCTION), **_declared(props)}
    if props.tracks is not None:
        config = {"EndpointConfigName": declared_configs(props.names.config)}
        made = (endpoint_id, record_id) if props.tracks.by_dns else (endpoint_id,)
        after = [each(slot) for each in made for slot in PAIR]
        blueprint.add("ReleaseVerify", VERIFY_TYPE, {**declared, **config}, after=after)
        return
    properties = {
        **declared,
        # The endpoint's name by reference, and so after the endpoint.
        "EndpointName": att(ENDPOINT, "EndpointName"),
        "EndpointConfigName": att(props.names.config, "EndpointConfigName"),
    }
    blueprint.add("ReleaseVerify", VERIFY_TYPE, properties)


def _token(props: GateProps, function: str) -> Any:
    name = function_name(props.project, props.arns.stage.name, function)
    return props.arns.of("lambda", f"function:{name}")


def _tracks(tracks: Tracks | None) -> Mapping[str, Any] | None:
    """The tracks; of asynchronous ones with the bucket's name, which CloudFormation generates."""
    if tracks is None or tracks.asynchronous is None:
        return None if tracks is None else tracks.to_json()
    later = {**tracks.asynchronous.to_json(), "bucket": ref(ANSWER_BUCKET)}
    return {**tracks.to_json(), "asynchronous": later}


def _declared(props: GateProps) -> Mapping[str, Any]:
    slots = {
        slot.value: declared_version(version) for slot, version in props.placement.slots.items()
    }
    return {
        "Model": props.model.name,
        "EndpointName": props.names.endpoint,
        "Slots": slots,
        "Live": props.placement.live.value,
        "Scaling": props.scaling.to_json(),
        "Tracks": _tracks(props.tracks),
        "Plan": json.dumps(props.model.plan.to_json(), sort_keys=True, separators=(",", ":")),
    }

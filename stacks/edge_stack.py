"""The stack of an edge fleet: component versions, rings, rights of devices, and their evidence.

A deploy makes component versions and moves no device: rings are told by releases (docs/decisions/
0034-edge-rings.md).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns, sub
from stacks.components.blueprint import Blueprint
from stacks.components.edge_devices import add_device_rights, add_rings, tell_devices
from stacks.components.edge_functions import FleetPlace, add_events, observing_function
from stacks.components.edge_version import placed, recipe
from stacks.components.gate import GUARD_FUNCTION, GUARD_TYPE, VERIFY_FUNCTION, VERIFY_TYPE
from stacks.components.handler_function import CodeAsset, add_function
from stacks.project.edge_spec import EdgeSpec
from stacks.project.names import edge_stack_name, function_name
from stacks.project.placement import Placement
from stacks.project.spec import StageSpec
from stacks.release_stack import CODE
from tidegate.edge.names import fleet_name
from tidegate.pointer import LivePointer

GUARD, VERIFICATION = "ReleaseGuard", "ReleaseVerify"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeStackProps:
    """One edge fleet of one stage. `pointer` is the fleet's, `model` that of the model it runs."""

    project: str
    stage: StageSpec
    fleet: EdgeSpec
    shelf: AssetShelf
    pointer: LivePointer | None = None
    model: LivePointer | None = None
    code: Path = CODE


class EdgeStack(Stack):
    """An edge fleet, but for its devices."""

    def __init__(self, scope: Construct, *, props: EdgeStackProps) -> None:
        stage, spec = props.stage, props.fleet
        super().__init__(
            scope,
            edge_stack_name(props.project, stage.name, spec.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Edge fleet {spec.name} of {props.project}, stage {stage.name}",
        )
        placement = placed(
            spec,
            props.pointer,
            props.model,
            publish=lambda artifact: props.shelf.publish(self, artifact),
            publish_file=lambda file: props.shelf.publish_file(self, file),
        )
        code = props.shelf.publish_code(self, props.code, stage)
        fleet = FleetPlace(project=props.project, name=spec.name, arns=Arns(stage=stage))
        edge_blueprint(fleet, spec, placement, code).build(self)


def edge_blueprint(
    fleet: FleetPlace, spec: EdgeSpec, placement: Placement, code: CodeAsset
) -> Blueprint:
    """What the stack holds."""
    blueprint = Blueprint()
    declared = _declared(fleet, spec, placement)
    guard = blueprint.add(
        GUARD, GUARD_TYPE, {"ServiceToken": _token(fleet, GUARD_FUNCTION), **declared}
    )
    rings = add_rings(blueprint, fleet, spec)
    components = _add_components(blueprint, fleet, placement, after=[guard])
    add_device_rights(blueprint, fleet, placement)
    function = observing_function(fleet)
    add_function(blueprint, function, code=code, stage=fleet.arns.stage)
    add_events(blueprint, fleet, function)
    verified = {
        "ServiceToken": _token(fleet, VERIFY_FUNCTION),
        **declared,
        "EndpointConfigName": _config(placement, spec),
    }
    blueprint.add(VERIFICATION, VERIFY_TYPE, verified, after=[*rings, *components])
    tell_devices(blueprint, fleet)
    return blueprint


def _add_components(
    blueprint: Blueprint, fleet: FleetPlace, placement: Placement, *, after: Sequence[str]
) -> list[str]:
    """A component version for each version in a slot, under an id of its own for each content."""
    versions = {version.digest: version for version in placement.slots.values()}
    return [
        blueprint.add(
            f"Component{digest}",
            "AWS::GreengrassV2::ComponentVersion",
            {"InlineRecipe": sub(recipe(fleet.place, version))},
            after=after,
        )
        for digest, version in sorted(versions.items())
    ]


def _token(fleet: FleetPlace, function: str) -> Any:
    name = function_name(fleet.project, fleet.arns.stage.name, function)
    return fleet.arns.of("lambda", f"function:{name}")


def _declared(fleet: FleetPlace, spec: EdgeSpec, placement: Placement) -> Mapping[str, Any]:
    slots = {slot.value: _resolved(version.to_json()) for slot, version in placement.slots.items()}
    return {
        "Model": spec.name,
        "EndpointName": fleet_name(fleet.place),
        "Slots": slots,
        "Live": placement.live.value,
        "Plan": json.dumps(spec.plan.to_json(), sort_keys=True, separators=(",", ":")),
    }


def _resolved(version: dict[str, Any]) -> dict[str, Any]:
    """URIs of assets may have the account's number in them."""
    environment = {name: sub(text) for name, text in version["environment"].items()}
    return {**version, "artifact_uri": sub(version["artifact_uri"]), "environment": environment}


def _config(placement: Placement, spec: EdgeSpec) -> str:
    """What is in the slots, and where rings end, as one name."""
    told = {slot.value: version.digest for slot, version in sorted(placement.slots.items())}
    text = json.dumps({"slots": told, "ends": spec.ends}, sort_keys=True)
    return f"components-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

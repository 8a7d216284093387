"""The stack of one model on EC2 instances, and the gate that deploys go through.

Slots, guard and verification are those of endpoints; what serves is another thing: a group a slot
(docs/decisions/0037-fleets-of-instances.md), or one group whose instances are replaced
(0038-rolling-fleets.md).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.components.arns import Arns, sub
from stacks.components.blueprint import Blueprint
from stacks.components.fleet_alarms import add_fleet_alarms
from stacks.components.fleet_asking import asking_props
from stacks.components.fleet_balancer import add_fleet_balancer, rule_id, targets_id
from stacks.components.fleet_groups import SlotProps, add_instance_role, add_slot, slot_id
from stacks.components.fleet_network import PORT, add_fleet_network
from stacks.components.fleet_rolling import GROUP, ROLLING_PORTS, add_rolling
from stacks.components.gate import GUARD_FUNCTION, GUARD_TYPE, VERIFY_FUNCTION, VERIFY_TYPE
from stacks.components.handler_function import CodeAsset, add_function
from stacks.components.rolling_rights import role_path
from stacks.hosting_stack import HostingProps
from stacks.project.names import fleet_place, function_name, model_stack_name
from stacks.project.placement import Placement, in_turn, place, refuse_unplaceable, version_of
from stacks.project.spec import Ec2Spec, ModelSpec
from stacks.release_stack import CODE
from tidegate.ec2 import fleet_name, rolling_name
from tidegate.fleet import Hosting
from tidegate.scaling import Scaling
from tidegate.slots import PAIR, Slot
from tidegate.tracks import joined_configs

_MARGIN_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetProps:
    """What a fleet's template is made of. `place` is PROJECT-STAGE-MODEL."""

    project: str
    place: str
    arns: Arns
    model: ModelSpec
    hosting: Ec2Spec
    placement: Placement
    code: CodeAsset
    form: "Form"


class FleetStack(Stack):
    """Instances in two slots, their load balancer, and guard and verification around them."""

    def __init__(self, scope: Construct, *, props: HostingProps, hosting: Ec2Spec) -> None:
        stage, model = props.stage, props.model
        super().__init__(
            scope,
            model_stack_name(props.project, stage.name, model.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Model {model.name} of {props.project} on EC2, stage {stage.name}",
        )
        refuse_unplaceable(model, props.pointer)
        publish = partial(props.shelf.publish, self)
        version = version_of(model, region=stage.region, uri_of=publish)
        model, named = in_turn(model, version, props.pointer), (props.project, stage.name)
        place_name = fleet_place(*named, model.name)
        form = one_group if model.rolls_instances else a_group_a_slot
        fleet = FleetProps(
            project=props.project,
            place=place_name,
            arns=Arns(stage=stage),
            model=model,
            hosting=hosting,
            placement=place(version, props.pointer),
            code=props.shelf.publish_code(self, CODE, stage),
            form=form(place_name, hosting, roles=role_path(*named)),
        )
        fleet_blueprint(fleet).build(self)


def fleet_blueprint(props: FleetProps) -> Blueprint:
    """What the stack of a model on EC2 holds."""
    blueprint = Blueprint()
    stage, declared = props.arns.stage, _declared(props)
    token = {"ServiceToken": _token(props, GUARD_FUNCTION)}
    guard = blueprint.add("ReleaseGuard", GUARD_TYPE, {**token, **declared})
    ports = props.form.ports
    ways = add_fleet_network(
        blueprint, region=stage.region, guard=guard, ports=sorted(set(ports.values()))
    )
    versions = list(props.placement.slots.values())
    add_instance_role(blueprint, versions, props.arns, guard=guard, path=props.form.role_path)
    url = add_fleet_balancer(blueprint, ports, after=ways)
    # An agent in this network would reach nobody: the function that asks is never profiled.
    plain = replace(stage, profiling=None)
    add_function(blueprint, asking_props(props.place, url), code=props.code, stage=plain)
    slots = {slot: _slot_props(props, slot, port) for slot, port in ports.items()}
    made = props.form.add(blueprint, slots, props.placement.live, ways)
    blueprint.add(
        "ReleaseVerify",
        VERIFY_TYPE,
        {
            "ServiceToken": _token(props, VERIFY_FUNCTION),
            **declared,
            "EndpointConfigName": made.config,
            "StartSeconds": props.form.start_seconds,
        },
        after=made.groups,
    )
    add_fleet_alarms(blueprint, PAIR, props.model.alarms, topic=stage.alarm_topic)
    blueprint.tell("EndpointName", props.form.name)
    return blueprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """What is declared of a fleet's instances, and the logical ids of their groups."""

    config: str
    groups: Sequence[str]


AddInstances = Callable[[Blueprint, Mapping[Slot, SlotProps], Slot, Sequence[str]], Instances]
"""Adds the instances of slots, one of which is live, after what they need to start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How the slots of a fleet share its instances. `name` takes the place of an endpoint's.

    `ports` are where each slot's instances answer; `start_seconds` is how long a deploy waits for
    them. Roles of instances have a path where a function passes them on.
    """

    name: str
    hosting: Hosting
    ports: Mapping[Slot, int]
    start_seconds: int
    role_path: str | None
    add: AddInstances


def a_group_a_slot(place: str, hosting: Ec2Spec, *, roles: str) -> Form:
    """Each slot has instances of its own, which a release moves users to."""
    del roles  # nobody but CloudFormation starts instances
    return Form(
        name=fleet_name(place),
        hosting=hosting.kind,
        ports=dict.fromkeys(PAIR, PORT),
        start_seconds=hosting.start_seconds,
        role_path=None,
        add=_add_groups,
    )


def one_group(place: str, hosting: Ec2Spec, *, roles: str) -> Form:
    """One group for both slots, each at a port of its own, whose instances a release replaces.

    A deploy that replaces them waits for them to warm up.
    """
    return Form(
        name=rolling_name(place),
        hosting=Hosting.ROLLING_FLEET,
        ports=ROLLING_PORTS,
        start_seconds=2 * hosting.start_seconds + _MARGIN_SECONDS,
        role_path=roles,
        add=_add_one_group,
    )


def _add_groups(
    blueprint: Blueprint, slots: Mapping[Slot, SlotProps], _live: Slot, after: Sequence[str]
) -> Instances:
    groups = {
        slot: add_slot(blueprint, of_slot, after=[*after, rule_id(slot)])
        for slot, of_slot in slots.items()
    }
    return Instances(
        config=joined_configs(groups), groups=[slot_id(slot, "Group") for slot in slots]
    )


def _add_one_group(
    blueprint: Blueprint, slots: Mapping[Slot, SlotProps], live: Slot, after: Sequence[str]
) -> Instances:
    ready = [*after, *map(rule_id, slots)]
    return Instances(config=add_rolling(blueprint, slots, live, after=ready), groups=[GROUP])


def _slot_props(props: FleetProps, slot: Slot, port: int) -> SlotProps:
    return SlotProps(
        place=props.place,
        slot=slot,
        version=props.placement.slots[slot],
        hosting=props.hosting,
        arns=props.arns,
        target_group=targets_id(slot),
        port=port,
    )


def _token(props: FleetProps, function: str) -> Any:
    name = function_name(props.project, props.arns.stage.name, function)
    return props.arns.of("lambda", f"function:{name}")


def _declared(props: FleetProps) -> Mapping[str, Any]:
    placement = props.placement
    scaling = Scaling(
        instance_type=props.hosting.instance_type,
        served=frozenset(PAIR),
        scaled=frozenset(),
        hosting=props.form.hosting,
    )
    return {
        "Model": props.model.name,
        "EndpointName": props.form.name,
        "Slots": {
            slot.value: {**version.to_json(), "artifact_uri": sub(version.artifact_uri)}
            for slot, version in placement.slots.items()
        },
        "Live": placement.live.value,
        "Scaling": scaling.to_json(),
        "Plan": json.dumps(props.model.plan.to_json(), sort_keys=True, separators=(",", ":")),
    }

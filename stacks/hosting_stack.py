"""The stack of one model: what serves it, and the gate that deploys go through.

A model has a stack of its own, named by the model's name alone: adding or dropping another model
never moves it (docs/decisions/0005-one-stack-per-model.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.answers import ANSWER_BUCKET, add_answers
from stacks.components.arns import Arns
from stacks.components.autoscaling import add_autoscaling
from stacks.components.blueprint import Blueprint, ref
from stacks.components.capture_bucket import CAPTURE_BUCKET, add_capture_bucket
from stacks.components.deployment_config import add_rollback_alarm, deployment_config
from stacks.components.emptying import empty_on_delete
from stacks.components.execution_role import RoleNeeds, add_execution_role, execution_role_id
from stacks.components.gate import GateProps, add_guard, add_verification
from stacks.components.serving import ENDPOINT, ServingNames, ServingProps, add_serving
from stacks.components.slot_alarms import SlotAlarmsProps, add_slot_alarms
from stacks.components.tracks import add_tracks, endpoint_id
from stacks.project.names import (
    endpoint_name,
    logical_id,
    model_stack_name,
    slot_endpoints,
    track_endpoint_name,
)
from stacks.project.placement import (
    Placement,
    contenders,
    in_turn,
    place,
    place_alone,
    place_arms,
    refuse_unplaceable,
    slots_of,
    tracks_of,
    version_of,
)
from stacks.project.spec import Ec2Spec, ModelSpec, StageSpec
from tidegate.pointer import LivePointer
from tidegate.slots import PAIR, Slot
from tidegate.strategies import Mechanism
from tidegate.tracks import Tracks
from tidegate.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingProps:
    """One model of one stage. Without a pointer, both slots get the project file's version."""

    project: str
    stage: StageSpec
    model: ModelSpec
    shelf: AssetShelf
    pointer: LivePointer | None = None


class HostingStack(Stack):
    """Models in two slots, their endpoint, and guard and verification around them."""

    def __init__(self, scope: Construct, *, props: HostingProps) -> None:
        stage, model = props.stage, props.model
        super().__init__(
            scope,
            model_stack_name(props.project, stage.name, model.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Model {model.name} of {props.project}, stage {stage.name}",
        )
        names = _names(props)
        refuse_unplaceable(model, props.pointer)
        pool = [self._version(props, one) for one in contenders(model)]
        model = in_turn(model, pool[0], props.pointer)
        gate = GateProps(
            project=props.project,
            arns=Arns(stage=stage),
            names=names,
            model=model,
            placement=_placement(model, pool, props.pointer),
            tracks=tracks_of(model, stage.door.dns, endpoint=names.endpoint),
        )
        hosting_blueprint(gate).build(self)

    def _version(self, props: HostingProps, model: ModelSpec) -> Version:
        publish = partial(props.shelf.publish, self)
        return version_of(model, region=props.stage.region, uri_of=publish)


def _placement(model: ModelSpec, pool: Sequence[Version], pointer: LivePointer | None) -> Placement:
    if model.plan.mechanism is Mechanism.GUARDRAIL:
        return place_alone(pool[0])
    if model.challengers:
        return place_arms(pool, pointer)
    return place(pool[0], pointer)


def hosting_blueprint(gate: GateProps) -> Blueprint:
    """What a model's stack holds."""
    blueprint = Blueprint()
    stage, model, names = gate.arns.stage, gate.model, gate.names
    guard = add_guard(blueprint, gate)
    by_slot = slot_endpoints(names.endpoint, tracks=gate.tracks)
    endpoints = {slot: by_slot[slot] for slot in gate.placement.served}
    captures = model.capture.percent > 0
    emptying: tuple[str, ...] = ()
    needs = RoleNeeds(
        arns=gate.arns,
        endpoints=tuple(dict.fromkeys(endpoints.values())),
        versions=tuple(gate.placement.slots.values()),
        captures=captures,
        answers_later=model.asynchronous is not None,
        id_=execution_role_id(model, gate.placement.slots[gate.placement.live].digest),
    )
    waits = model.asynchronous
    if waits is not None:
        add_answers(blueprint, waits, project=gate.project, arns=gate.arns)
        emptying += empty_on_delete(blueprint, ANSWER_BUCKET, gate.project, gate.arns)
        blueprint.tell("AnswerBucketName", ref(ANSWER_BUCKET))
    role = add_execution_role(blueprint, needs, guard=guard)
    if captures:
        keep_days = model.capture.keep_days
        add_capture_bucket(blueprint, keep_days=keep_days, on_destroy=stage.data_on_destroy)
        emptying = empty_on_delete(blueprint, CAPTURE_BUCKET, gate.project, gate.arns)
        blueprint.tell("CaptureBucketName", ref(CAPTURE_BUCKET))
    by_guardrail = model.plan.mechanism is Mechanism.GUARDRAIL
    live, shadows = gate.placement.live, model.plan.mechanism is Mechanism.SHADOW
    serving = ServingProps(
        names=names,
        model=model,
        placement=gate.placement,
        role=role,
        guard=guard,
        slots=(live,) if shadows else gate.placement.served,
        shadow=live.other if shadows else None,
        deployment=deployment_config(model, names.endpoint) if by_guardrail else None,
        alarms=[add_rollback_alarm(blueprint, names.endpoint)] if by_guardrail else [],
        before_captures=emptying,
    )
    after = _add_endpoints(blueprint, serving, gate.tracks)
    add_verification(blueprint, gate)
    add_autoscaling(blueprint, model.hosting, endpoints=endpoints, after=after)
    alarms = SlotAlarmsProps(
        endpoints=endpoints,
        limits=model.alarms,
        hosting=model.hosting,
        topic=stage.alarm_topic,
    )
    add_slot_alarms(blueprint, alarms)
    blueprint.tell("EndpointName", names.endpoint)
    return blueprint


def _add_endpoints(
    blueprint: Blueprint, serving: ServingProps, tracks: Tracks | None
) -> Sequence[str]:
    """One endpoint for both slots, or one a track; returns their logical ids."""
    if tracks is None:
        add_serving(blueprint, serving)
        return (ENDPOINT,)
    add_tracks(blueprint, serving, tracks)
    return [endpoint_id(slot) for slot in PAIR]


def served_by(
    project: str, stage: StageSpec, model: ModelSpec, pointer: LivePointer | None = None
) -> Mapping[Slot, str]:
    """The endpoint of each slot of a model; none of one on instances of its own."""
    if isinstance(model.hosting, Ec2Spec):
        return {}
    name = _endpoint(project, stage, model)
    found = slot_endpoints(name, tracks=tracks_of(model, stage.door.dns, endpoint=name))
    return {slot: found[slot] for slot in slots_of(model, pointer) if slot in found}


def _endpoint(project: str, stage: StageSpec, model: ModelSpec) -> str:
    named = (project, stage.name, model.name)
    return track_endpoint_name(*named) if model.has_tracks else endpoint_name(*named)


def _names(props: HostingProps) -> ServingNames:
    named = (props.project, props.stage.name, props.model.name)
    return ServingNames(
        endpoint=_endpoint(props.project, props.stage, props.model),
        models={slot: logical_id(*named, f"{slot.value.capitalize()}Model") for slot in Slot},
        config=logical_id(*named, "Config"),
    )

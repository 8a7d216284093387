"""The stack of one model: what serves it, and the gate that deploys go through.

A model has a stack of its own, named by the model's name alone: adding or dropping another model
never moves it (docs/decisions/0005-one-stack-per-model.md).
"""

from dataclasses import dataclass

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns
from stacks.components.autoscaling import add_autoscaling
from stacks.components.blueprint import Blueprint, ref
from stacks.components.capture_bucket import CAPTURE_BUCKET, add_capture_bucket
from stacks.components.execution_role import RoleNeeds, add_execution_role
from stacks.components.gate import GateProps, add_guard, add_verification
from stacks.components.serving import ServingNames, ServingProps, add_serving
from stacks.components.slot_alarms import SlotAlarmsProps, add_slot_alarms
from stacks.project.names import endpoint_name, logical_id, model_stack_name
from stacks.project.placement import Placement, place, version_of
from stacks.project.spec import ModelSpec, StageSpec
from tidegate.pointer import LivePointer
from tidegate.slots import Slot


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
        gate = GateProps(
            project=props.project,
            arns=Arns(stage=stage),
            names=_names(props),
            model=model,
            placement=self._placement(props),
        )
        hosting_blueprint(gate).build(self)

    def _placement(self, props: HostingProps) -> Placement:
        uri = props.shelf.publish(self, props.model.artifact)
        version = version_of(props.model, region=props.stage.region, artifact_uri=uri)
        return place(version, props.pointer)


def hosting_blueprint(gate: GateProps) -> Blueprint:
    """What a model's stack holds."""
    blueprint = Blueprint()
    stage, model, names = gate.arns.stage, gate.model, gate.names
    guard = add_guard(blueprint, gate)
    captures = model.capture.percent > 0
    needs = RoleNeeds(
        arns=gate.arns,
        endpoint=names.endpoint,
        versions=tuple(gate.placement.slots.values()),
        captures=captures,
    )
    role = add_execution_role(blueprint, needs, guard=guard)
    if captures:
        keep_days = model.capture.keep_days
        add_capture_bucket(blueprint, keep_days=keep_days, on_destroy=stage.data_on_destroy)
        blueprint.tell("CaptureBucketName", ref(CAPTURE_BUCKET))
    serving = ServingProps(
        names=names, model=model, placement=gate.placement, role=role, guard=guard
    )
    add_serving(blueprint, serving)
    add_verification(blueprint, gate)
    add_autoscaling(blueprint, model.hosting, endpoint=names.endpoint)
    alarms = SlotAlarmsProps(endpoint=names.endpoint, limits=model.alarms, topic=stage.alarm_topic)
    add_slot_alarms(blueprint, alarms)
    blueprint.tell("EndpointName", names.endpoint)
    return blueprint


def _names(props: HostingProps) -> ServingNames:
    named = (props.project, props.stage.name, props.model.name)
    return ServingNames(
        endpoint=endpoint_name(*named),
        models={slot: logical_id(*named, f"{slot.value.capitalize()}Model") for slot in Slot},
        config=logical_id(*named, "Config"),
    )

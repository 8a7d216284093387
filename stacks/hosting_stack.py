"""The stack of one model: what serves it, and the gate that deploys go through.

A model has a stack of its own, named by the model's name alone: adding or dropping another model
never moves it (docs/decisions/0001-one-stack-per-model.md).
"""

from dataclasses import dataclass

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns
from stacks.components.autoscaling import AutoscalingProps, add_autoscaling
from stacks.components.capture_bucket import add_capture_bucket
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
        self._add_hosting(gate, stage)

    def _placement(self, props: HostingProps) -> Placement:
        uri = props.shelf.publish(self, props.model.artifact)
        version = version_of(props.model, region=props.stage.region, artifact_uri=uri)
        return place(version, props.pointer)

    def _add_hosting(self, gate: GateProps, stage: StageSpec) -> None:
        guard = add_guard(self, gate)
        bucket = self._capture_bucket(gate.model, stage)
        role = add_execution_role(
            self,
            RoleNeeds(
                arns=gate.arns,
                endpoint=gate.names.endpoint,
                versions=tuple(gate.placement.slots.values()),
                captures=bucket is not None,
            ),
        )
        # The role names the artifacts: a deploy that is refused must not narrow it first.
        role.add_resource_dependency(guard)
        serving = ServingProps(
            names=gate.names,
            model=gate.model,
            placement=gate.placement,
            role_arn=role.attr_arn,
            guard=guard,
            capture_bucket=bucket,
        )
        endpoint = add_serving(self, serving)
        add_verification(self, gate)
        add_autoscaling(
            self,
            AutoscalingProps(
                endpoint_name=gate.names.endpoint, endpoint=endpoint, hosting=gate.model.hosting
            ),
        )
        limits = gate.model.alarms
        add_slot_alarms(
            self,
            SlotAlarmsProps(endpoint=gate.names.endpoint, limits=limits, topic=stage.alarm_topic),
        )
        CfnOutput(self, "EndpointName", value=gate.names.endpoint)

    def _capture_bucket(self, model: ModelSpec, stage: StageSpec) -> str | None:
        if model.capture.percent == 0:
            return None
        bucket = add_capture_bucket(
            self, keep_days=model.capture.keep_days, on_destroy=stage.data_on_destroy
        ).ref
        CfnOutput(self, "CaptureBucketName", value=bucket)
        return bucket


def _names(props: HostingProps) -> ServingNames:
    named = (props.project, props.stage.name, props.model.name)
    return ServingNames(
        endpoint=endpoint_name(*named),
        models={slot: logical_id(*named, f"{slot.value.capitalize()}Model") for slot in Slot},
        config=logical_id(*named, "Config"),
    )

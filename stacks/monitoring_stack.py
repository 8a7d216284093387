"""The stack of one model's monitor: it reads captures, and touches nothing that serves."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns
from stacks.components.blueprint import Blueprint, ref
from stacks.components.emptying import empty_on_delete
from stacks.components.handler_function import CodeAsset, add_function
from stacks.components.model_monitor import add_model_monitor
from stacks.components.monitoring import (
    MONITOR_BUCKET,
    MonitorProps,
    add_monitor,
    monitor_function,
)
from stacks.components.reacting import ReactionProps, add_reaction, reaction_function
from stacks.project.monitoring_spec import MonitoringSpec
from stacks.project.names import monitoring_stack_name, package_group_name
from stacks.project.spec import StageSpec
from stacks.release_stack import CODE
from tidegate.reaction.plan import ReactionPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringProps:
    """One model of one stage, and the endpoints that serve it."""

    project: str
    stage: StageSpec
    model: str
    spec: MonitoringSpec
    endpoints: Sequence[str]
    shelf: AssetShelf
    trained: bool = False
    """Whether versions of the model are trained here."""
    code: Path = CODE


class MonitoringStack(Stack):
    """A function on a schedule, the bucket of its state and reports, two alarms."""

    def __init__(self, scope: Construct, *, props: MonitoringProps) -> None:
        stage = props.stage
        super().__init__(
            scope,
            monitoring_stack_name(props.project, stage.name, props.model),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Monitor of {props.model}, {props.project}, stage {stage.name}",
        )
        code = props.shelf.publish_code(self, props.code, props.stage)
        bucket, key = props.shelf.publish_file(self, props.spec.baseline)
        monitor = MonitorProps(
            project=props.project,
            arns=Arns(stage=stage),
            model=props.model,
            spec=props.spec,
            endpoints=props.endpoints,
            bucket=bucket,
            key=key,
            group=package_group_name(props.project, stage.name, props.model)
            if props.trained
            else None,
        )
        monitoring_blueprint(monitor, code).build(self)


def monitoring_blueprint(props: MonitorProps, code: CodeAsset) -> Blueprint:
    """What the stack of a monitor holds."""
    blueprint = Blueprint()
    function = monitor_function(props)
    add_function(blueprint, function, code=code, stage=props.arns.stage)
    add_monitor(blueprint, props, function)
    if props.spec.reaction is not None:
        _add_reaction(blueprint, props, props.spec.reaction, code)
    if props.spec.model_monitor is not None:
        for endpoint in props.endpoints[:1]:
            add_model_monitor(blueprint, props.spec.model_monitor, endpoint=endpoint)
    empty_on_delete(blueprint, MONITOR_BUCKET, props.project, props.arns)
    blueprint.tell("MonitorFunctionName", ref(function.id))
    blueprint.tell("MonitorBucketName", ref(MONITOR_BUCKET))
    return blueprint


def _add_reaction(
    blueprint: Blueprint, props: MonitorProps, plan: ReactionPlan, code: CodeAsset
) -> None:
    dns = props.arns.stage.door.dns
    reaction = ReactionProps(monitor=props, plan=plan, zone_id=None if dns is None else dns.zone_id)
    function = reaction_function(reaction)
    add_function(blueprint, function, code=code, stage=props.arns.stage)
    add_reaction(blueprint, reaction, function)
    blueprint.tell("ReactionFunctionName", ref(function.id))

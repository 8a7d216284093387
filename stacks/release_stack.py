"""The stack of the release loop of a stage: machine, functions, tables, front door, dashboard.

Tables and functions are one deploy unit (docs/decisions/0006-state-in-the-release-stack.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.budget import add_budget
from stacks.components.dashboard import DASHBOARD, Shown, add_dashboard
from stacks.components.delivery_machine import (
    DeliveryProps,
    TrafficObject,
    add_delivery_machine,
    delivery_functions,
)
from stacks.components.emptying import empty_on_delete, emptying_function
from stacks.components.fleet_resting import add_resting
from stacks.components.fleet_rights import RESTER
from stacks.components.front_door import API, FrontDoorProps, add_front_door
from stacks.components.functions import function_table
from stacks.components.handler_function import CodeAsset, FunctionProps, add_function
from stacks.components.notifications import TOPIC, add_notifications
from stacks.components.outcome_files import add_outcome_files
from stacks.components.outcome_functions import (
    OUTCOME_BUCKET,
    OUTCOME_BUCKET_NAME,
    Outcomes,
    outcome_functions,
)
from stacks.components.release_alarms import LOSERS, add_release_alarms
from stacks.components.release_machine import RELEASE_MACHINE, add_machines
from stacks.components.request_log import add_request_log
from stacks.components.signing_secret import SIGNING_SECRET, add_key_rotation, add_signing_secret
from stacks.components.surroundings import Surroundings
from stacks.components.tables import OBSERVATION_TABLE, RELEASE_TABLE, add_tables
from stacks.project.names import export_name, release_name, release_stack_name
from stacks.project.pipelines import PipelineSpec
from stacks.project.spec import DataOnDestroy, StageSpec

CODE = Path(__file__).parents[1] / "lambda"
IMPORTED = ("ReleaseTableName", "ObservationTableName", "SigningSecretArn")
"""Outputs that stacks of AI services and edge fleets import where one of these is released."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseProps:
    """One stage of a project. `models` are those that the dashboard shows, `hosts` have tracks.

    `answers_later` says whether a model has asynchronous endpoints.
    """

    project: str
    stage: StageSpec
    shelf: AssetShelf
    models: Sequence[Shown] = ()
    hosts: tuple[str, ...] = ()
    answers_later: bool = False
    fleets: bool = False
    """Whether a model is on EC2 instances."""
    has_edge: bool = False
    """Whether an edge fleet is released, whose stack works with this one's tables."""
    resting: Mapping[str, int] = field(default_factory=dict)
    """Models on EC2 instances that stop while idle, with the seconds until they do."""
    rolling: bool = False
    """Whether a model's instances are replaced a batch a step."""
    releases_services: bool = False
    """Whether an AI service has arms, whose stack works with this one's tables."""
    pipeline: PipelineSpec | None = None
    code: Path = CODE

    @property
    def delivering(self) -> PipelineSpec | None:
        """The pipeline, if it delivers to this stage."""
        if self.pipeline is None or self.stage.name not in self.pipeline.stages:
            return None
        return self.pipeline


class ReleaseStack(Stack):
    """What every release of a stage goes through, and what is remembered of it."""

    def __init__(self, scope: Construct, *, props: ReleaseProps) -> None:
        stage = props.stage
        super().__init__(
            scope,
            release_stack_name(props.project, stage.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Releases of {props.project}, stage {stage.name}",
            termination_protection=stage.data_on_destroy is DataOnDestroy.KEEP,
        )
        code = props.shelf.publish_code(self, props.code, props.stage)
        traffic = self._publish_traffic(props)
        release_blueprint(props, code, traffic).build(self)

    def _publish_traffic(self, props: ReleaseProps) -> list[TrafficObject]:
        """Files of requests, of the stage that they are for."""
        pipeline = props.delivering
        if pipeline is None or pipeline.staging != props.stage.name:
            return []
        found = []
        for model, traffic in pipeline.traffic.items():
            bucket, key = props.shelf.publish_file(self, traffic.file)
            found.append(
                TrafficObject(
                    model=model,
                    kind=traffic.kind.value,
                    requests_per_minute=traffic.requests_per_minute,
                    bucket=bucket,
                    key=key,
                )
            )
        return found


def release_blueprint(
    props: ReleaseProps, code: CodeAsset, traffic: Sequence[TrafficObject] = ()
) -> Blueprint:
    """What the release stack of a stage holds."""
    blueprint = Blueprint()
    stage, arns = props.stage, Arns(stage=props.stage)
    add_tables(blueprint, stage.data_on_destroy)
    add_signing_secret(blueprint, stage.data_on_destroy)
    functions = function_table(_around(props, arns))
    functions = {**functions, **outcome_functions(Outcomes(project=props.project, arns=arns))}
    emptying = emptying_function(props.project, arns)
    functions = {**functions, emptying.name: emptying}
    delivery = _delivery(props, arns, traffic)
    delivers = {} if delivery is None else delivery_functions(delivery)
    for row in (*functions.values(), *delivers.values()):
        add_function(blueprint, row, code=code, stage=stage)
    add_machines(blueprint, functions, arns, release=release_name(props.project, stage.name))
    if delivery is not None:
        add_delivery_machine(blueprint, delivery)
    add_request_log(blueprint, functions)
    door = FrontDoorProps(
        project=props.project,
        stage=stage,
        functions=functions,
        answers_later=props.answers_later,
    )
    add_front_door(blueprint, door)
    add_budget(blueprint, stage.budget)
    add_dashboard(blueprint, props.models, region=stage.region)
    add_notifications(blueprint, stage, functions["announce_release"])
    _add_schedules(blueprint, functions)
    if stage.outcome_files_days is not None:
        importer, days = functions["import_outcomes"], stage.outcome_files_days
        add_outcome_files(blueprint, arns, importer, keep_days=days)
        after = (emptying.id, f"{emptying.id}Role")
        empty_on_delete(blueprint, OUTCOME_BUCKET, props.project, arns, after=after)
        export = export_name(release_stack_name(props.project, stage.name), OUTCOME_BUCKET_NAME)
        blueprint.tell(OUTCOME_BUCKET_NAME, ref(OUTCOME_BUCKET), export=export)
    watched = {name: functions[name].id for name in LOSERS if name in functions}
    add_release_alarms(blueprint, stage, machine=RELEASE_MACHINE, functions=watched)
    _tell_outputs(blueprint, props)
    return blueprint


def _around(props: ReleaseProps, arns: Arns) -> Surroundings:
    return Surroundings(
        project=props.project,
        arns=arns,
        hosts=props.hosts,
        answers_later=props.answers_later,
        fleets=props.fleets,
        has_edge=props.has_edge,
        resting=props.resting,
        rolling=props.rolling,
    )


def _tell_outputs(blueprint: Blueprint, props: ReleaseProps) -> None:
    """Where things are; what other stacks of the stage import has a name for them."""
    for name, value in {
        "ReleaseTableName": ref(RELEASE_TABLE),
        "ObservationTableName": ref(OBSERVATION_TABLE),
        "ReleaseMachineArn": ref(RELEASE_MACHINE),
        "ApiUrl": att(API, "ApiEndpoint"),
        "DashboardName": ref(DASHBOARD),
        "NotificationTopicArn": ref(TOPIC),
        "SigningSecretArn": ref(SIGNING_SECRET),
    }.items():
        shared = export_name(release_stack_name(props.project, props.stage.name), name)
        imported = (props.releases_services or props.has_edge) and name in IMPORTED
        blueprint.tell(name, value, export=shared if imported else None)


def _add_schedules(blueprint: Blueprint, functions: Mapping[str, FunctionProps]) -> None:
    """What is done again and again: keys are rotated, fleets that nobody asks are put to sleep."""
    add_resting(blueprint, functions.get(RESTER))
    add_key_rotation(blueprint, functions["rotate_keys"].id)


def _delivery(
    props: ReleaseProps, arns: Arns, traffic: Sequence[TrafficObject]
) -> DeliveryProps | None:
    pipeline, dns = props.delivering, props.stage.door.dns
    if pipeline is None:
        return None
    return DeliveryProps(
        project=props.project,
        arns=arns,
        home=pipeline.home,
        title=pipeline.title(props.stage.name),
        hosts=props.hosts,
        zone_id=None if dns is None else dns.zone_id,
        traffic=traffic,
        fleets=props.fleets,
        has_edge=props.has_edge,
    )

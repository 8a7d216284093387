"""The stack of the release loop of a stage: machine, functions, tables, front door, dashboard.

Tables and functions are one deploy unit (docs/decisions/0002-state-in-the-release-stack.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk.aws_s3_assets import Asset
from constructs import Construct

from stacks.components.arns import Arns
from stacks.components.dashboard import Shown, add_dashboard
from stacks.components.front_door import FrontDoorProps, add_front_door
from stacks.components.functions import Surroundings, function_table
from stacks.components.handler_function import CodeAsset, HandlerFunction, add_function
from stacks.components.release_alarms import ReleaseAlarmsProps, add_release_alarms
from stacks.components.release_machine import MachinesProps, add_machine_log, add_machines
from stacks.components.request_log import add_request_log
from stacks.components.signing_secret import add_signing_secret
from stacks.components.tables import add_observation_table, add_release_table
from stacks.project.names import release_stack_name
from stacks.project.spec import DataOnDestroy, StageSpec

CODE = Path(__file__).parents[1] / "lambda"
_NOT_CODE = ["**/__pycache__", "**/*.pyc", ".*", "**/.*"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseProps:
    """One stage of a project. `models` are those that the dashboard shows."""

    project: str
    stage: StageSpec
    models: Sequence[Shown] = ()
    code: Path = CODE


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
        around = self._add_state(props)
        functions = self._add_functions(around, props)
        log_arn = add_machine_log(self, stage)
        machine = add_machines(
            self, MachinesProps(arns=around.arns, functions=functions, log_arn=log_arn)
        )
        machine_arn = machine.ref
        add_request_log(self, functions)
        api = add_front_door(
            self, FrontDoorProps(project=props.project, stage=stage, functions=functions)
        )
        dashboard = add_dashboard(self, props.models, region=stage.region)
        alarms = ReleaseAlarmsProps(
            stage=stage,
            machine_arn=machine_arn,
            aggregate_name=functions["aggregate_requests"].name,
        )
        add_release_alarms(self, alarms)
        self._tell("ReleaseTableName", around.release_table)
        self._tell("ObservationTableName", around.observation_table)
        self._tell("ReleaseMachineArn", machine_arn)
        self._tell("ApiUrl", api.attr_api_endpoint)
        self._tell("DashboardName", dashboard.ref)

    def _add_state(self, props: ReleaseProps) -> Surroundings:
        on_destroy = props.stage.data_on_destroy
        return Surroundings(
            project=props.project,
            arns=Arns(stage=props.stage),
            release_table=add_release_table(self, on_destroy).ref,
            observation_table=add_observation_table(self, on_destroy).ref,
            secret_arn=add_signing_secret(self, on_destroy).ref,
        )

    def _add_functions(
        self, around: Surroundings, props: ReleaseProps
    ) -> dict[str, HandlerFunction]:
        asset = Asset(self, "Code", path=str(props.code), exclude=_NOT_CODE)
        code = CodeAsset(bucket=asset.s3_bucket_name, key=asset.s3_object_key)
        return {
            package: add_function(self, row, code=code, stage=props.stage)
            for package, row in function_table(around).items()
        }

    def _tell(self, name: str, value: str) -> None:
        CfnOutput(self, name, value=value)

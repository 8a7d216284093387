"""What a deployed project offers, found by the outputs of its release stack."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from tidegate_aws.counters import DynamoCounters
from tidegate_aws.endpoints import SageMakerEndpoints
from tidegate_aws.executions import StepFunctionsExecutions
from tidegate_aws.look_store import DynamoLookStore
from tidegate_aws.release_store import DynamoReleaseStore

from cli.exits import CommandError, Exit
from cli.target import Target
from tidegate.errors import NotFoundError
from tidegate.ports import Look
from tidegate.release import ReleaseRecord
from tidegate.view import ReleaseView, view_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The adapters of one deployed project and stage."""

    target: Target
    project: str
    stage: str
    outputs: dict[str, str]
    store: DynamoReleaseStore
    looks: DynamoLookStore
    counters: DynamoCounters
    endpoints: SageMakerEndpoints
    executions: StepFunctionsExecutions

    @property
    def api_url(self) -> str:
        """Where the front door is; the path of a route follows."""
        return self.outputs["ApiUrl"].rstrip("/")

    def view(self, release_id: str) -> ReleaseView:
        """The view of a release, read now."""
        record = self.store.load(release_id)
        looks: tuple[Look, ...] = self.looks.looks(release_id)
        return view_of(
            record,
            looks=looks,
            counters=self.counters.read(release_id),
            log=self.store.log(release_id),
        )

    def release_id(self, wanted: str) -> str:
        """The release named by an id, or the newest one of a model named so."""
        known = self.store.releases(wanted)
        if known:
            return known[0]
        try:
            record: ReleaseRecord = self.store.load(wanted)
        except NotFoundError as error:
            models = ", ".join(self.store.models()) or "none"
            raise CommandError(
                f"{wanted} is neither a release nor a model with a release; models: {models}",
                code=Exit.USAGE,
            ) from error
        return record.release_id


def stack_outputs(target: Target, stack: str) -> dict[str, str] | None:
    """The outputs of a stack by their key, None when there is no such stack."""
    try:
        stacks = target.session.client("cloudformation").describe_stacks(StackName=stack)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    found: list[dict[str, Any]] = [dict(stack) for stack in stacks["Stacks"]]
    return {o["OutputKey"]: o["OutputValue"] for o in found[0].get("Outputs", [])}


def find(target: Target, *, project: str, stage: str) -> Deployed:
    """The deployed project; CommandError when it is not deployed there."""
    deployed = find_optional(target, project=project, stage=stage)
    if deployed is None:
        raise CommandError(
            f"{project}-{stage}-release is not deployed on {target.name}: run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    return deployed


def find_optional(target: Target, *, project: str, stage: str) -> Deployed | None:
    """The deployed project, or None before its first deploy."""
    outputs = stack_outputs(target, f"{project}-{stage}-release")
    if not outputs:
        return None
    session = target.session
    dynamodb = session.client("dynamodb")
    return Deployed(
        target=target,
        project=project,
        stage=stage,
        outputs=outputs,
        store=DynamoReleaseStore(client=dynamodb, table=outputs["ReleaseTableName"]),
        looks=DynamoLookStore(client=dynamodb, table=outputs["ReleaseTableName"]),
        counters=DynamoCounters(client=dynamodb, table=outputs["ObservationTableName"]),
        endpoints=SageMakerEndpoints(client=session.client("sagemaker")),
        executions=StepFunctionsExecutions(
            client=session.client("stepfunctions"), machine_arn=outputs["ReleaseMachineArn"]
        ),
    )

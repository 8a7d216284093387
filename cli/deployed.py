"""What a deployed project offers, found by the outputs of its release stack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.executions import Endings, StepFunctionsEndings
from cli.exits import CommandError, Exit
from cli.target import Target
from tidegate.errors import NotFoundError
from tidegate.ports import Counters, Endpoints, Executions, Look, LookStore, ReleaseStore
from tidegate.traffic import Records, Traffic
from tidegate.view import ReleaseView, view_of
from tidegate_aws.counters import DynamoCounters
from tidegate_aws.edge_rings import EdgeRings
from tidegate_aws.endpoints import SageMakerEndpoints
from tidegate_aws.executions import StepFunctionsExecutions
from tidegate_aws.fleet_shares import FleetShares
from tidegate_aws.kept_shares import EitherRecords, KeptShares
from tidegate_aws.look_store import DynamoLookStore
from tidegate_aws.managed_shares import EitherEndpoints, ManagedShares
from tidegate_aws.records import Route53Records
from tidegate_aws.release_store import DynamoReleaseStore
from tidegate_aws.rolling_fleets import RollingFleets

OUTPUTS = ("ReleaseTableName", "ObservationTableName", "ReleaseMachineArn", "ApiUrl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The ports of one deployed project and stage."""

    target: Target
    project: str
    stage: str
    outputs: dict[str, str]
    store: ReleaseStore
    looks: LookStore
    counters: Counters
    endpoints: Endpoints
    records: Records
    executions: Executions
    endings: Endings

    @property
    def traffic(self) -> Traffic:
        """Shares of production variants or of tracks."""
        return Traffic(endpoints=self.endpoints, records=self.records)

    @property
    def api_url(self) -> str:
        """Where the front door is; the path of a route follows."""
        return self.outputs["ApiUrl"].rstrip("/")

    def view(self, release_id: str) -> ReleaseView:
        """The view of a release, read now."""
        return self._view(release_id, self.looks.looks(release_id))

    def glance(self, release_id: str) -> ReleaseView:
        """The view without its history of looks, which grows for as long as a release lasts."""
        return self._view(release_id, ())

    def _view(self, release_id: str, looks: tuple[Look, ...]) -> ReleaseView:
        return view_of(
            self.store.load(release_id),
            looks=looks,
            counters=self.counters.read(release_id),
            log=self.store.log(release_id),
        )

    def release_id(self, wanted: str) -> str:
        """The release named by an id, or the newest one of a model named so."""
        known = self.store.releases(wanted)
        if known:
            return known[0]
        models = self.store.models()
        if wanted in models:
            raise CommandError(
                f"{wanted} has had no release yet: 'tidegate release start {wanted}' starts one",
                code=Exit.REFUSED,
            )
        try:
            return self.store.load(wanted).release_id
        except NotFoundError as error:
            raise CommandError(
                f"{wanted} is neither a release nor a model; models: {_listed(models)}",
                code=Exit.USAGE,
            ) from error

    def known_model(self, wanted: str) -> str:
        """The model's name; CommandError lists the models there are."""
        models = self.store.models()
        if wanted not in models:
            raise CommandError(
                f"no model {wanted} is deployed; deployed: {_listed(models)}", code=Exit.USAGE
            )
        return wanted


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if names else "none"


def release_stack(project: str, stage: str) -> str:
    """The name of the stack that holds the release loop of a stage."""
    return f"{project}-{stage}-release"


def stack_outputs(target: Target, stack: str) -> dict[str, str] | None:
    """The outputs of a stack by their key, None when there is no such stack."""
    try:
        stacks = target.client("cloudformation").describe_stacks(StackName=stack)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    found: list[dict[str, Any]] = [dict(stack) for stack in stacks["Stacks"]]
    return {o["OutputKey"]: o["OutputValue"] for o in found[0].get("Outputs", [])}


def price_in(outputs: Mapping[str, str], name: str) -> float | None:
    """The price in US dollars that a stack tells; None where it was not known when it was made."""
    told = outputs.get(name)
    return None if told is None else float(told)


def find(target: Target, *, project: str, stage: str) -> Deployed:
    """The deployed project; CommandError when it is not deployed there."""
    deployed = find_optional(target, project=project, stage=stage)
    if deployed is None:
        raise CommandError(
            f"{release_stack(project, stage)} is not deployed on {target.name}: "
            "run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    return deployed


def find_optional(target: Target, *, project: str, stage: str) -> Deployed | None:
    """The deployed project, or None before its first deploy."""
    stack = release_stack(project, stage)
    outputs = stack_outputs(target, stack)
    if not outputs:
        return None
    missing = [name for name in OUTPUTS if name not in outputs]
    if missing:
        raise CommandError(
            f"stack {stack} has no output {', '.join(missing)}: it was deployed by another version "
            "of tidegate, run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    return _connected(target, project=project, stage=stage, outputs=outputs)


def _connected(target: Target, *, project: str, stage: str, outputs: dict[str, str]) -> Deployed:
    client = target.client
    dynamodb, machines = client("dynamodb"), client("stepfunctions")
    machine = outputs["ReleaseMachineArn"]
    return Deployed(
        target=target,
        project=project,
        stage=stage,
        outputs=outputs,
        store=DynamoReleaseStore(client=dynamodb, table=outputs["ReleaseTableName"]),
        looks=DynamoLookStore(client=dynamodb, table=outputs["ReleaseTableName"]),
        counters=DynamoCounters(client=dynamodb, table=outputs["ObservationTableName"]),
        endpoints=_endpoints(client, table=outputs["ReleaseTableName"]),
        records=EitherRecords(
            dns=Route53Records(client=client("route53")),
            kept=KeptShares(client=client("dynamodb"), table=outputs["ReleaseTableName"]),
        ),
        executions=StepFunctionsExecutions(client=machines, machine_arn=machine),
        endings=StepFunctionsEndings(client=machines, machine_arn=machine),
    )


def _endpoints(client: Callable[[str], Any], *, table: str) -> EitherEndpoints:
    """What serves models, wherever that is; clients of what a project may not have come late."""
    kept = ManagedShares(client=client("dynamodb"), table=table)
    autoscaling, balancing = (lambda: client("autoscaling")), (lambda: client("elbv2"))
    return EitherEndpoints(
        sagemaker=SageMakerEndpoints(client=client("sagemaker")),
        managed=kept,
        fleets=FleetShares(shares=kept, autoscaling=autoscaling, balancing=balancing),
        rolling=RollingFleets(shares=kept, autoscaling=autoscaling, balancing=balancing),
        edge=EdgeRings(
            dynamodb=client("dynamodb"),
            table=table,
            greengrass_client=lambda: client("greengrassv2"),
            iot_client=lambda: client("iot"),
        ),
    )

"""What cdk-nag's AwsSolutions finds and we mean to keep, each with its reason.

A finding that is not listed here fails the check; so does a wildcard on anything else.
"""

from collections.abc import Iterable, Iterator, Mapping

from stacks.checks.acknowledged_answers import of_answers
from stacks.checks.acknowledged_batches import of_batches
from stacks.checks.acknowledged_edge import of_edge
from stacks.checks.acknowledged_fleets import of_fleets
from stacks.checks.acknowledged_monitors import of_monitors
from stacks.checks.acknowledged_notebooks import of_notebooks
from stacks.checks.acknowledged_outcomes import of_outcomes
from stacks.checks.acknowledged_pipelines import of_deliveries
from stacks.checks.acknowledged_services import of_services
from stacks.checks.acknowledged_shadows import of_shadows
from stacks.checks.acknowledged_targets import of_targets
from stacks.checks.acknowledged_tracks import of_tracks
from stacks.checks.acknowledged_training import of_training
from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.execution_role import execution_role_id
from stacks.hosting_stack import served_by
from stacks.project.names import id_prefix, model_stack_name, release_stack_name
from stacks.project.placement import version_of
from stacks.project.spec import Ec2Spec, ModelSpec, ProjectSpec, StageSpec
from tidegate.pointer import LivePointer

_ENDPOINTS = (
    "endpoints of one stage: their names begin with project and stage, and models come and go "
    "without a change of the release loop's roles"
)
_LEFTOVERS = (
    "models and configurations of one stage, whose names CloudFormation generates: they begin with "
    "the logical id or the stack's name"
)
_NO_RESOURCE = "these actions take no resource (Service Authorization Reference)"
_ENDPOINT_ROLES = (
    "PrepareRelease",
    "ShiftTraffic",
    "VerifyTraffic",
    "SettleRelease",
    "VerifyRelease",
    "RouteRequest",
    "GuardRelease",
    "WatchRelease",
    "JoinShadowCaptures",
)


def acknowledged(
    project: ProjectSpec, stage: StageSpec, pointers: Mapping[str, LivePointer] | None = None
) -> Iterator[Acknowledged]:
    """Every finding that stays, for the stacks of a stage, with what is live in it."""
    if project.releases:
        yield from _release(project.name, stage)
    yield from of_tracks(project, stage)
    yield from of_answers(project, stage)
    yield from of_deliveries(project, stage)
    yield from of_training(project, stage)
    yield from of_monitors(project, stage)
    yield from of_batches(project, stage)
    yield from of_services(project, stage)
    yield from of_edge(project, stage)
    yield from of_notebooks(project, stage)
    yield from of_fleets(project, stage)
    yield from of_targets(project, stage, {} if pointers is None else pointers)
    for model in project.models.values():
        if not isinstance(model.hosting, Ec2Spec):
            yield from _hosting(project.name, stage, model)


def _release(project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    stack = release_stack_name(project, stage.name)
    prefix = id_prefix(project, stage.name)
    for role in _ENDPOINT_ROLES:
        pattern = f"endpoint/{project}-{stage.name}-*"
        yield wildcard(stack, f"{role}Role", arn(stage, "sagemaker", pattern), _ENDPOINTS)
    for kind in ("endpoint-config", "model"):
        for beginning in (prefix, prefix.lower(), f"{project}-{stage.name}-model-"):
            named = arn(stage, "sagemaker", f"{kind}/{beginning}*")
            yield wildcard(stack, "VerifyReleaseRole", named, _LEFTOVERS)
    listing = f"ListEndpointConfigs, ListModels, PutMetricData (namespace bound): {_NO_RESOURCE}"
    yield wildcard(stack, "VerifyReleaseRole", "*", listing)
    yield from _watching(stack, project, stage)
    delivery = f"delivery of the machine's log: {_NO_RESOURCE}"
    for machine in ("Chapter", "Release", "Watch"):
        yield wildcard(stack, f"{machine}MachineRole", "*", delivery)
        yield finding(
            stack,
            f"{machine}Machine",
            "SF2",
            "the release record and the execution's history are the trace; X-Ray would add "
            "permissions on every resource and tell nothing more",
        )
    yield wildcard(
        stack,
        "ReleaseMachineRole",
        _executions(stage),
        "executions of the chapter machine only, whose names Step Functions generates",
    )
    yield from of_outcomes(stack, project, stage)
    yield from of_shadows(stack, project, stage)


def _watching(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    """What gate and watch of deploys that SageMaker releases may look at, and publish."""
    stacks = arn(stage, "cloudformation", f"stack/{project}-{stage.name}-model-*")
    for role in ("GuardReleaseRole", "WatchReleaseRole"):
        yield wildcard(stack, role, stacks, "stacks of the models of one stage, as above")
        why = f"metrics (the namespace written to is bound) and DescribeAlarms: {_NO_RESOURCE}"
        yield wildcard(stack, role, "*", why)


def _hosting(project: str, stage: StageSpec, model: ModelSpec) -> Iterator[Acknowledged]:
    stack = model_stack_name(project, stage.name, model.name)
    digest = version_of(model, region=stage.region, uri_of=lambda _: "").digest
    role = execution_role_id(model, digest)
    yield wildcard(
        stack,
        role,
        "*",
        "ecr:GetAuthorizationToken and PutMetricData take no resource; the namespace is bound",
    )
    captures = model.capture.percent > 0
    for endpoint in dict.fromkeys(served_by(project, stage, model).values()):
        logs = arn(stage, "logs", f"log-group:/aws/sagemaker/Endpoints/{endpoint}:*")
        yield wildcard(stack, role, logs, "log streams of the endpoint's own log group")
        written = f"<CaptureBucket.Arn>/{endpoint}/*"
        if captures:
            yield wildcard(stack, role, written, "captured requests of this endpoint only")
    if captures:
        yield finding(
            stack,
            "CaptureBucket",
            "S1",
            "only the endpoint's role writes here and nothing serves from here; who reads it is "
            "in CloudTrail, a bucket of access logs for each model would say no more",
        )


def _executions(stage: StageSpec) -> str:
    account = "${AWS::AccountId}" if stage.account is None else stage.account
    execution = f"arn:{stage.partition}:states:{stage.region}:{account}:execution:${{Chapter}}:*"
    return f'["{execution}",{{"Chapter":{{"Fn::GetAtt":["ChapterMachine","Name"]}}}}]'


def by_construct(rows: Iterable[Acknowledged]) -> dict[tuple[str, str], list[Acknowledged]]:
    """The rows grouped by the construct they are about."""
    found: dict[tuple[str, str], list[Acknowledged]] = {}
    for row in rows:
        found.setdefault((row.stack, row.construct), []).append(row)
    return found

"""What cdk-nag finds on pipelines and deliveries, and we mean to keep, each with its reason."""

from collections.abc import Iterator

from stacks.access_stack import assets_bucket
from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.composition.releases import released_with_own
from stacks.project.names import (
    access_stack_name,
    delivery_name,
    monitor_buckets,
    package_group_name,
    pascal,
    pipeline_name,
    release_stack_name,
)
from stacks.project.pipelines import Engine, Mode, PipelineSpec, StoredSource
from stacks.project.spec import ProjectSpec, StageSpec

_ENDPOINTS = "endpoints of one stage: their names begin with project and stage"
_REPORTS = "reports of the monitors of one stage, whose buckets' names CloudFormation generates"
_SETTINGS = "documents of live settings, whose names follow from their content, and templates"
_EXECUTIONS = "executions of one machine: Step Functions generates what follows its name"


def of_deliveries(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding that stays because a pipeline delivers to this stage."""
    if project.pipeline is None or stage.name not in project.pipeline.stages:
        return
    yield from _functions(release_stack_name(project.name, stage.name), project.name, stage)
    yield from _packages(project, stage)
    access = access_stack_name(project.name, stage.name)
    yield from _access(access, project.name, stage)
    if any(model.monitoring is not None for model in project.models.values()):
        buckets = f"arn:{stage.partition}:s3:::{monitor_buckets(project.name, stage.name)}"
        for named in (buckets, f"{buckets}/report.json"):
            yield wildcard(access, "PipelineRead", named, _REPORTS)
    if released_with_own(project):
        bucket = assets_bucket(stage).replace("${AWS::AccountId}", "<AWS::AccountId>")
        named = f"arn:{stage.partition}:s3:::{bucket}/*.json"
        yield wildcard(access, "PipelineRead", named, _SETTINGS)


def _functions(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    endpoints = arn(stage, "sagemaker", f"endpoint/{project}-{stage.name}-*")
    executions = (
        "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:"
        "execution:<ReleaseMachine.Name>:*"
    )
    for role in ("OpenDeliveryRole", "FollowDeliveryRole"):
        yield wildcard(stack, role, endpoints, _ENDPOINTS)
    yield wildcard(stack, "FollowDeliveryRole", executions, _EXECUTIONS)
    yield wildcard(
        stack,
        "DeliveryMachineRole",
        "*",
        "delivery of the machine's log: these actions take no resource (Service Authorization "
        "Reference)",
    )
    yield finding(
        stack,
        "DeliveryMachine",
        "SF2",
        "the execution's history is the trace; X-Ray would add permissions on every resource and "
        "tell nothing more",
    )


def _access(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    name = delivery_name(project, stage.name)
    yield wildcard(
        stack, "PipelineRelease", arn(stage, "states", f"execution:{name}:*"), _EXECUTIONS
    )
    yield wildcard(
        stack,
        "PipelineRelease",
        "*",
        "DescribeAlarms is asked for one alarm by name, but takes no resource for alarms of a "
        "metric (Service Authorization Reference)",
    )
    stacks = arn(stage, "cloudformation", f"stack/{project}-{stage.name}-*")
    yield wildcard(stack, "PipelineRead", stacks, "stacks of one stage: models come and go")
    release = release_stack_name(project, stage.name)
    for table in ("ReleaseTable", "ObservationTable"):
        yield wildcard(
            stack,
            "PipelineRead",
            arn(stage, "dynamodb", f"table/{release}-{table}-*"),
            "one table of the release stack, whose name CloudFormation generates",
        )
    endpoints = arn(stage, "sagemaker", f"endpoint/{project}-{stage.name}-*")
    yield wildcard(stack, "PipelineRead", endpoints, _ENDPOINTS)


def _packages(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    stack = access_stack_name(project.name, stage.name)
    for model in project.models.values():
        if model.training is not None:
            group = package_group_name(project.name, stage.name, model.name).lower()
            versions = arn(stage, "sagemaker", f"model-package/{group}/*")
            yield wildcard(stack, "PipelineRead", versions, "versions in the group of one model")


def of_pipeline(project: str, spec: PipelineSpec) -> Iterator[Acknowledged]:
    """Every finding that stays in the pipeline's own stack."""
    stack = pipeline_name(project)
    stored = isinstance(spec.source, StoredSource)
    legacy = spec.review is not None and spec.review.engine is Engine.CODEGURU_REVIEWER
    others = (*(("Sources",) if stored else ()), *(("ReviewCode",) if legacy else ()))
    for bucket in ("Artifacts", *others):
        yield finding(
            stack,
            bucket,
            "S1",
            "only the pipeline's roles read and write here; who does is in CloudTrail, a bucket of "
            "access logs would say no more",
        )
    deploys = (f"Deploy{pascal(name)}" for name in spec.stages)
    reviews = () if spec.review is None else ("Review",)
    builds = ("Checks", *reviews, *deploys, *(("Evidence",) if spec.mode is Mode.DELIVERY else ()))
    for role in ("PipelineRole", *(f"{build}BuildRole" for build in builds)):
        yield wildcard(
            stack,
            role,
            "<Artifacts.Arn>/*",
            "artifacts of this pipeline, whose keys CodePipeline makes up",
        )
    if legacy:
        yield wildcard(
            stack, "ReviewBuildRole", "<ReviewCode.Arn>/*", "archives, one a review, named by it"
        )
    group = spec.model_package_group
    if group is not None:
        account = "<AWS::AccountId>" if spec.home.account is None else spec.home.account
        packages = (
            f"arn:{spec.home.partition}:sagemaker:{spec.home.region}:{account}:"
            f"model-package/{group.lower()}/*"
        )
        yield wildcard(stack, "ChecksBuildRole", packages, "versions of one model package group")

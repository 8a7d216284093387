"""What cdk-nag finds in the stacks of batches, and why it stays."""

from collections.abc import Iterator, Mapping

from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.batch_data import BATCH_BUCKET, INPUT
from stacks.components.batch_machine import BATCH_MACHINE, DEADLINE_MACHINE
from stacks.project.batches import BatchModelSpec
from stacks.project.names import access_stack_name, batch_stack_name, job_prefix
from stacks.project.spec import ProjectSpec, StageSpec

_NO_RESOURCE = "takes no resource (Service Authorization Reference)"
_OWN: Mapping[str, tuple[str, ...]] = {
    "ValidateBatch": ("runs/*", "runs/*/checking.json"),
    "PlanBatch": ("runs/*",),
    "CollectBatch": ("runs/*", "failed/*", "results/*", "comparisons/*"),
    "CompareBatch": ("runs/*", "results/*", "comparisons/*"),
    "ReportBatch": ("runs/*", "failed/*"),
    "Transform": ("runs/*", "results/*", "comparisons/*"),
}
"""Roles and what of the batch's own bucket they touch: a run's id begins a key."""

_JOBS = ("PlanBatch", "CollectBatch", "ReportBatch", BATCH_MACHINE)
_READERS = ("ValidateBatch", "CollectBatch", "Transform")


def of_batches(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding of the stacks of batches that stays, and of who reads what is live there."""
    for model in project.batches.values():
        stack = batch_stack_name(project.name, stage.name, model.name)
        if project.pipeline is not None and stage.name in project.pipeline.stages:
            yield wildcard(
                access_stack_name(project.name, stage.name),
                "PipelineRead",
                arn(stage, "dynamodb", f"table/{stack}-RunTable-*"),
                "the table of one batch, whose name CloudFormation generates",
            )
        yield from _own(stack)
        yield from _jobs(stack, project.name, stage, model)
        yield from _input(stack, project.name, stage, model)
        yield from _machines(stack, model)
        yield finding(
            stack,
            BATCH_BUCKET,
            "S1",
            "data sets and results of one model, which expire: each run's manifest says what was "
            "read and written by which version, and who else reads is in CloudTrail",
        )


def _own(stack: str) -> Iterator[Acknowledged]:
    reason = "objects of runs of this batch, whose ids nobody knows beforehand"
    for role, paths in _OWN.items():
        for path in paths:
            yield wildcard(stack, f"{role}Role", f"<{BATCH_BUCKET}.Arn>/{path}", reason)


def _jobs(
    stack: str, project: str, stage: StageSpec, model: BatchModelSpec
) -> Iterator[Acknowledged]:
    prefix = job_prefix(project, stage.name, model.name)
    reason = "transform jobs of this batch, whose names begin so and end with run and round"
    jobs = arn(stage, "sagemaker", f"transform-job/{prefix}-*")
    for role in _JOBS:
        yield wildcard(stack, f"{role}Role", jobs, reason)
    streams = f"log-group:/aws/sagemaker/TransformJobs:log-stream:{prefix}-*"
    yield wildcard(
        stack, "TransformRole", arn(stage, "logs", streams), "log streams of jobs of this batch"
    )
    yield wildcard(
        stack,
        "TransformRole",
        "*",
        "ecr:GetAuthorizationToken and PutMetricData take no resource; the namespace is bound",
    )


def _input(
    stack: str, project: str, stage: StageSpec, model: BatchModelSpec
) -> Iterator[Acknowledged]:
    batch = model.batch
    s3 = f"arn:{stage.partition}:s3:::"
    if batch.after is not None:
        named = f"{s3}{project}-{stage.name}-batch-{batch.after}-*".lower()
        found = [named, f"{named}/results/*"]
        reason = "results of the batch that comes before, whose bucket's name is generated"
    elif batch.input is not None:
        found = [f"{s3}{batch.input.removeprefix('s3://')}*"]
        reason = "data sets at the place that the project file names"
    else:
        found = [f"<{BATCH_BUCKET}.Arn>/{INPUT}*"]
        reason = "data sets, whose names whoever puts them there chooses"
    for role in _READERS:
        # Results are held against records that are known: nothing is listed for that.
        for resource in found[-1:] if role == "CollectBatch" else found:
            yield wildcard(stack, f"{role}Role", resource, reason)


def _machines(stack: str, model: BatchModelSpec) -> Iterator[Acknowledged]:
    has_deadline = model.batch.sla_seconds is not None
    for machine in (BATCH_MACHINE, *((DEADLINE_MACHINE,) if has_deadline else ())):
        yield wildcard(
            stack, f"{machine}Role", "*", f"delivery of the machine's log {_NO_RESOURCE}"
        )
        yield finding(
            stack,
            machine,
            "SF2",
            "the run's documents and the execution's history are the trace; X-Ray would add rights",
        )

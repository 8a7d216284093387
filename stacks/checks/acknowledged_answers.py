"""What cdk-nag finds around asynchronous models, and why it stays."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, finding, wildcard
from stacks.components.answers import ANSWER_BUCKET
from stacks.project.names import model_stack_name, release_stack_name
from stacks.project.spec import ProjectSpec, StageSpec
from tidegate.asynchronous import ANSWERS, FAILURES, INPUTS, TICKETS, UPLOADS

_BUCKETS = (
    "buckets of asynchronous models of one stage, whose names CloudFormation generates: they begin "
    "with the stack's name, and models come and go without a change of this role"
)
_OBJECTS = "requests and answers of this model only, each with a name of its own"


def of_answers(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding that stays, around models that answer later."""
    models = [model for model in project.models.values() if model.asynchronous is not None]
    if not models:
        return
    release = release_stack_name(project.name, stage.name)
    buckets = f"arn:{stage.partition}:s3:::{project.name}-{stage.name}-model-*".lower()
    for role, prefixes in (
        ("RouteRequestRole", (ANSWERS, FAILURES, INPUTS, TICKETS, UPLOADS)),
        ("CollectAnswerRole", (TICKETS,)),
    ):
        yield wildcard(release, role, buckets, _BUCKETS)
        for prefix in prefixes:
            yield wildcard(release, role, f"{buckets}/{prefix}/*", _BUCKETS)
    for model in models:
        stack = model_stack_name(project.name, stage.name, model.name)
        for prefix in (ANSWERS, FAILURES, INPUTS, UPLOADS):
            named = f"<{ANSWER_BUCKET}.Arn>/{prefix}/*"
            yield wildcard(stack, "ExecutionRole", named, _OBJECTS)
        yield finding(
            stack,
            ANSWER_BUCKET,
            "S1",
            "a place of passage, whose objects expire: a ticket says of each request when "
            "it came, and who reads is in CloudTrail",
        )

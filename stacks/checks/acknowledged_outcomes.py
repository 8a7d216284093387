"""What cdk-nag finds around outcomes and news, and why it stays."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.outcome_files import IMPORT_MACHINE
from stacks.components.outcome_functions import OUTCOME_BUCKET
from stacks.project.spec import DataOnDestroy, StageSpec

_NO_RESOURCE = "takes no resource (Service Authorization Reference)"


def of_outcomes(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding of the release stack that stays, around outcomes and news."""
    yield wildcard(stack, "AnnounceReleaseRole", "*", f"ListStreams {_NO_RESOURCE}")
    yield from _emptying(stack, project, stage)
    if stage.outcome_files_days is None:
        return
    files = f"<{OUTCOME_BUCKET}.Arn>"
    for path, why in (
        ("*", "files, whose names"),
        ("*.result.json", "results of files, whose names"),
    ):
        reason = f"{why} whoever puts them into this bucket chooses"
        yield wildcard(stack, "ImportOutcomesRole", f"{files}/{path}", reason)
    yield wildcard(
        stack, f"{IMPORT_MACHINE}Role", "*", f"delivery of the machine's log {_NO_RESOURCE}"
    )
    yield finding(
        stack,
        IMPORT_MACHINE,
        "SF2",
        "the import's progress and the execution's history are the trace",
    )
    yield finding(
        stack,
        OUTCOME_BUCKET,
        "S1",
        "a place of passage, whose files expire: what became of each is written beside it, and who "
        "puts and reads them is in CloudTrail",
    )


def _emptying(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    """The function that empties buckets of the stage's stacks, whose names are generated."""
    role, stacks = "EmptyBucketRole", f"{project}-{stage.name}-*"
    why = "stacks of one stage: models come and go without a change of this role"
    yield wildcard(stack, role, arn(stage, "cloudformation", f"stack/{stacks}"), why)
    if stage.data_on_destroy is DataOnDestroy.DELETE:
        buckets = f"arn:{stage.partition}:s3:::{stacks.lower()}"
        for named in (buckets, f"{buckets}/*"):
            reason = "buckets of one stage that go with it, whose names CloudFormation generates"
            yield wildcard(stack, role, named, reason)
        versions = arn(stage, "sagemaker", f"model-package/{stacks.lower()}")
        yield wildcard(stack, role, versions, "trained versions of one stage that go with it")

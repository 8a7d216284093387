"""What cdk-nag finds around outcomes and news, and why it stays."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, finding, wildcard
from stacks.components.outcome_files import IMPORT_MACHINE
from stacks.components.outcome_functions import OUTCOME_BUCKET
from stacks.project.spec import StageSpec

_NO_RESOURCE = "takes no resource (Service Authorization Reference)"


def of_outcomes(stack: str, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding of the release stack that stays, around outcomes and news."""
    yield wildcard(stack, "AnnounceReleaseRole", "*", f"ListStreams {_NO_RESOURCE}")
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

"""Who reviews: the analysers here, or CodeGuru Reviewer by an association that there is."""

import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.exits import CommandError, Exit
from cli.review.analysers import analysed
from cli.review.findings import Engine, Review
from cli.review.reviewer import Reviewer

ASSOCIATION, BUCKET = "REVIEW_ASSOCIATION", "REVIEW_BUCKET"


def reviewed(engine: Engine, root: Path, files: Sequence[str], *, ignore: frozenset[str]) -> Review:
    """What the engine finds in the files, without the rules to ignore."""
    if engine is Engine.ANALYSERS:
        return analysed(root, files, ignore=ignore)
    return _reviewer().reviewed(root, files, ignore=ignore)


def _reviewer() -> Reviewer:
    """By what the build's environment says."""
    import boto3  # noqa: PLC0415 - slow to import, and the analysers need none

    missing = [name for name in (ASSOCIATION, BUCKET) if not os.environ.get(name)]
    if missing:
        raise CommandError(
            f"{' and '.join(missing)} is not set: a pipeline whose review has engine "
            f"{Engine.CODEGURU_REVIEWER} sets it in its build",
            code=Exit.USAGE,
        )
    session: Any = boto3.Session()
    return Reviewer(
        client=session.client,
        association=os.environ[ASSOCIATION],
        bucket=os.environ[BUCKET],
        name=f"review-{uuid.uuid4()}",
    )

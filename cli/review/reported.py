"""What the review of a pipeline's newest execution found, from the report of its build."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from cli.pipelines import ActionView, PipelineView
from cli.review.findings import Finding
from cli.review.junit import findings_of

ACTION = "Review"
_GONE = "ResourceNotFoundException"


def reported(client: Callable[[str], Any], view: PipelineView) -> tuple[Finding, ...] | None:
    """Its findings, the worst first; None where no review has ended, or its report expired.

    `client` makes a client of boto3 by the service's name.
    """
    action = _review_of(view)
    if action is None or action.build is None or action.status not in ("Succeeded", "Failed"):
        return None
    codebuild = client("codebuild")
    builds = codebuild.batch_get_builds(ids=[action.build])["builds"]
    arns = builds[0].get("reportArns", []) if builds else []
    if not arns:
        return None
    try:
        pages = codebuild.get_paginator("describe_test_cases").paginate(
            reportArn=arns[0], filter={"status": "FAILED"}
        )
        return findings_of(case for page in pages for case in page["testCases"])
    except ClientError as error:
        if error.response["Error"]["Code"] != _GONE:
            raise
        return None


def _review_of(view: PipelineView) -> ActionView | None:
    for stage in view.stages:
        for action in stage.actions:
            if action.name == ACTION:
                return action
    return None

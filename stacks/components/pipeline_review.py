"""The review of a pipeline: a build beside the checks whose findings are in a report.

Its threshold is the deployed stack's, not the change's own: a change cannot lower the bar that it
is judged by.
"""

from typing import Any

from stacks.components.arns import allow, sub
from stacks.components.blueprint import Blueprint, Kept, att, ref
from stacks.components.bucket import add_bucket, objects_in
from stacks.project.names import build_name
from stacks.project.pipelines import Engine, ReviewSpec

REVIEW = "review"
REPORTS = "ReviewReports"
ASSOCIATION = "ReviewAssociation"
CODE = "ReviewCode"
CLOSED = (
    "CodeGuru Reviewer makes no new associations of repositories since 2025-11-07 (user guide, "
    "'Availability change'), so that the deploy of this pipeline fails in any account but one that "
    "AWS still lets: engine codeguru-reviewer is for those; engine analysers does without it"
)
"""Said at synth, and in the template."""
_BUCKET = "codeguru-reviewer-${AWS::AccountId}-"
"""What the name of an associated bucket begins with; the prefix is the service's."""
_CODE_DAYS = 1
_TOLD = ["codebuild:BatchPutTestCases", "codebuild:CreateReport", "codebuild:UpdateReport"]
"""What a build needs to report (CodeBuild User Guide, "Test report permissions"); the group is
there, so that no build has to be able to make one."""


_ASKED = (
    "CreateCodeReview",
    "DescribeCodeReview",
    "DescribeRepositoryAssociation",
    "ListRecommendations",
)


def add_review(blueprint: Blueprint, project: str, spec: ReviewSpec) -> None:
    """What the build works with is there."""
    _add_reports(blueprint, project)
    if spec.engine is Engine.CODEGURU_REVIEWER:
        _add_association(blueprint, project)


def review_buildspec(spec: ReviewSpec) -> str:
    """The name of the build's file, without its suffix."""
    return REVIEW if spec.engine is Engine.ANALYSERS else f"{REVIEW}-{spec.engine}"


def _add_reports(blueprint: Blueprint, project: str) -> None:
    """The group of the reports is there; it goes with its stack, reports expire in 30 days."""
    blueprint.add(
        REPORTS,
        "AWS::CodeBuild::ReportGroup",
        {
            "Name": build_name(project, REVIEW),
            "Type": "TEST",
            "DeleteReports": True,
            "ExportConfig": {"ExportConfigType": "NO_EXPORT"},
        },
    )


def _add_association(blueprint: Blueprint, project: str) -> None:
    """A bucket for what is reviewed is there and associated, acknowledged as of a closed service.

    The build takes away what it has put there, so that the bucket can go with its stack.
    """
    named = {"BucketName": sub(f"{_BUCKET}{project}")}
    add_bucket(blueprint, CODE, keep_days=_CODE_DAYS, kept=Kept.NOTHING, more=named)
    blueprint.add(
        ASSOCIATION,
        "AWS::CodeGuruReviewer::RepositoryAssociation",
        {"Name": build_name(project, REVIEW), "Type": "S3Bucket", "BucketName": ref(CODE)},
    )
    row = {"rule": "closed-service", "reason": CLOSED}
    blueprint.resources[ASSOCIATION]["Metadata"] = {"tidegate": {"acknowledged": [row]}}


def review_statements(spec: ReviewSpec) -> list[dict[str, Any]]:
    """What the build may do besides reading the source and writing its log.

    CodeGuru Reviewer reads the archive with its caller's rights.
    """
    reported = allow(_TOLD, [att(REPORTS)])
    if spec.engine is Engine.ANALYSERS:
        return [reported]
    asked = [f"codeguru-reviewer:{name}" for name in _ASKED]
    return [
        reported,
        allow(asked, [att(ASSOCIATION, "AssociationArn")]),
        allow(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], [objects_in(CODE)]),
    ]


def review_environment(spec: ReviewSpec) -> dict[str, Any]:
    """Variables of the build."""
    told: dict[str, Any] = {"REVIEW_OPTIONS": _options(spec)}
    if spec.engine is Engine.CODEGURU_REVIEWER:
        told["REVIEW_ASSOCIATION"] = att(ASSOCIATION, "AssociationArn")
        told["REVIEW_BUCKET"] = ref(CODE)
    return told


def _options(spec: ReviewSpec) -> str:
    """Options of `tidegate pipeline review`: no value holds what a shell would split or expand."""
    words = ["--fail-on", spec.fail_on.value]
    for option, values in (
        ("--path", spec.paths),
        ("--exclude", spec.exclude),
        ("--ignore", spec.ignore),
    ):
        words += [word for value in values for word in (option, value)]
    return " ".join(words)

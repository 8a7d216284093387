"""Which permission each request to CodeBuild needs."""

from emulator.codebuild.permissions import needed
from emulator.codebuild.state import Tenant

TENANT = Tenant("123456789012", "eu-west-1")


def _asked(operation: str, **request: object) -> list[tuple[str, str]]:
    return [(p.action, p.resource) for p in needed(operation, TENANT, request)]


def test_projects_are_the_resources_of_builds():
    """A build's project is named by the id's first part, each project once."""
    arn = "arn:aws:codebuild:eu-west-1:123456789012:project/"
    assert _asked(
        "BatchGetBuilds", ids=["p:1", f"{arn.replace('project', 'build')}q:2", "p:3"]
    ) == [
        ("codebuild:BatchGetBuilds", f"{arn}p"),
        ("codebuild:BatchGetBuilds", f"{arn}q"),
    ]
    assert _asked("StopBuild", id="p:1") == [("codebuild:StopBuild", f"{arn}p")]
    assert _asked("ListProjects") == [("codebuild:ListProjects", "*")]


def test_a_service_role_is_passed():
    """CreateProject needs iam:PassRole for CodeBuild."""
    wanted = needed("CreateProject", TENANT, {"name": "p", "serviceRole": "arn:aws:iam::1:role/r"})
    assert wanted[1].action == "iam:PassRole"
    assert wanted[1].context == {"iam:PassedToService": "codebuild.amazonaws.com"}


def test_reports_are_asked_for_by_their_group():
    """IAM knows no single reports."""
    group = "arn:aws:codebuild:eu-west-1:123456789012:report-group/g"
    report = "arn:aws:codebuild:eu-west-1:123456789012:report/g:1"
    assert _asked("CreateReportGroup", name="g") == [("codebuild:CreateReportGroup", group)]
    assert _asked("DescribeTestCases", reportArn=report) == [("codebuild:DescribeTestCases", group)]
    assert _asked("BatchGetReports", reportArns=[report, report]) == [
        ("codebuild:BatchGetReports", group)
    ]
    assert _asked("ListReports") == [("codebuild:ListReports", "*")]

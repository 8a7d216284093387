"""Files that a build names become reports, or its phase fails and says why."""

from dataclasses import replace
from pathlib import Path

import pytest

from emulator.codebuild.buildspec import BuildspecError, ReportSpec, parse
from emulator.codebuild.errors import PhaseError
from emulator.codebuild.reporting import MOST_CASES, Reporter
from emulator.codebuild.reports import KEPT_SECONDS, ReportStore
from emulator.codebuild.state import Build, Project, Tenant

TENANT = Tenant("123456789012", "eu-west-1")
ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture
def reporter() -> Reporter:
    """One of a build whose role may do everything, in a cloud whose clock stands still."""
    settings = {"serviceRole": ROLE}
    project = Project(tenant=TENANT, name="p", request=settings, tags={}, created=0.0, modified=0.0)
    build = Build(
        project=project, id="p:1", number=1, overrides={}, settings=settings, initiator="i",
        started=0.0,
    )  # fmt: skip
    return Reporter(build=build, store=ReportStore(now=lambda: 0.0), allows=lambda *_asked: True)


def cases(count: int, *, bad: int) -> str:
    """A report whose last cases failed."""
    good = "<testcase name='good'/>" * (count - bad)
    failed = "<testcase name='bad'><failure/></testcase>" * bad
    return f"<testsuite>{good}{failed}</testsuite>"


def test_a_named_group_is_the_projects_own(reporter: Reporter, tmp_path: Path):
    """It is made with its first report, under project and name."""
    (tmp_path / "r.xml").write_text(cases(2, bad=0))
    arn = reporter.report(ReportSpec(group="tests", files=("r.xml",)), tmp_path)
    assert arn == TENANT.arn("report", "p-tests:1")
    assert reporter.store.report(arn).status == "SUCCEEDED"


def test_a_report_without_files_fails(reporter: Reporter, tmp_path: Path):
    """And makes no group."""
    with pytest.raises(PhaseError, match="report files not found"):
        reporter.report(ReportSpec(group="tests", files=("none.xml",)), tmp_path)
    assert reporter.store.groups == {}


def test_what_is_no_report_fails(reporter: Reporter, tmp_path: Path):
    """The file is named."""
    (tmp_path / "r.xml").write_text("no report")
    with pytest.raises(PhaseError, match=r"r\.xml"):
        reporter.report(ReportSpec(group="tests", files=("*.xml",)), tmp_path)


def test_making_a_group_is_a_right_of_its_own(reporter: Reporter, tmp_path: Path):
    """Which a build with a group that is there does not need."""
    (tmp_path / "r.xml").write_text(cases(1, bad=0))
    spec = ReportSpec(group="tests", files=("r.xml",))
    poor = replace(reporter, allows=lambda _role, action, _arn: "ReportGroup" not in action)
    with pytest.raises(PhaseError, match="codebuild:CreateReportGroup"):
        poor.report(spec, tmp_path)
    reporter.report(spec, tmp_path)
    assert poor.report(spec, tmp_path)


def test_failed_cases_are_kept_where_there_are_too_many(reporter: Reporter, tmp_path: Path):
    """A report has so many cases and no more."""
    (tmp_path / "r.xml").write_text(cases(MOST_CASES + 10, bad=3))
    arn = reporter.report(ReportSpec(group="tests", files=("r.xml",)), tmp_path)
    kept = reporter.store.report(arn).cases
    assert (len(kept), sum(case.status == "FAILED" for case in kept)) == (MOST_CASES, 3)


def test_reports_expire(reporter: Reporter, tmp_path: Path):
    """After 30 days of the cloud's clock."""
    (tmp_path / "r.xml").write_text(cases(1, bad=0))
    arn = reporter.report(ReportSpec(group="tests", files=("r.xml",)), tmp_path)
    reporter.store.now = lambda: KEPT_SECONDS + 1
    with pytest.raises(Exception, match="cannot be found"):
        reporter.store.report(arn)


def test_faults_of_reports_are_named():
    """Files are required; formats that are not emulated are refused by name."""
    text = """
version: 0.2
phases: {build: {commands: [x]}}
reports:
  a: {file-format: JUNITXML}
  b: {files: [x], file-format: CucumberJson}
"""
    with pytest.raises(BuildspecError, match="report a: files is required") as caught:
        parse(text)
    assert "file-format CUCUMBERJSON of report b" in str(caught.value)

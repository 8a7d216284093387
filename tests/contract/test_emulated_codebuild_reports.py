"""Reports of builds in the embedded cloud, as a client with boto3 sees them."""

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_pipelines import Workshop, spec_of

REPORTING = ("codebuild:CreateReport", "codebuild:UpdateReport", "codebuild:BatchPutTestCases")
SUITE = (
    "<testsuite name='s'><testcase classname='c' name='good' time='0.25'/>"
    "<testcase classname='c' name='bad'><failure message='was 1'/></testcase></testsuite>"
)
NO_EXPORT = {"exportConfigType": "NO_EXPORT"}


@pytest.fixture(scope="module")
def workshop(ground_cloud: EmbeddedCloud) -> Workshop:
    """Buckets and makers in the cloud of the ground floor."""
    return Workshop(ground_cloud)


def group_of(workshop: Workshop) -> str:
    """A new report group; its ARN."""
    made = workshop.codebuild.create_report_group(
        name=workshop.name("reports"), type="TEST", exportConfig=NO_EXPORT
    )
    return str(made["reportGroup"]["arn"])


def reporting(group: str, *commands: str) -> str:
    """A specification whose report is `out/r.xml`."""
    told = {"base-directory": "out", "files": ["*.xml"], "file-format": "JUNITXML"}
    return spec_of("mkdir out", f'echo "{SUITE}" > out/r.xml', *commands, reports={group: told})


def test_a_failed_build_still_reports(workshop: Workshop):
    """Status, counts and cases come from the file; lists, filters and deletes know the report."""
    codebuild, group = workshop.codebuild, group_of(workshop)
    name = workshop.project(reporting(group, "exit 3"), allow=REPORTING)
    build = workshop.run_build(name)
    assert build["buildStatus"] == "FAILED"
    (arn,) = build["reportArns"]
    (report,) = codebuild.batch_get_reports(reportArns=[arn])["reports"]
    assert (report["status"], report["reportGroupArn"]) == ("FAILED", group)
    assert report["executionId"] == build["arn"]
    assert report["testSummary"]["total"] == 2
    assert report["testSummary"]["statusCounts"]["FAILED"] == 1
    assert report["testSummary"]["durationInNanoSeconds"] == 250_000_000
    (case,) = codebuild.describe_test_cases(reportArn=arn, filter={"status": "FAILED"})["testCases"]
    assert (case["prefix"], case["name"], case["message"]) == ("c", "bad", "was 1")
    assert case["testRawDataPath"] == "r.xml"

    assert codebuild.list_reports_for_report_group(reportGroupArn=group)["reports"] == [arn]
    passed = {"status": "SUCCEEDED"}
    assert codebuild.list_reports(filter=passed)["reports"] == []
    with pytest.raises(ClientError, match="has 1 reports"):
        codebuild.delete_report_group(arn=group)
    codebuild.delete_report_group(arn=group, deleteReports=True)
    missing = codebuild.batch_get_reports(reportArns=[arn])
    assert missing["reportsNotFound"] == [arn]


def test_a_role_that_may_not_report_fails_the_build(workshop: Workshop):
    """The phase that uploads names the first right that is missing; nothing is reported."""
    group = group_of(workshop)
    build = workshop.run_build(workshop.project(reporting(group), allow=REPORTING[:2]))
    assert (build["buildStatus"], build["reportArns"]) == ("FAILED", [])
    (phase,) = [p for p in build["phases"] if p["phaseType"] == "UPLOAD_ARTIFACTS"]
    assert "codebuild:BatchPutTestCases" in phase["contexts"][0]["message"]


def test_exports_are_refused(workshop: Workshop):
    """By name."""
    with pytest.raises(ClientError, match="export of reports"):
        workshop.codebuild.create_report_group(
            name="exported", type="TEST", exportConfig={"exportConfigType": "S3"}
        )

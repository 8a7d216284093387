"""Actions of pipelines of the embedded cloud that reach out: functions, buckets, connections."""

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.emulated_pipelines import STORE, Workshop, action, approval, stage

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def workshop(ground_cloud: EmbeddedCloud) -> Workshop:
    """Buckets and makers in the cloud of the ground floor."""
    return Workshop(ground_cloud)


FUNCTION = """
import boto3
def handle(event, context):
    job = event["CodePipeline.job"]
    client = boto3.client("codepipeline")
    data = job["data"]
    word = data["actionConfiguration"]["configuration"]["UserParameters"]
    if word == "fail":
        client.put_job_failure_result(
            jobId=job["id"], failureDetails={"type": "JobFailed", "message": "not today"})
    elif "continuationToken" not in data:
        client.put_job_success_result(jobId=job["id"], continuationToken="1")
    else:
        client.put_job_success_result(jobId=job["id"], outputVariables={"word": word})
"""


def test_a_function_reports_the_result_of_its_action(workshop: Workshop, make_function: Any):
    """PutJobSuccessResult with a continuation token asks again; PutJobFailureResult fails it."""
    function = make_function(
        FUNCTION,
        role=workshop.role(
            "lambda", "codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"
        ),
        Timeout=30,
    ).rpartition(":")[2]
    workshop.upload("job.zip", {"a": "b"})
    good = action("Good", "Invoke", "Lambda", more={"namespace": "L"}, FunctionName=function,
                  UserParameters="#{Src.ObjectKey}")  # fmt: skip
    bad = action("Bad", "Invoke", "Lambda", more={"runOrder": 2}, FunctionName=function,
                 UserParameters="fail")  # fmt: skip
    role = workshop.role("codepipeline", *STORE, "lambda:InvokeFunction")
    pipeline = workshop.pipeline(stage("Call", good, bad), role=role, key="job.zip")
    execution = workshop.first(pipeline)
    assert workshop.ended(pipeline, execution) == "Failed"
    runs = {run["actionName"]: run for run in workshop.action_runs(pipeline, execution)}
    assert runs["Good"]["output"]["outputVariables"] == {"word": "job.zip"}
    assert workshop.failures(pipeline, execution) == {
        "Bad": {"code": "JobFailed", "message": "not today"}
    }


def test_an_artifact_is_deployed_to_a_bucket(workshop: Workshop):
    """S3 deploy with Extract puts each file under the prefix, with its content type."""
    target = workshop.name("site")
    workshop.s3.create_bucket(Bucket=target)
    workshop.upload("site.zip", {"index.html": "<p>", "deep/a.txt": "a"})
    deploy = action("Deploy", "Deploy", "S3", inputs=["Src"], BucketName=target, Extract="true",
                    ObjectKey="www")  # fmt: skip
    role = workshop.role("codepipeline", *STORE)
    pipeline = workshop.pipeline(stage("Deploy", deploy), role=role, key="site.zip")
    assert workshop.ended(pipeline, workshop.first(pipeline)) == "Succeeded"
    listed = workshop.s3.list_objects_v2(Bucket=target)["Contents"]
    assert [entry["Key"] for entry in listed] == ["www/deep/a.txt", "www/index.html"]
    assert workshop.s3.head_object(Bucket=target, Key="www/index.html")["ContentType"] == (
        "text/html"
    )


def test_a_connection_is_pending_until_someone_finishes_it(workshop: Workshop, tmp_path: Path):
    """The source fails while PENDING; afterwards the branch's last commit is the revision."""
    repository = tmp_path / "owner" / "models"
    repository.mkdir(parents=True)
    (repository / "a.txt").write_text("one", encoding="utf-8")
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "-m", "first words"],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True)
    connections = workshop.session.client("codeconnections")
    arn = connections.create_connection(ConnectionName="git", ProviderType="GitHub")[
        "ConnectionArn"
    ]
    source = action(
        "Git", "Source", "CodeStarSourceConnection", outputs=["Src"], more={"namespace": "Git"},
        ConnectionArn=arn, FullRepositoryId="owner/models", BranchName="main",
    )  # fmt: skip
    pipeline = workshop.pipeline(
        stage("Approve", approval(CustomData="#{Git.CommitMessage}")),
        role=workshop.role("codepipeline", *STORE, "codeconnections:UseConnection"),
    )
    declared = workshop.codepipeline.get_pipeline(name=pipeline)["pipeline"]
    declared["stages"][0]["actions"] = [source]
    workshop.codepipeline.update_pipeline(pipeline=declared)
    failed = workshop.start(pipeline)
    assert workshop.ended(pipeline, failed) == "Failed"
    assert "its status is PENDING" in workshop.failures(pipeline, failed)["Git"]["message"]

    connections.tag_resource(
        ResourceArn=arn, Tags=[{"Key": "embedded-cloud:repositories", "Value": str(tmp_path)}]
    )
    connection = connections.get_connection(ConnectionArn=arn)["Connection"]
    assert connection["ConnectionStatus"] == "AVAILABLE"
    execution = workshop.start(pipeline)
    assert workshop.approved(pipeline, execution, "Approve") == "Succeeded"
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()
    runs = {run["actionName"]: run for run in workshop.action_runs(pipeline, execution)}
    assert runs["Git"]["output"]["outputVariables"]["CommitId"] == head
    assert runs["Approve"]["input"]["resolvedConfiguration"]["CustomData"] == "first words"
    place = runs["Git"]["output"]["outputArtifacts"][0]["s3location"]
    body = workshop.s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    (tmp_path / "out.zip").write_bytes(body)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.read("a.txt") == b"one"


def test_a_new_object_starts_a_polling_pipeline(workshop: Workshop):
    """PollForSourceChanges: the upload itself is noticed."""
    workshop.upload("poll.zip", {"a": "b"})
    source = action("Source", "Source", "S3", outputs=["Src"], S3Bucket=workshop.source_bucket,
                    S3ObjectKey="poll.zip")  # fmt: skip
    pipeline = workshop.pipeline(
        stage("Approve", approval()), role=workshop.role("codepipeline", *STORE)
    )
    declared = workshop.codepipeline.get_pipeline(name=pipeline)["pipeline"]
    declared["stages"][0]["actions"] = [source]
    workshop.codepipeline.update_pipeline(pipeline=declared)
    version = workshop.upload("poll.zip", {"a": "c"})
    workshop.token(pipeline, "Approve", "Approve")
    shown = workshop.codepipeline.list_pipeline_executions(pipelineName=pipeline)
    newest = shown["pipelineExecutionSummaries"][0]
    assert newest["trigger"]["triggerType"] == "PollForSourceChanges"
    assert newest["sourceRevisions"][0]["revisionId"] == version

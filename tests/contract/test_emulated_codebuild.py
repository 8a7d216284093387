"""CodeBuild of the embedded cloud, as a client with boto3 sees it: builds are real processes."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until

LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(kw_only=True)
class Builder:
    """Makes projects in one cloud and runs their builds to the end."""

    cloud: EmbeddedCloud
    bucket: str
    make_role: Callable[..., str]
    count: int = 0

    @property
    def client(self) -> Any:
        """CodeBuild, as the administrator."""
        return self.cloud.session().client("codebuild")

    def source(self, files: dict[str, str]) -> str:
        """A zip of the files is in the bucket; its `bucket/key`."""
        self.count += 1
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        key = f"source-{self.count}.zip"
        s3 = self.cloud.session().client("s3")
        s3.put_object(Bucket=self.bucket, Key=key, Body=content.getvalue())
        return f"{self.bucket}/{key}"

    def project(self, spec: str | None = None, *, allow: tuple[str, ...] = (), **more: Any) -> str:
        """A project whose role may log, read and write S3 and do what is allowed; its name."""
        self.count += 1
        role = self.make_role("codebuild", *LOGS, "s3:GetObject*", "s3:PutObject", *allow)
        request = {
            "name": f"project-{self.count}",
            "source": {"type": "NO_SOURCE", "buildspec": spec},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": role,
            **more,
        }
        name: str = self.client.create_project(**request)["project"]["name"]
        return name

    def ended(self, build_id: str) -> dict[str, Any]:
        """The build once it is over."""

        def over() -> dict[str, Any] | None:
            build: dict[str, Any] = self.client.batch_get_builds(ids=[build_id])["builds"][0]
            return build if build["buildComplete"] else None

        return until(over, seconds=60, what=f"the end of {build_id}")

    def run(self, project: str, **overrides: Any) -> dict[str, Any]:
        """A build of the project, once it is over."""
        started = self.client.start_build(projectName=project, **overrides)["build"]
        return self.ended(started["id"])

    def log(self, build: dict[str, Any]) -> str:
        """Everything in the build's log."""
        logs = self.cloud.session().client("logs")
        place = build["logs"]
        events = logs.get_log_events(
            logGroupName=place["groupName"], logStreamName=place["streamName"], startFromHead=True
        )["events"]
        return "\n".join(event["message"] for event in events)


@pytest.fixture(scope="module")
def bucket(ground_cloud: EmbeddedCloud) -> str:
    """A bucket for sources and artifacts."""
    ground_cloud.session().client("s3").create_bucket(Bucket="codebuild-files")
    return "codebuild-files"


@pytest.fixture
def builder(ground_cloud: EmbeddedCloud, bucket: str, make_role: Callable[..., str]) -> Builder:
    """Builds in the cloud of the ground floor."""
    import uuid

    made = Builder(cloud=ground_cloud, bucket=bucket, make_role=make_role)
    made.count = uuid.uuid4().int % 10**9 * 100
    return made


def phases_of(build: dict[str, Any]) -> dict[str, str]:
    """The status of each phase that the build went through."""
    return {p["phaseType"]: p["phaseStatus"] for p in build["phases"] if "phaseStatus" in p}


def context_of(build: dict[str, Any], phase: str) -> tuple[str, str]:
    """Status code and message of a phase."""
    found = next(p for p in build["phases"] if p["phaseType"] == phase)
    return found["contexts"][0]["statusCode"], found["contexts"][0]["message"]


WHOLE = """\
version: 0.2
env:
  variables:
    GREETING: hello
  exported-variables: [ANSWER]
phases:
  install:
    runtime-versions:
      python: 3.12
  pre_build:
    commands:
      - cd inner
      - LOCAL=kept
  build:
    commands:
      - export ANSWER="$GREETING-$LOCAL-$(cat word.txt)"
      - mkdir -p ../out && echo "$ANSWER" > ../out/answer.txt
      - python -c "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
  post_build:
    commands:
      - echo "succeeding $CODEBUILD_BUILD_SUCCEEDING in $HOME"
artifacts:
  base-directory: out
  files: ['**/*']
"""


def test_a_build_runs_its_phases_and_leaves_artifact_and_log(builder: Builder):
    """Source, four phases in one shell, the role's own credentials, variables, artifact, log."""
    source = builder.source({"inner/word.txt": "world", "buildspec.yml": WHOLE})
    project = builder.project(
        source={"type": "S3", "location": source},
        artifacts={"type": "S3", "location": builder.bucket, "name": "out.zip", "packaging": "ZIP"},
    )
    build = builder.run(project)
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert list(phases_of(build)) == [
        "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD",
        "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING",
    ]  # fmt: skip
    assert build["currentPhase"] == "COMPLETED"
    assert build["exportedEnvironmentVariables"] == [
        {"name": "ANSWER", "value": "hello-kept-world"}
    ]
    body = builder.cloud.session().client("s3").get_object(Bucket=builder.bucket, Key="out.zip")
    with zipfile.ZipFile(io.BytesIO(body["Body"].read())) as archive:
        assert archive.read("answer.txt") == b"hello-kept-world\n"
    assert f":assumed-role/{build['serviceRole'].rpartition('/')[2]}/AWSCodeBuild-" in log
    assert "succeeding 1 in " in log
    assert "Without effect in the embedded cloud: runtime-versions" in log


def test_a_failed_command_fails_the_build_and_names_itself(builder: Builder):
    """The phase is FAILED with AWS's context, POST_BUILD still runs and knows of it."""
    spec = json.dumps(
        {
            "version": "0.2",
            "phases": {
                "build": {"commands": ["echo before", "exit 3", "echo never"]},
                "post_build": {"commands": ["echo succeeding=$CODEBUILD_BUILD_SUCCEEDING"]},
            },
        }
    )
    build = builder.run(builder.project(spec))
    assert build["buildStatus"] == "FAILED"
    assert phases_of(build)["BUILD"] == "FAILED"
    assert context_of(build, "BUILD") == (
        "COMMAND_EXECUTION_ERROR",
        "Error while executing command: exit 3. Reason: exit status 3",
    )
    log = builder.log(build)
    assert "succeeding=0" in log
    assert "never" not in log.replace("echo never", "")


def test_a_stopped_build_leaves_no_process(builder: Builder):
    """StopBuild ends the build, and everything that it started, detached or not."""
    spec = json.dumps(
        {
            "version": "0.2",
            "phases": {"build": {"commands": ["setsid sleep 4321 & sleep 1234"]}},
        }
    )
    started = builder.client.start_build(projectName=builder.project(spec))["build"]

    def sleepers() -> list[str]:
        lines = (p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"]))
        return [
            line[1] for line in lines if line[:1] == ["sleep"] and line[1:] in (["4321"], ["1234"])
        ]

    until(lambda: len(sleepers()) == 2, seconds=30, what="two sleepers")
    builder.client.stop_build(id=started["id"])
    build = builder.ended(started["id"])
    assert build["buildStatus"] == "STOPPED"
    assert phases_of(build)["BUILD"] == "STOPPED"
    until(lambda: not sleepers(), seconds=10, what="no sleeper")


def test_a_role_that_may_not_log_fails_the_build(builder: Builder, make_role: Callable[..., str]):
    """The message names the role, the build and the missing action, as AWS's does."""
    project = builder.project(json.dumps({"version": "0.2", "phases": {}}))
    builder.client.update_project(name=project, serviceRole=make_role("codebuild"))
    build = builder.run(project)
    code, message = context_of(build, "PROVISIONING")
    assert build["buildStatus"] == "FAILED"
    assert code == "ACCESS_DENIED"
    assert "does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams" in message
    assert "is not authorized to perform: logs:CreateLogStream" in message


def test_a_role_that_does_not_trust_codebuild_is_refused(
    builder: Builder, make_role: Callable[..., str]
):
    """CreateProject says so at once."""
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole"):
        builder.project("version: 0.2\nphases: {}\n", serviceRole=make_role("lambda"))


def test_a_missing_buildspec_is_a_yaml_file_error(builder: Builder):
    """DOWNLOAD_SOURCE fails where the source has no specification."""
    source = builder.source({"readme.txt": "nothing here"})
    build = builder.run(builder.project(source={"type": "S3", "location": source}))
    code, message = context_of(build, "DOWNLOAD_SOURCE")
    assert (build["buildStatus"], code) == ("FAILED", "YAML_FILE_ERROR")
    assert message.endswith("buildspec.yml: no such file or directory")


def test_secrets_and_parameters_reach_the_build_and_not_its_log(builder: Builder):
    """The service role reads them; a secret's value is masked in the log."""
    session = builder.cloud.session()
    name = f"p-{builder.count}"
    session.client("ssm").put_parameter(Name=f"/{name}", Value="from-ssm", Type="String")
    session.client("secretsmanager").create_secret(
        Name=name, SecretString=json.dumps({"word": "open-sesame"})
    )
    spec = json.dumps(
        {
            "version": "0.2",
            "env": {
                "parameter-store": {"P": f"/{name}"},
                "secrets-manager": {"S": f"{name}:word"},
                "exported-variables": ["P"],
            },
            "phases": {"build": {"commands": ["echo got $P $S", 'test "$S" = open-sesame']}},
        }
    )
    allow = ("ssm:GetParameter", "secretsmanager:GetSecretValue")
    build = builder.run(builder.project(spec, allow=allow))
    log = builder.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "got from-ssm ***" in log
    denied = builder.run(builder.project(spec, allow=("ssm:GetParameter",)))
    assert "secretsmanager:GetSecretValue" in context_of(denied, "DOWNLOAD_SOURCE")[1]


def test_retry_and_lists(builder: Builder):
    """RetryBuild runs the same again with its overrides, and both are listed, newest first."""
    spec = json.dumps({"version": "0.2", "phases": {"build": {"commands": ["echo word=$W"]}}})
    project = builder.project(spec)
    first = builder.run(project, environmentVariablesOverride=[{"name": "W", "value": "x"}])
    again = builder.ended(builder.client.retry_build(id=first["id"])["build"]["id"])
    assert "word=x" in builder.log(again)
    assert again["buildNumber"] == first["buildNumber"] + 1
    listed = builder.client.list_builds_for_project(projectName=project)["ids"]
    assert listed == [again["id"], first["id"]]

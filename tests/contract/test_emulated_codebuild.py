"""CodeBuild of the embedded cloud, as a client with boto3 sees it: builds are real processes."""

import io
import json
import os
import signal
import zipfile
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud, Settings
from tests.emulated_pipelines import Workshop, spec_of
from tests.polling import until


@pytest.fixture(scope="module")
def workshop(ground_cloud: EmbeddedCloud) -> Workshop:
    """Buckets and makers in the cloud of the ground floor."""
    return Workshop(ground_cloud)


def _source(workshop: Workshop, files: dict[str, str]) -> str:
    key = workshop.name("source")
    workshop.upload(key, files)
    return f"{workshop.source_bucket}/{key}"


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


def test_a_build_runs_its_phases_and_leaves_artifact_and_log(workshop: Workshop):
    """Source, four phases in one shell, the role's own credentials, variables, artifact, log."""
    source = _source(workshop, {"inner/word.txt": "world", "buildspec.yml": WHOLE})
    project = workshop.project(
        source={"type": "S3", "location": source},
        artifacts={
            "type": "S3",
            "location": workshop.artifact_bucket,
            "name": "out.zip",
            "packaging": "ZIP",
        },
    )
    build = workshop.run_build(project)
    log = workshop.log_of(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert list(phases_of(build)) == [
        "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD",
        "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING",
    ]  # fmt: skip
    assert build["currentPhase"] == "COMPLETED"
    assert build["exportedEnvironmentVariables"] == [
        {"name": "ANSWER", "value": "hello-kept-world"}
    ]
    body = workshop.s3.get_object(Bucket=workshop.artifact_bucket, Key="out.zip")
    with zipfile.ZipFile(io.BytesIO(body["Body"].read())) as archive:
        assert archive.read("answer.txt") == b"hello-kept-world\n"
    assert f":assumed-role/{build['serviceRole'].rpartition('/')[2]}/AWSCodeBuild-" in log
    assert "succeeding 1 in " in log
    assert "Without effect in the embedded cloud: runtime-versions" in log


def test_a_failed_command_fails_the_build_and_names_itself(workshop: Workshop):
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
    build = workshop.run_build(workshop.project(spec))
    assert build["buildStatus"] == "FAILED"
    assert phases_of(build)["BUILD"] == "FAILED"
    assert context_of(build, "BUILD") == (
        "COMMAND_EXECUTION_ERROR",
        "Error while executing command: exit 3. Reason: exit status 3",
    )
    log = workshop.log_of(build)
    assert "succeeding=0" in log
    assert "never" not in log.replace("echo never", "")


@pytest.mark.accept
def test_a_stopped_build_leaves_no_process(workshop: Workshop):
    """StopBuild ends the build, and everything that it started, detached or not."""
    spec = json.dumps(
        {
            "version": "0.2",
            "phases": {"build": {"commands": ["setsid sleep 4321 & sleep 1234"]}},
        }
    )
    started = workshop.codebuild.start_build(projectName=workshop.project(spec))["build"]

    until(lambda: len(_sleepers("4321", "1234")) == 2, seconds=30, what="two sleepers")
    workshop.codebuild.stop_build(id=started["id"])
    build = workshop.ended_build(started["id"])
    assert build["buildStatus"] == "STOPPED"
    assert phases_of(build)["BUILD"] == "STOPPED"
    until(lambda: not _sleepers("4321", "1234"), seconds=10, what="no sleeper")


@pytest.mark.accept
def test_a_role_that_may_not_log_fails_the_build(workshop: Workshop):
    """The message names the role, the build and the missing action, as AWS's does."""
    project = workshop.project(json.dumps({"version": "0.2", "phases": {}}))
    workshop.codebuild.update_project(name=project, serviceRole=workshop.role("codebuild"))
    build = workshop.run_build(project)
    code, message = context_of(build, "PROVISIONING")
    assert build["buildStatus"] == "FAILED"
    assert code == "ACCESS_DENIED"
    assert "does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams" in message
    assert "is not authorized to perform: logs:CreateLogStream" in message


def test_a_role_that_does_not_trust_codebuild_is_refused(workshop: Workshop):
    """CreateProject says so at once."""
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole"):
        workshop.project("version: 0.2\nphases: {}\n", serviceRole=workshop.role("lambda"))


@pytest.mark.accept
def test_a_missing_buildspec_is_a_yaml_file_error(workshop: Workshop):
    """DOWNLOAD_SOURCE fails where the source has no specification."""
    source = _source(workshop, {"readme.txt": "nothing here"})
    build = workshop.run_build(workshop.project(source={"type": "S3", "location": source}))
    code, message = context_of(build, "DOWNLOAD_SOURCE")
    assert (build["buildStatus"], code) == ("FAILED", "YAML_FILE_ERROR")
    assert message.endswith("buildspec.yml: no such file or directory")


@pytest.mark.accept
def test_secrets_and_parameters_reach_the_build_and_not_its_log(workshop: Workshop):
    """The service role reads them; a secret's value is masked in the log."""
    session = workshop.session
    name = workshop.name("p")
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
    build = workshop.run_build(workshop.project(spec, allow=allow))
    log = workshop.log_of(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "got from-ssm ***" in log
    denied = workshop.run_build(workshop.project(spec, allow=("ssm:GetParameter",)))
    assert "secretsmanager:GetSecretValue" in context_of(denied, "DOWNLOAD_SOURCE")[1]


@pytest.mark.accept
def test_retry_and_lists(workshop: Workshop):
    """RetryBuild runs the same again with its overrides, and both are listed, newest first."""
    spec = json.dumps({"version": "0.2", "phases": {"build": {"commands": ["echo word=$W"]}}})
    project = workshop.project(spec)
    first = workshop.run_build(project, environmentVariablesOverride=[{"name": "W", "value": "x"}])
    again = workshop.ended_build(workshop.codebuild.retry_build(id=first["id"])["build"]["id"])
    assert "word=x" in workshop.log_of(again)
    assert again["buildNumber"] == first["buildNumber"] + 1
    listed = workshop.codebuild.list_builds_for_project(projectName=project)["ids"]
    assert listed == [again["id"], first["id"]]


@pytest.mark.accept
def test_a_killed_cloud_leaves_no_process_of_a_build():
    """Even `kill -9` of the server ends what builds had started, detached or not."""
    with EmbeddedCloud.start(Settings()) as cloud:
        workshop = Workshop(cloud)
        project = workshop.project(spec_of("setsid sleep 5321 & sleep 5234"))
        workshop.codebuild.start_build(projectName=project)
        until(lambda: len(_sleepers("5321", "5234")) == 2, seconds=30, what="two sleepers")
        os.kill(cloud.pid, signal.SIGKILL)
        until(lambda: not _sleepers("5321", "5234"), seconds=10, what="no sleeper")


def _sleepers(*seconds: str) -> list[str]:
    lines = (p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"]))
    return [line[1] for line in lines if line[:1] == ["sleep"] and line[1] in seconds]

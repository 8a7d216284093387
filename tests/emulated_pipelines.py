"""Pipelines in an embedded cloud for tests: their roles, buckets, artifacts and endings."""

import io
import json
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from emulator.server import EmbeddedCloud
from tests.polling import until

PATIENCE_SECONDS = 60.0

LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
STORE = ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:GetBucketVersioning")


def policy(**statement: Any) -> str:
    """A policy of one allowing statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def zipped(files: Mapping[str, str]) -> bytes:
    """A zip archive of the texts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def spec_of(*commands: str, **more: Any) -> str:
    """A build specification of those commands."""
    return json.dumps({"version": "0.2", "phases": {"build": {"commands": commands}}, **more})


class Workshop:
    """A versioned source bucket and an artifact bucket, and makers of everything else."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self.session = cloud.session()
        self._name = uuid.uuid4().hex[:8]
        self._count = 0
        self.source_bucket = f"source-{self._name}"
        self.artifact_bucket = f"artifacts-{self._name}"
        for bucket in (self.source_bucket, self.artifact_bucket):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_versioning(
            Bucket=self.source_bucket, VersioningConfiguration={"Status": "Enabled"}
        )

    @cached_property
    def s3(self) -> Any:
        """S3, as the administrator."""
        return self.session.client("s3")

    @cached_property
    def iam(self) -> Any:
        """IAM, as the administrator."""
        return self.session.client("iam")

    @cached_property
    def codebuild(self) -> Any:
        """CodeBuild, as the administrator."""
        return self.session.client("codebuild")

    @cached_property
    def codepipeline(self) -> Any:
        """CodePipeline, as the administrator."""
        return self.session.client("codepipeline")

    @cached_property
    def logs(self) -> Any:
        """CloudWatch Logs, as the administrator."""
        return self.session.client("logs")

    def name(self, kind: str) -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{kind}-{self._name}-{self._count}"

    def role(self, service: str, *actions: str) -> str:
        """A role that the service may assume, allowed those actions on everything; its ARN."""
        trust = policy(Action="sts:AssumeRole", Principal={"Service": f"{service}.amazonaws.com"})
        name = self.name("role")
        arn: str = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"][
            "Arn"
        ]
        self.allow(arn, *actions)
        return arn

    def allow(self, role_arn: str, *actions: str) -> None:
        """The role may do exactly those actions, on everything."""
        name = role_arn.rpartition("/")[2]
        if actions:
            document = policy(Action=list(actions), Resource="*")
            self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)

    def upload(self, key: str, files: Mapping[str, str]) -> str:
        """A zip of the files is the source object's newest version; its version id."""
        put = self.s3.put_object(Bucket=self.source_bucket, Key=key, Body=zipped(files))
        version: str = put["VersionId"]
        return version

    def project(self, spec: str | None = None, *, allow: Sequence[str] = (), **more: Any) -> str:
        """A project whose role may log, read and write S3 and do what is allowed; its name."""
        request = {
            "name": self.name("project"),
            "source": {"type": "NO_SOURCE", "buildspec": spec},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": self.role("codebuild", *LOGS, *STORE, *allow),
            **more,
        }
        name: str = self.codebuild.create_project(**request)["project"]["name"]
        return name

    def pipeline_project(self, spec: str, *, allow: Sequence[str] = ()) -> str:
        """A project for a pipeline's action; its name."""
        return self.project(
            source={"type": "CODEPIPELINE", "buildspec": spec},
            artifacts={"type": "CODEPIPELINE"},
            allow=allow,
        )

    def ended_build(self, build_id: str) -> dict[str, Any]:
        """The build once it is over."""

        def over() -> dict[str, Any] | None:
            build: dict[str, Any] = self.codebuild.batch_get_builds(ids=[build_id])["builds"][0]
            return build if build["buildComplete"] else None

        return until(over, seconds=PATIENCE_SECONDS, what=f"the end of {build_id}")

    def run_build(self, project: str, **overrides: Any) -> dict[str, Any]:
        """A build of the project, once it is over."""
        started = self.codebuild.start_build(projectName=project, **overrides)["build"]
        return self.ended_build(started["id"])

    def log_of(self, build: Mapping[str, Any]) -> str:
        """Everything in the build's log."""
        place = build["logs"]
        events = self.logs.get_log_events(
            logGroupName=place["groupName"], logStreamName=place["streamName"], startFromHead=True
        )["events"]
        return "\n".join(event["message"] for event in events)

    def pipeline(
        self, *stages: Mapping[str, Any], role: str, key: str | None = None, **more: Any
    ) -> str:
        """A pipeline with an S3 source of that key before the stages; its name."""
        name = self.name("pipeline")
        source_key = f"{name}.zip" if key is None else key
        source = action(
            "Source", "Source", "S3", outputs=["Src"], more={"namespace": "Src"},
            S3Bucket=self.source_bucket, S3ObjectKey=source_key,
            PollForSourceChanges="false",
        )  # fmt: skip
        declared = {
            "name": name,
            "roleArn": role,
            "artifactStore": {"type": "S3", "location": self.artifact_bucket},
            "stages": [stage("Source", source), *stages],
            "pipelineType": "V2",
            **more,
        }
        self.codepipeline.create_pipeline(pipeline=declared)
        return name

    def first(self, pipeline: str) -> str:
        """The id of the pipeline's newest execution."""
        summaries = self.codepipeline.list_pipeline_executions(pipelineName=pipeline)
        found: str = summaries["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
        return found

    def start(self, pipeline: str, **request: Any) -> str:
        """A new execution; its id."""
        started = self.codepipeline.start_pipeline_execution(name=pipeline, **request)
        found: str = started["pipelineExecutionId"]
        return found

    def status(self, pipeline: str, execution: str) -> str:
        """The execution's status."""
        found = self.codepipeline.get_pipeline_execution(
            pipelineName=pipeline, pipelineExecutionId=execution
        )
        status: str = found["pipelineExecution"]["status"]
        return status

    def ended(self, pipeline: str, execution: str) -> str:
        """The execution's status once it neither runs nor is being stopped."""

        def over() -> str | None:
            status = self.status(pipeline, execution)
            return None if status in ("InProgress", "Stopping") else status

        return until(over, seconds=PATIENCE_SECONDS, what=f"the end of {execution}")

    def alarm(self, state: str) -> str:
        """The name of an alarm that stays in that state until it is set to another one."""
        name, cloudwatch = self.name("alarm"), self.session.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace="n", MetricName="m", Period=60, Statistic="Sum", Threshold=1,
            EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )  # fmt: skip
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")
        return name

    def stage_state(self, pipeline: str, name: str) -> dict[str, Any]:
        """The stage as GetPipelineState shows it."""
        states = self.codepipeline.get_pipeline_state(name=pipeline)["stageStates"]
        found: dict[str, Any] = next(state for state in states if state["stageName"] == name)
        return found

    def action_state(self, pipeline: str, stage_name: str, name: str) -> dict[str, Any]:
        """The latest execution of an action, as GetPipelineState shows it."""
        actions = self.stage_state(pipeline, stage_name)["actionStates"]
        found = next(one for one in actions if one["actionName"] == name)
        latest: dict[str, Any] = found.get("latestExecution", {})
        return latest

    def action_runs(self, pipeline: str, execution: str) -> list[dict[str, Any]]:
        """The runs of actions of the execution in the order of their start."""
        details = self.codepipeline.list_action_executions(
            pipelineName=pipeline, filter={"pipelineExecutionId": execution}
        )["actionExecutionDetails"]
        return list(reversed(details))

    def token(self, pipeline: str, stage_name: str, name: str) -> str:
        """The token of the approval, once it waits; AssertionError if the execution ended first."""

        def waiting() -> str | None:
            found: str | None = self.action_state(pipeline, stage_name, name).get("token")
            newest = self.first(pipeline)
            if found is None and self.status(pipeline, newest) == "Failed":
                raise AssertionError(self.failures(pipeline, newest))
            return found

        return until(waiting, seconds=PATIENCE_SECONDS, what="an approval that waits")

    def failures(self, pipeline: str, execution: str) -> dict[str, Any]:
        """The error details of the execution's failed actions."""
        return {
            run["actionName"]: run["output"]["executionResult"].get("errorDetails")
            for run in self.action_runs(pipeline, execution)
            if run["status"] == "Failed"
        }

    def decide(self, pipeline: str, stage_name: str, name: str, status: str) -> None:
        """The approval is decided, once it waits."""
        token = self.token(pipeline, stage_name, name)
        self.codepipeline.put_approval_result(
            pipelineName=pipeline,
            stageName=stage_name,
            actionName=name,
            token=token,
            result={"status": status, "summary": f"{status} by a test"},
        )


def stage(name: str, *actions: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A stage of those actions."""
    return {"name": name, "actions": list(actions), **more}


def action(
    name: str,
    category: str,
    provider: str,
    *,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
    **configuration: str,
) -> dict[str, Any]:
    """An action of AWS's provider with that configuration."""
    return {
        "name": name,
        "actionTypeId": {
            "category": category, "owner": "AWS", "provider": provider, "version": "1"
        },
        "configuration": configuration,
        "inputArtifacts": [{"name": one} for one in inputs],
        "outputArtifacts": [{"name": one} for one in outputs],
        **({} if more is None else more),
    }  # fmt: skip


def rule(name: str, provider: str, **configuration: str) -> dict[str, Any]:
    """A rule of AWS's provider with that configuration."""
    type_id = {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "ruleTypeId": type_id, "configuration": configuration}


def unless(rule: Mapping[str, Any], result: str) -> dict[str, Any]:
    """Conditions that come to this result where the rule fails."""
    return {"conditions": [{"result": result, "rules": [rule]}]}


def approval(name: str = "Approve", **configuration: str) -> dict[str, Any]:
    """A manual approval."""
    return action(name, "Approval", "Manual", **configuration)

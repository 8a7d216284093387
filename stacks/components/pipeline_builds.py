"""Builds of a pipeline: each has a role that may do what its buildspec does, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stacks.components.arns import allow, policy, sub, trust
from stacks.components.blueprint import Blueprint, Kept, att, ref
from stacks.components.pipeline_store import KEY, read_artifacts
from stacks.project.names import build_name
from stacks.project.pipelines import Compute

BUILDSPECS = Path(__file__).parents[1] / "buildspecs"
IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
"""A curated image with Python 3.11 or newer and Node (CodeBuild User Guide, "Docker images")."""

LONGEST_MINUTES = 480
"""A build action waits eight hours for its build (CodePipeline User Guide, "Quotas")."""

_SIZES = {
    Compute.SMALL: "BUILD_GENERAL1_SMALL",
    Compute.MEDIUM: "BUILD_GENERAL1_MEDIUM",
    Compute.LARGE: "BUILD_GENERAL1_LARGE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildProps:
    """One build: `kind` names it, `buildspec` is its file, `statements` what it may do besides.

    `reports` is the logical id of a report group whose ARN the file has as `${ID.Arn}`.
    """

    project: str
    kind: str
    buildspec: str
    description: str
    compute: Compute
    log_days: int
    kept: Kept
    statements: list[dict[str, Any]] = field(default_factory=list)
    environment: Mapping[str, Any] = field(default_factory=dict)
    reports: str | None = None

    @property
    def id(self) -> str:
        """The logical id of the CodeBuild project."""
        return "".join(part.capitalize() for part in self.kind.split("-")) + "Build"


def add_build(blueprint: Blueprint, props: BuildProps) -> None:
    """Log group, role and project are there; the role has its fixed name for those who trust it."""
    name = build_name(props.project, props.kind)
    log = blueprint.add(
        f"{props.id}Log",
        "AWS::Logs::LogGroup",
        {"RetentionInDays": props.log_days},
        kept=props.kept,
    )
    written = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [att(log)])
    role = blueprint.add(
        f"{props.id}Role",
        "AWS::IAM::Role",
        {
            "RoleName": name,
            "AssumeRolePolicyDocument": trust("codebuild.amazonaws.com"),
            "Policies": [
                policy("Artifacts", read_artifacts()),
                policy("Log", [written]),
                *([policy("Work", props.statements)] if props.statements else []),
            ],
        },
    )
    blueprint.add(props.id, "AWS::CodeBuild::Project", _properties(props, name, role, log))


def _buildspec(props: BuildProps) -> Any:
    """The file word for word; CloudFormation fills in the ARN of a report group."""
    text = (BUILDSPECS / props.buildspec).read_text(encoding="utf-8")
    return text if props.reports is None else sub(text)


def _properties(props: BuildProps, name: str, role: str, log: str) -> dict[str, Any]:
    variables = [
        {"Name": key, "Type": "PLAINTEXT", "Value": value}
        for key, value in sorted(props.environment.items())
    ]
    return {
        "Name": name,
        "Description": props.description,
        "ServiceRole": att(role),
        "EncryptionKey": att(KEY),
        "TimeoutInMinutes": LONGEST_MINUTES,
        "Artifacts": {"Type": "CODEPIPELINE"},
        "Source": {
            "Type": "CODEPIPELINE",
            "BuildSpec": _buildspec(props),
        },
        "Environment": {
            "Type": "LINUX_CONTAINER",
            "ComputeType": _SIZES[props.compute],
            "Image": IMAGE,
            "PrivilegedMode": False,
            "EnvironmentVariables": variables,
        },
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": ref(log)}},
    }


def take(*roles: str) -> dict[str, Any]:
    """A statement that lets a build take roles, each text that may hold `${AWS::AccountId}`."""
    return allow(["sts:AssumeRole"], [sub(role) for role in roles])

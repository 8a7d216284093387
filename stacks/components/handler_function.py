"""One Lambda function with its own log group and its own role, which may do what it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.blueprint import Blueprint, att, data, ref
from stacks.project.spec import StageSpec
from tidegate.slots import Slot

RUNTIME = "python3.14"
PROFILED = "run_profiled.handler.handle"
_POSTED = ["codeguru-profiler:ConfigureAgent", "codeguru-profiler:PostAgentProfile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAsset:
    """Where the code of all functions is: one archive of the folder `lambda/`."""

    bucket: Any
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProps:
    """A function of the folder `lambda/`: its package, what it may do, what it must know.

    `fixed_name` is for functions that other stacks call; the other names are generated. A function
    of a track has one brother, which works for the other track.
    """

    package: str
    description: str
    timeout_seconds: int
    statements: list[dict[str, Any]]
    environment: Mapping[str, Any]
    fixed_name: str | None = None
    track: Slot | None = None
    memory_megabytes: int = 256
    network: Mapping[str, Any] | None = None
    """Subnets and security groups of one that works inside a network (VpcConfig)."""

    @property
    def name(self) -> str:
        """Its package, and its track if it has one."""
        return self.package if self.track is None else f"{self.package}_{self.track.value}"

    @property
    def id(self) -> str:
        """The logical id."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def handler(self) -> str:
        """Its own handler."""
        return f"{self.package}.handler.handle"

    @property
    def log(self) -> str:
        """The logical id of its log group."""
        return f"{self.id}Log"


def add_function(
    blueprint: Blueprint, props: FunctionProps, *, code: CodeAsset, stage: StageSpec
) -> None:
    """Log group, role and function are there."""
    add_log(blueprint, props.log, stage)
    written = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [att(props.log)])
    role = blueprint.add(
        f"{props.id}Role",
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            "Policies": [
                policy("Work", props.statements),
                policy("Log", [written]),
                *_profiling_policies(stage),
            ],
        },
    )
    blueprint.add(
        props.id,
        "AWS::Lambda::Function",
        {
            "FunctionName": props.fixed_name,
            "Description": props.description,
            "Runtime": RUNTIME,
            "Handler": PROFILED if stage.profiling else props.handler,
            "Code": {"S3Bucket": code.bucket, "S3Key": code.key},
            "Role": att(role),
            "MemorySize": props.memory_megabytes,
            "VpcConfig": props.network,
            "Timeout": props.timeout_seconds,
            "Environment": {"Variables": {**props.environment, **_profiling(props, stage)}},
            "LoggingConfig": {"LogGroup": ref(props.log)},
        },
    )


def _profiling(props: FunctionProps, stage: StageSpec) -> dict[str, str]:
    """What the agent and its wrapper have to know, where the stage is profiled."""
    if stage.profiling is None:
        return {}
    return {"PROFILED_HANDLER": props.handler, "AWS_CODEGURU_PROFILER_GROUP_NAME": stage.profiling}


def _profiling_policies(stage: StageSpec) -> list[dict[str, Any]]:
    """Of the managed policy AmazonCodeGuruProfilerAgentAccess what agents need, on this group."""
    if stage.profiling is None:
        return []
    group = Arns(stage=stage).of("codeguru-profiler", f"profilingGroup/{stage.profiling}")
    return [policy("Profile", [allow(_POSTED, [group])])]


def add_log(blueprint: Blueprint, logical_id: str, stage: StageSpec) -> None:
    """A log group is there, kept as long as the stage says; its name is generated."""
    properties = {"RetentionInDays": stage.log_days}
    kept = data(stage.data_on_destroy)
    blueprint.add(logical_id, "AWS::Logs::LogGroup", properties, kept=kept)

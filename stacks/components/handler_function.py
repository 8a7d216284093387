"""One Lambda function with its own log group and its own role, which may do what it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from stacks.components.arns import allow, policy, trust
from stacks.components.retention import keep_data
from stacks.project.spec import StageSpec

RUNTIME = "python3.14"
_MEMORY_MEGABYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAsset:
    """Where the code of all functions is: one archive of the folder `lambda/`."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProps:
    """A function of the folder `lambda/`: its package, what it may do, what it must know.

    `fixed_name` is for functions that other stacks call; the other names are generated.
    """

    package: str
    description: str
    timeout_seconds: int
    statements: list[dict[str, Any]]
    environment: Mapping[str, str]
    fixed_name: str | None = None

    @property
    def id(self) -> str:
        """The logical id."""
        return "".join(part.capitalize() for part in self.package.split("_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerFunction:
    """A function of the stack: its ARN and its log group's name, both references."""

    arn: str
    name: str
    log_group: str


def add_function(
    stack: Stack, props: FunctionProps, *, code: CodeAsset, stage: StageSpec
) -> HandlerFunction:
    """The stack has log group, role and function."""
    log_group = logs.CfnLogGroup(stack, f"{props.id}Log", retention_in_days=stage.log_days)
    keep_data(log_group, stage.data_on_destroy)
    log_group_name = log_group.ref
    written = [{"Fn::GetAtt": [f"{props.id}Log", "Arn"]}]
    role = iam.CfnRole(
        stack,
        f"{props.id}Role",
        assume_role_policy_document=trust("lambda.amazonaws.com"),
        policies=[
            policy("Work", props.statements),
            policy("Log", [allow(["logs:CreateLogStream", "logs:PutLogEvents"], written)]),
        ],
    )
    function = lambda_.CfnFunction(
        stack,
        props.id,
        function_name=props.fixed_name,
        description=props.description,
        runtime=RUNTIME,
        handler=f"{props.package}.handler.handle",
        code={"s3Bucket": code.bucket, "s3Key": code.key},
        role=role.attr_arn,
        memory_size=_MEMORY_MEGABYTES,
        timeout=props.timeout_seconds,
        environment={"variables": dict(props.environment)},
        logging_config={"logGroup": log_group_name},
    )
    return HandlerFunction(arn=function.attr_arn, name=function.ref, log_group=log_group_name)

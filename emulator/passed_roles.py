"""Which requests hand a role to a service, and so need `iam:PassRole` on it. Pure.

Source: the dependent actions of the Service Authorization Reference, and "Grant a user permissions
to pass a role to an AWS service" of the IAM user guide for the condition key. SageMaker, CodeBuild
and CodePipeline are services of our own, and ask for it in their `permissions`.
"""

from collections.abc import Mapping
from typing import Any

from emulator.cloudformation.handler_permissions import roles_at

PASSED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "lambda:CreateFunction": ("lambda", ("Role",)),
    "lambda:UpdateFunctionConfiguration": ("lambda", ("Role",)),
    "states:CreateStateMachine": ("states", ("roleArn",)),
    "states:UpdateStateMachine": ("states", ("roleArn",)),
    "events:PutRule": ("events", ("RoleArn",)),
    "events:PutTargets": ("events", ("Targets[].RoleArn",)),
    "scheduler:CreateSchedule": ("scheduler", ("Target.RoleArn",)),
    "scheduler:UpdateSchedule": ("scheduler", ("Target.RoleArn",)),
    "pipes:CreatePipe": ("pipes", ("RoleArn",)),
    "pipes:UpdatePipe": ("pipes", ("RoleArn",)),
    "cloudformation:CreateStack": ("cloudformation", ("RoleARN",)),
    "cloudformation:UpdateStack": ("cloudformation", ("RoleARN",)),
    "cloudformation:DeleteStack": ("cloudformation", ("RoleARN",)),
    "cloudformation:CreateChangeSet": ("cloudformation", ("RoleARN",)),
    "cloudformation:ContinueUpdateRollback": ("cloudformation", ("RoleARN",)),
    "cloudformation:RollbackStack": ("cloudformation", ("RoleARN",)),
    "firehose:CreateDeliveryStream": (
        "firehose",
        ("ExtendedS3DestinationConfiguration.RoleARN", "S3DestinationConfiguration.RoleARN"),
    ),
    "logs:PutSubscriptionFilter": ("logs", ("roleArn",)),
    "apigateway:POST": ("apigateway", ("credentialsArn",)),
    "apigateway:PATCH": ("apigateway", ("credentialsArn",)),
    "ecs:RegisterTaskDefinition": ("ecs-tasks", ("executionRoleArn", "taskRoleArn")),
}
"""By IAM action: the service that gets the role, and where the request has it."""

SERVICES = frozenset(action.partition(":")[0] for action in PASSED)


def passed(action: str, request: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The roles that a request passes, each with the principal of the service that gets it."""
    row = PASSED.get(action)
    if row is None:
        return []
    service, paths = row
    roles = {role for path in paths for role in roles_at(request, path)}
    return [(role, f"{service}.amazonaws.com") for role in sorted(roles)]

"""Rights that AWS needs and nothing on this machine misses, each with its source.

The stories of `make accept` hold this list to be exact: with one of these taken away a role's
stories still pass here, and with any other one they fail.
"""

from collections.abc import Mapping

from cli.privileges.rights import Right

_FUNCTION_LOG = (
    "Lambda developer guide, 'Sending Lambda function logs to CloudWatch Logs': permissions of "
    "the execution role; the embedded cloud writes logs itself"
)
_STREAM = (
    "Lambda developer guide, 'Processing DynamoDB streams': permissions of the execution role; "
    "the embedded cloud reads the stream itself"
)
_MACHINE_LOG = (
    "Step Functions developer guide, 'Logging using CloudWatch Logs': permissions of the "
    "machine's role; log delivery is not emulated"
)
_CHILD_RULE = (
    "Step Functions developer guide, 'Service integration policies', startExecution.sync: the "
    "managed rule that tells the parent of the child's end; the embedded cloud polls instead"
)
_CHILD_STOP = (
    "Step Functions developer guide, 'Service integration policies', startExecution.sync: a "
    "stopped parent stops its child; the embedded cloud leaves the child to end by itself"
)
_IMAGE = (
    "SageMaker developer guide, 'CreateModel API: Execution Role Permissions'; containers of the "
    "embedded cloud are processes of this machine, no image is pulled"
)
_HOSTING_LOG = (
    "SageMaker developer guide, 'CreateModel API: Execution Role Permissions'; the embedded cloud "
    "writes the containers' logs and metrics itself"
)

_EVERY_FUNCTION = dict.fromkeys(("logs:CreateLogStream", "logs:PutLogEvents"), _FUNCTION_LOG)
_EVERY_MACHINE = dict.fromkeys(
    (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ),
    _MACHINE_LOG,
)
_BY_ROLE: Mapping[str, Mapping[str, str]] = {
    "AnnounceReleaseRole": dict.fromkeys(
        (
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ),
        _STREAM,
    ),
    "ReleaseMachineRole": {
        **dict.fromkeys(
            ("events:DescribeRule", "events:PutRule", "events:PutTargets"), _CHILD_RULE
        ),
        "states:StopExecution": _CHILD_STOP,
    },
    "ExecutionRole": {
        **dict.fromkeys(
            (
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetAuthorizationToken",
                "ecr:GetDownloadUrlForLayer",
            ),
            _IMAGE,
        ),
        **dict.fromkeys(
            (
                "cloudwatch:PutMetricData",
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ),
            _HOSTING_LOG,
        ),
    },
}


def source_of(right: Right) -> str | None:
    """Where AWS says that the right is needed; None for one that a story has to prove."""
    by_role = _BY_ROLE.get(right.role, {})
    if right.action in by_role:
        return by_role[right.action]
    if right.role.endswith("MachineRole"):
        return _EVERY_MACHINE.get(right.action)
    own_log = right.resource == f"{right.role.removesuffix('Role')}Log"
    return _EVERY_FUNCTION.get(right.action) if own_log else None

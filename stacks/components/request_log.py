"""The request log as a stream: lines of the front door's functions go to `aggregate_requests`."""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from stacks.components.handler_function import HandlerFunction

FILTER = '{ $.log = "tidegate" }'
"""Only lines of the request log, not what else a function prints."""

_WRITERS = ("route_request", "record_outcome")
_READER = "aggregate_requests"


def add_request_log(stack: Stack, functions: Mapping[str, HandlerFunction]) -> None:
    """What the front door logs about requests and outcomes is counted as it comes."""
    reader = functions[_READER]
    for package in _WRITERS:
        name = "".join(part.capitalize() for part in package.split("_"))
        permission = lambda_.CfnPermission(
            stack,
            f"{name}LogPermission",
            action="lambda:InvokeFunction",
            function_name=reader.arn,
            principal="logs.amazonaws.com",
            source_account=stack.account,
        )
        permission.add_property_override("SourceArn", {"Fn::GetAtt": [f"{name}Log", "Arn"]})
        subscription = logs.CfnSubscriptionFilter(
            stack,
            f"{name}Subscription",
            log_group_name=functions[package].log_group,
            destination_arn=reader.arn,
            filter_pattern=FILTER,
        )
        subscription.add_resource_dependency(permission)

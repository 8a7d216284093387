"""The request log as a stream: lines of the front door's functions go to `aggregate_requests`."""

from collections.abc import Mapping

from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.handler_function import FunctionProps

FILTER = '{ $.log = "tidegate" }'
"""Only lines of the request log, not what else a function prints."""

_WRITERS = ("route_request", "record_outcome")
_READER = "aggregate_requests"


def add_request_log(blueprint: Blueprint, functions: Mapping[str, FunctionProps]) -> None:
    """What the front door logs about requests and outcomes is counted as it comes."""
    reader = att(functions[_READER].id)
    for writer in (row for row in functions.values() if row.package in _WRITERS):
        permission = blueprint.add(
            f"{writer.log}Permission",
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": reader,
                "Principal": "logs.amazonaws.com",
                "SourceAccount": ref("AWS::AccountId"),
                "SourceArn": att(writer.log),
            },
        )
        blueprint.add(
            f"{writer.id}Subscription",
            "AWS::Logs::SubscriptionFilter",
            {
                "LogGroupName": ref(writer.log),
                "DestinationArn": reader,
                "FilterPattern": FILTER,
            },
            after=[permission],
        )

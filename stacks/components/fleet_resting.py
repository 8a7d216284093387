"""What puts fleets to sleep that nobody asks: a function, every five minutes."""

from stacks.components.blueprint import Blueprint, att
from stacks.components.handler_function import FunctionProps


def add_resting(blueprint: Blueprint, function: FunctionProps | None) -> None:
    """The function is called again and again, where there is one."""
    if function is None:
        return
    rule = blueprint.add(
        "RestingRule",
        "AWS::Events::Rule",
        {
            "Description": "Fleets that nobody asks are put to sleep",
            "ScheduleExpression": "rate(5 minutes)",
            "Targets": [{"Id": "Rest", "Arn": att(function.id)}],
        },
    )
    blueprint.add(
        "RestingPermission",
        "AWS::Lambda::Permission",
        {
            "FunctionName": att(function.id),
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": att(rule),
        },
    )

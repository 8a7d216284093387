"""Late labels from files: a bucket, and the machine that imports what is put into it."""

from typing import Any

from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.blueprint import Blueprint, att, data, ref
from stacks.components.bucket import add_bucket
from stacks.components.handler_function import FunctionProps
from stacks.components.outcome_functions import OUTCOME_BUCKET
from stacks.components.release_machine import Calls, add_machine
from tidegate.outcomefiles.formats import RESULT_SUFFIX

IMPORT_MACHINE = "ImportMachine"
_RULE = "OutcomeFileRule"
_EVENTS = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def add_outcome_files(
    blueprint: Blueprint, arns: Arns, importer: FunctionProps, *, keep_days: int
) -> None:
    """What is put into the bucket is imported; the results that are written there are not."""
    stage = arns.stage
    kept = data(stage.data_on_destroy)
    more = {"NotificationConfiguration": _EVENTS}
    add_bucket(blueprint, OUTCOME_BUCKET, keep_days=keep_days, kept=kept, more=more)
    calls: Calls = {"ImportOutcomes": att(importer.id)}
    add_machine(blueprint, IMPORT_MACHINE, arns, calls)
    role = blueprint.add(
        f"{_RULE}Role",
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust("events.amazonaws.com"),
            "Policies": [
                policy("Work", [allow(["states:StartExecution"], [ref(IMPORT_MACHINE)])]),
            ],
        },
    )
    blueprint.add(_RULE, "AWS::Events::Rule", _rule(role))


def _rule(role: str) -> dict[str, Any]:
    """The machine's input is the detail of S3's event: bucket and object."""
    return {
        "Description": "Files of outcomes that were put into their bucket",
        "EventPattern": {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": [ref(OUTCOME_BUCKET)]},
                "object": {"key": [{"anything-but": {"suffix": RESULT_SUFFIX}}]},
            },
        },
        "Targets": [
            {
                "Id": "Import",
                "Arn": ref(IMPORT_MACHINE),
                "RoleArn": att(role),
                "InputPath": "$.detail",
            }
        ],
    }

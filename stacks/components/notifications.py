"""What people are told: a topic that has every change of a release, and who subscribed to it."""

import json
from typing import Any

from stacks.components.arns import Arns
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.dashboard import DASHBOARD
from stacks.components.handler_function import FunctionProps
from stacks.components.tables import RELEASE_TABLE
from stacks.project.spec import StageSpec

TOPIC = "Notifications"
_KEY = "alias/aws/sns"
"""Encryption by the key that AWS manages for SNS: only functions of this account publish here."""

_MOST_AGE_SECONDS = 6 * 3_600
"""How long a change is tried to be announced; the stream has it for a day."""

_CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}
_CONSOLE = "console.aws.amazon.com"

_LOG = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "log#"}]}}}}
_RECORD = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"sk": {"S": ["record"]}}}}


def add_notifications(blueprint: Blueprint, stage: StageSpec, announcer: FunctionProps) -> None:
    """Every line of a release's log is told by the topic, to whom the stage says."""
    blueprint.add(TOPIC, "AWS::SNS::Topic", {"KmsMasterKeyId": _KEY})
    blueprint.add(
        f"{TOPIC}Policy",
        "AWS::SNS::TopicPolicy",
        {"Topics": [ref(TOPIC)], "PolicyDocument": _topic_policy()},
    )
    for number, endpoint in enumerate(sorted(set(stage.notify)), start=1):
        protocol = "https" if endpoint.startswith("https://") else "email"
        blueprint.add(
            f"Subscriber{number}",
            "AWS::SNS::Subscription",
            {"TopicArn": ref(TOPIC), "Protocol": protocol, "Endpoint": endpoint},
        )
    _add_source(blueprint, announcer)


def _topic_policy() -> dict[str, Any]:
    """The account's own policies say who may publish; this one only refuses what is not TLS."""
    refusal = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sns:Publish",
        "Resource": ref(TOPIC),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [refusal]}


def _add_source(blueprint: Blueprint, announcer: FunctionProps) -> None:
    """The table's stream: what was written in one transaction with what it is about."""
    blueprint.add(
        f"{announcer.id}Source",
        "AWS::Lambda::EventSourceMapping",
        {
            "EventSourceArn": att(RELEASE_TABLE, "StreamArn"),
            "FunctionName": ref(announcer.id),
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 100,
            "BisectBatchOnFunctionError": True,
            "MaximumRecordAgeInSeconds": _MOST_AGE_SECONDS,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {
                "Filters": [
                    {"Pattern": json.dumps(pattern, separators=(",", ":"))}
                    for pattern in (_LOG, _RECORD)
                ]
            },
        },
    )


def dashboard_url(arns: Arns) -> dict[str, Any]:
    """Where the dashboard of the stage is, in the console of its partition."""
    region = arns.stage.region
    host = _CONSOLES.get(arns.stage.partition, _CONSOLE)
    page = f"cloudwatch/home?region={region}#dashboards/dashboard/${{{DASHBOARD}}}"
    return {"Fn::Sub": f"https://{region}.{host}/{page}"}

"""Functions around outcomes and news: what each is for and may do, as in `functions.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow
from stacks.components.blueprint import att, ref
from stacks.components.bucket import objects_in
from stacks.components.handler_function import FunctionProps
from stacks.components.notifications import TOPIC, dashboard_url
from stacks.components.signing_secret import SIGNING_SECRET
from stacks.components.tables import OBSERVATION_TABLE, RELEASE_TABLE

OUTCOME_BUCKET, OUTCOME_BUCKET_NAME = "OutcomeBucket", "OutcomeBucketName"
"""The bucket's logical id, and the output that other stacks import its name by."""
_LONGEST_SECONDS = 900
_IMPORT_MEGABYTES = 1_024
"""Lambda gives processor time by memory (Lambda quotas): an import signs and encodes all along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The project and stage whose outcomes and news these functions handle."""

    project: str
    arns: Arns


def outcome_functions(around: Outcomes) -> Mapping[str, FunctionProps]:
    """Every function by its package; files are imported where the stage takes some."""
    rows = [_announce(around), _rotate(around)]
    if around.arns.stage.outcome_files_days is not None:
        rows.append(_import(around))
    return {row.name: row for row in rows}


def _announce(around: Outcomes) -> FunctionProps:
    stream = att(RELEASE_TABLE, "StreamArn")
    return FunctionProps(
        package="announce_release",
        description="Tells people and dashboards of every change of a release",
        timeout_seconds=60,
        statements=[
            allow(["dynamodb:GetItem"], [att(RELEASE_TABLE)]),
            allow(
                ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
                [stream],
            ),
            # Lists streams, of which none is named: Service Authorization Reference of DynamoDB.
            allow(["dynamodb:ListStreams"], ["*"]),
            allow(["events:PutEvents"], [around.arns.of("events", "event-bus/default")]),
            allow(["sns:Publish"], [ref(TOPIC)]),
        ],
        environment={
            **_names(around),
            "RELEASE_TABLE": ref(RELEASE_TABLE),
            "NOTIFICATION_TOPIC_ARN": ref(TOPIC),
            "DASHBOARD_URL": dashboard_url(around.arns),
            "EVENT_BUS_NAME": "default",
        },
    )


def _rotate(around: Outcomes) -> FunctionProps:
    return FunctionProps(
        package="rotate_keys",
        description="Adds a signing key, and drops those that nobody needs any more",
        timeout_seconds=60,
        statements=[
            allow(["dynamodb:GetItem", "dynamodb:Query"], [att(RELEASE_TABLE)]),
            allow(
                [
                    "secretsmanager:GetSecretValue",
                    "secretsmanager:PutSecretValue",
                    "secretsmanager:DescribeSecret",
                    "secretsmanager:UpdateSecretVersionStage",
                ],
                [ref(SIGNING_SECRET)],
            ),
        ],
        environment={
            **_names(around),
            "RELEASE_TABLE": ref(RELEASE_TABLE),
            "SIGNING_SECRET_ARN": ref(SIGNING_SECRET),
        },
    )


def _import(around: Outcomes) -> FunctionProps:
    observations = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    return FunctionProps(
        package="import_outcomes",
        description="Credits the outcomes of a file",
        timeout_seconds=_LONGEST_SECONDS,
        memory_megabytes=_IMPORT_MEGABYTES,
        statements=[
            allow(["dynamodb:GetItem"], [att(RELEASE_TABLE)]),
            allow(observations, [att(OBSERVATION_TABLE)]),
            allow(["secretsmanager:GetSecretValue"], [ref(SIGNING_SECRET)]),
            allow(["s3:GetObject"], [objects_in(OUTCOME_BUCKET)]),
            allow(["s3:PutObject"], [objects_in(OUTCOME_BUCKET, "*.result.json")]),
        ],
        environment={
            **_names(around),
            "RELEASE_TABLE": ref(RELEASE_TABLE),
            "OBSERVATION_TABLE": ref(OBSERVATION_TABLE),
            "SIGNING_SECRET_ARN": ref(SIGNING_SECRET),
            "OUTCOME_BUCKET": ref(OUTCOME_BUCKET),
        },
    )


def _names(around: Outcomes) -> dict[str, Any]:
    return {"PROJECT": around.project, "STAGE": around.arns.stage.name}

"""What the service needs on AWS beside its functions: the table of items, or a role for jobs."""

import hashlib
from collections.abc import Mapping
from typing import Any

from tidegate.ai.kind import Place, Resources
from tidegate.ai.labelling.arriving import KEPT
from tidegate.ai.labelling.groundtruth import JOBS, NAMES, REGION, ROLE
from tidegate.ai.labelling.settings import CLOSED, GROUND_TRUTH, LabellingSettings
from tidegate.ai.labelling.store import INDEX, TABLE
from tidegate.ai.roles import allow, role_of

Template = Mapping[str, Any]
TABLE_ID, ROLE_ID = "Items", "GroundTruthRole"
"""Logical ids."""
_FILES = "Files"
"""The frame's bucket."""
_LOG_GROUP = (
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:"
    "log-group:/aws/sagemaker/LabelingJobs:*"
)
_OBJECTS = "images, manifests and labels of this service only, each file with a name of its own"
_NO_RESOURCE = "cloudwatch:PutMetricData takes no resource (Service Authorization Reference)"
_LOGS = "logs of labelling jobs: SageMaker names the streams"


def names(place: Place) -> str:
    """How names of jobs begin: a job's has 63 characters at most."""
    return f"tg-{hashlib.sha256(place.prefix.encode()).hexdigest()[:8]}"


def resources_of(settings: LabellingSettings, place: Place) -> Resources:
    """The table with its index of lists; of the closed engine the role of its jobs."""
    if settings.engine == GROUND_TRUTH:
        return _ground_truth(place)
    return Resources(
        templates={TABLE_ID: {"Type": "AWS::DynamoDB::Table", "Properties": _table()}},
        told={TABLE: f"${{{TABLE_ID}}}"},
    )


def _ground_truth(place: Place) -> Resources:
    """The role has what AWS says that jobs of built-in tasks need.

    Source: SageMaker developer guide, "Create a SageMaker execution role for a Ground Truth
    labeling job", built-in task types (non-streaming).
    """
    objects = [f"${{{_FILES}.Arn}}/{prefix}*" for prefix in (JOBS, KEPT)]
    written = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams"]
    role = role_of(
        "sagemaker.amazonaws.com",
        {
            "Label": [
                allow(["s3:ListBucket"], {"Fn::GetAtt": [_FILES, "Arn"]}),
                allow(written, *({"Fn::Sub": one} for one in objects)),
                allow([*logs, "logs:PutLogEvents"], {"Fn::Sub": _LOG_GROUP}),
                allow(["cloudwatch:PutMetricData"], "*"),
            ]
        },
    )
    reason = (
        f"Ground Truth is closed to new customers since {CLOSED}, whose accounts are refused; "
        "engine: tidegate labels by a page of the service's own"
    )
    found = {
        **{f"IAM5[Resource::{one}]": _OBJECTS for one in objects},
        f"IAM5[Resource::{_LOG_GROUP}]": _LOGS,
        "IAM5[Resource::*]": _NO_RESOURCE,
    }
    known = {"tidegate": {"acknowledged": [{"rule": "closed-service", "reason": reason}]}}
    return Resources(
        templates={ROLE_ID: {**role, "Metadata": known}},
        told={
            ROLE: f"${{{ROLE_ID}.Arn}}",
            NAMES: names(place),
            REGION: "${AWS::Region}",
        },
        acknowledged={
            ROLE_ID: {key.replace("${", "<").replace("}", ">"): why for key, why in found.items()}
        },
    )


def _table() -> Template:
    return {
        "KeySchema": _keys("pk", "sk"),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "list", "place")
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": INDEX,
                "KeySchema": _keys("list", "place"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }


def _keys(partition: str, order: str) -> list[Template]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": order, "KeyType": "RANGE"},
    ]

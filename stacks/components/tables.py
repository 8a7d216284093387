"""The two tables: releases, which are history, and observations, which expire."""

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb

from stacks.components.retention import keep_data
from stacks.project.spec import DataOnDestroy

RELEASE_TABLE = "ReleaseTable"
OBSERVATION_TABLE = "ObservationTable"
"""Logical ids, which are pinned: another one would be another, empty table."""


def add_release_table(stack: Stack, on_destroy: DataOnDestroy) -> dynamodb.CfnTable:
    """The stack has the table of pointers, locks, declarations, records and logs."""
    return _add_table(stack, RELEASE_TABLE, on_destroy, ttl=None)


def add_observation_table(stack: Stack, on_destroy: DataOnDestroy) -> dynamodb.CfnTable:
    """The stack has the table of counters and credited outcomes; its items expire."""
    ttl = {"attributeName": "expires_at", "enabled": True}
    return _add_table(stack, OBSERVATION_TABLE, on_destroy, ttl=ttl)


def _add_table(
    stack: Stack, id_: str, on_destroy: DataOnDestroy, *, ttl: dict[str, object] | None
) -> dynamodb.CfnTable:
    table = dynamodb.CfnTable(
        stack,
        id_,
        key_schema=[
            {"attributeName": "pk", "keyType": "HASH"},
            {"attributeName": "sk", "keyType": "RANGE"},
        ],
        attribute_definitions=[
            {"attributeName": "pk", "attributeType": "S"},
            {"attributeName": "sk", "attributeType": "S"},
        ],
        billing_mode="PAY_PER_REQUEST",
        point_in_time_recovery_specification={"pointInTimeRecoveryEnabled": True},
        sse_specification={"sseEnabled": True},
        time_to_live_specification=ttl,
    )
    keep_data(table, on_destroy)
    return table

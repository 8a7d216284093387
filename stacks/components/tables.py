"""The two tables: releases, which are history, and observations, which expire."""

from typing import Any

from stacks.components.blueprint import Blueprint, data
from stacks.project.spec import DataOnDestroy

_TYPE = "AWS::DynamoDB::Table"
RELEASE_TABLE = "ReleaseTable"
OBSERVATION_TABLE = "ObservationTable"
"""Logical ids, which are pinned: another one would be another, empty table."""


def add_tables(blueprint: Blueprint, on_destroy: DataOnDestroy) -> None:
    """Both tables are there: releases stay, counters and credited outcomes expire.

    What is written to releases is a stream, from which it is announced. Tables that outlive their
    stack are deleted by nobody's single call.
    """
    ttl = {"AttributeName": "expires_at", "Enabled": True}
    kept = data(on_destroy)
    stream = {"StreamViewType": "NEW_IMAGE"}
    protected = {"DeletionProtectionEnabled": on_destroy is DataOnDestroy.KEEP}
    releases = {**table_properties(), **protected, "StreamSpecification": stream}
    blueprint.add(RELEASE_TABLE, _TYPE, releases, kept=kept)
    properties = {**table_properties(), **protected, "TimeToLiveSpecification": ttl}
    blueprint.add(OBSERVATION_TABLE, _TYPE, properties, kept=kept)


def table_properties() -> dict[str, Any]:
    """A table by two text keys, on demand, encrypted, with a history to go back to."""
    return {
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
    }

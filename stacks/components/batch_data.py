"""What a batch keeps: a bucket of data sets, results and reports, and a table of runs."""

from stacks.components.arns import Arns
from stacks.components.blueprint import Blueprint, data
from stacks.components.bucket import add_bucket
from stacks.components.emptying import empty_on_delete
from stacks.components.tables import table_properties
from stacks.project.spec import DataOnDestroy

BATCH_BUCKET = "BatchBucket"
RUN_TABLE = "RunTable"
"""Logical ids, which are pinned: another one would be another, empty place."""

INPUT = "input/"
"""Where data sets are put."""

_EVENTS = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def add_batch_data(
    blueprint: Blueprint, project: str, arns: Arns, *, keep_days: int
) -> tuple[str, ...]:
    """Bucket and table are there; returns what must be there before anything writes to them.

    The bucket tells EventBridge of its objects whatever starts runs: to change that later would
    not tell of objects that came before.
    """
    stage = arns.stage
    kept = data(stage.data_on_destroy)
    more = {"NotificationConfiguration": _EVENTS}
    add_bucket(blueprint, BATCH_BUCKET, keep_days=keep_days, kept=kept, more=more)
    protected = {"DeletionProtectionEnabled": stage.data_on_destroy is DataOnDestroy.KEEP}
    table = {**table_properties(), **protected}
    blueprint.add(RUN_TABLE, "AWS::DynamoDB::Table", table, kept=kept)
    return empty_on_delete(blueprint, BATCH_BUCKET, project, arns)

"""What the functions of a batch reach, and what they are told of it."""

from __future__ import annotations

import json
from functools import cache

from tidegate.batch.plan import BatchPlan
from tidegate.batch.ports import BatchPorts
from tidegate.batch.work import Work
from tidegate.errors import NotFoundError
from tidegate_aws import clients
from tidegate_aws.batch_news import EventBridgeNews
from tidegate_aws.batch_objects import S3Objects
from tidegate_aws.batch_runs import DynamoRuns
from tidegate_aws.settings import Variable
from tidegate_aws.transform_jobs import SageMakerTransformJobs
from tidegate_aws.world import world

_NEEDS = (Variable.RUN_TABLE, Variable.BATCH_BUCKET, Variable.BATCH, Variable.BATCH_SLOTS)


@cache
def batch_plan() -> BatchPlan:
    """What the project file says, and what is in the slots."""
    settings = world(_NEEDS).settings
    return BatchPlan.from_json(
        json.loads(settings[Variable.BATCH]), json.loads(settings[Variable.BATCH_SLOTS])
    )


@cache
def batch_ports() -> BatchPorts:
    """All that a run reaches."""
    found = world(_NEEDS)
    return BatchPorts(
        objects=S3Objects(client=clients.s3()),
        jobs=SageMakerTransformJobs(client=clients.sagemaker()),
        runs=DynamoRuns(client=clients.dynamodb(), table=found.settings[Variable.RUN_TABLE]),
        news=EventBridgeNews(events=clients.events(), event_bus_name=found.settings.event_bus_name),
        clock=found.clock,
        bucket=found.settings[Variable.BATCH_BUCKET],
    )


def work_of(run: str) -> Work:
    """A run that is known, at work; NotFoundError when there is none."""
    record = batch_ports().runs.load(run)
    if record is None:
        raise NotFoundError(f"no run {run} of the batch of {batch_plan().model}")
    return Work(ports=batch_ports(), plan=batch_plan(), record=record)

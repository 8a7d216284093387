"""The shape of the hosting section: instances, or a serverless endpoint."""

from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.durations import PATTERN
from stacks.project.part import Part

_Duration = Annotated[str, StringConstraints(pattern=PATTERN)]


class InstancesFile(Part):
    """How many instances each slot has."""

    min: Annotated[int, Field(ge=1, le=100)] = 1
    """Instances that are always there, in each slot."""
    max: Annotated[int, Field(ge=1, le=100)] | None = None
    """Instances that autoscaling may add up to; left out: as many as min, no autoscaling."""
    invocations_per_minute: Annotated[int, Field(ge=1)] = 600
    """Requests a minute and instance that autoscaling aims at."""


class ServerlessFile(Part):
    """An endpoint that starts processes when requests come, and bills for nothing in between."""

    memory_mb: int
    """Memory of each process, which its share of processors follows: 1024 to 6144 in steps of
    1024."""
    max_concurrency: int
    """Requests that may be under way at once, 1 to 200; more are refused with 429."""
    provisioned_concurrency: int | None = None
    """Processes that stay ready, up to max_concurrency: they bill all the time. Left out: none, and
    the first request after a while waits for a process to start."""


class HostingFile(Part):
    """What a model runs on: instance_type, or serverless."""

    instance_type: str | None = None
    """SageMaker instance type, such as ml.m5.large; not with serverless."""
    instances: InstancesFile = InstancesFile()
    serverless: ServerlessFile | None = None
    """Processes on demand instead of instances."""
    start_timeout: _Duration = "5m"
    """Of instances: how long a container may take until it answers: 60s to 1h."""
    volume_key: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:.+$")] | None = None
    """Of instances: ARN of a KMS key for their volumes; left out: a key that SageMaker owns."""

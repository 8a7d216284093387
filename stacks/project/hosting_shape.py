"""The shape of the hosting section: instances that answer at once or later, or serverless."""

from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.durations import PATTERN
from stacks.project.part import Part

_Duration = Annotated[str, StringConstraints(pattern=PATTERN)]


class InstancesFile(Part):
    """How many instances each slot has."""

    min: Annotated[int, Field(ge=0, le=100)] = 1
    """Instances that are always there, in each slot; 0 with asynchronous only, where requests that
    wait start one."""
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


class AsynchronousFile(Part):
    """Requests wait in a queue, one a slot, and answers are objects in S3."""

    max_concurrency: int | None = None
    """Requests that an instance is given at once, 1 to 1000; left out: SageMaker chooses."""
    waiting_timeout: _Duration = "30m"
    """How long a request may wait in its queue, 60s to 6h; then it has failed. Together with
    processing_timeout at most 2h."""
    processing_timeout: _Duration = "15m"
    """How long a container may take over a request, 1s to 1h; then it has failed."""
    backlog_per_instance: Annotated[int, Field(ge=1)] = 5
    """Requests that wait or are processed, per instance, which autoscaling aims at."""
    keep_answers: _Duration = "7d"
    """How long requests and answers are kept, in whole days: 1d to 3650d."""


class Ec2File(Part):
    """EC2 instances that run the model's container: a group a slot, behind one load balancer."""

    instance_type: str
    """EC2 instance type with x86_64 processors, such as m5.large, or g5.xlarge with a GPU."""
    ami: str | None = None
    """Type of the Amazon Machine Image, whose newest one is taken at each deploy; left out: al2023,
    or with a GPU the Deep Learning AMI base-oss-nvidia-driver-gpu-amazon-linux-2023."""
    instances: Annotated[int, Field(ge=1, le=100)] = 1
    """Instances of each slot."""
    spot: bool = False
    """Spot instances, which AWS may take back with two minutes' notice."""
    volume_gb: Annotated[int, Field(ge=8, le=16_384)] | None = None
    """Size of each root volume (gp3, encrypted), at least the image's; left out: 30, or 100 of a
    Deep Learning AMI."""
    start_timeout: _Duration = "10m"
    """How long an instance may take from its launch until the model answers: 60s to 13m."""
    idle_stop: _Duration | None = None
    """After how long without a request all instances stop, 30m to 24h; the next request is answered
    503 and starts them. Left out: never."""


class HostingFile(Part):
    """What a model runs on: instance_type, asynchronous or not, serverless, or ec2."""

    instance_type: str | None = None
    """SageMaker instance type, such as ml.m5.large; not with serverless or ec2."""
    instances: InstancesFile = InstancesFile()
    serverless: ServerlessFile | None = None
    """Processes on demand instead of instances."""
    ec2: Ec2File | None = None
    """EC2 instances of your own instead of SageMaker's."""
    asynchronous: AsynchronousFile | None = None
    """Answers come later: for requests that take minutes, inputs up to 1 GB, and models whose
    instances may sleep. Needs instance_type."""
    start_timeout: _Duration = "5m"
    """Of instances: how long a container may take until it answers: 60s to 1h."""
    volume_key: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:.+$")] | None = None
    """Of instances: ARN of a KMS key for their volumes; left out: a key that SageMaker owns."""

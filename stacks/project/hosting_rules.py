"""Rules of the hosting section, what it means, and what the choice rules out elsewhere."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from stacks.project.asynchronous import answer_seconds_of, asynchronous_faults, asynchronous_of
from stacks.project.durations import seconds_of
from stacks.project.faults import Fault, did_you_mean
from stacks.project.fleets import ec2_faults, ec2_fleet, ec2_of, environment_faults
from stacks.project.hosting_shape import HostingFile, ServerlessFile
from stacks.project.spec import Hosted, HostingSpec, ServerlessSpec
from stacks.project.tables import instance_types, serverless_limits
from tidegate.fleet import Fleet, Hosting

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the section."""

_OF_INSTANCES = ("instance_type", "instances", "start_timeout", "volume_key", "asynchronous")
SERVERLESS_START_SECONDS = 300
"""What is reckoned for the first process of a serverless version; AWS publishes no limit."""


def hosting_faults(hosting: HostingFile, say: Say) -> Iterator[Fault]:
    """What is wrong with a hosting section."""
    if hosting.serverless is not None and hosting.ec2 is not None:
        yield say("serverless and ec2 exclude one another: drop one of the two", "ec2")
    if hosting.serverless is not None:
        yield from _mixed_faults(hosting, "serverless has none", say)
        yield from _serverless_faults(hosting.serverless, say)
        return
    if hosting.ec2 is not None:
        yield from _mixed_faults(hosting, "ec2 has keys of its own", say)
        yield from ec2_faults(hosting.ec2, say)
        return
    if hosting.instance_type is None:
        yield say(
            "hosting has neither instance_type nor serverless nor ec2: give one of them, such as "
            "instance_type: ml.m5.large, or serverless: { memory_mb: 2048, max_concurrency: 5 }"
        )
    else:
        yield from _type_faults(hosting.instance_type, say)
    yield from _instances_faults(hosting, say)
    yield from asynchronous_faults(hosting, say)


def is_chosen(hosting: HostingFile) -> bool:
    """Whether the section says what the model runs on, and one thing only."""
    choices = (hosting.instance_type, hosting.serverless, hosting.ec2)
    return sum(choice is not None for choice in choices) == 1


def _mixed_faults(hosting: HostingFile, why: str, say: Say) -> Iterator[Fault]:
    for key in _OF_INSTANCES:
        if key in hosting.model_fields_set:
            yield say(f"{key} belongs to instances, {why}: drop one of the two", key)


def _serverless_faults(serverless: ServerlessFile, say: Say) -> Iterator[Fault]:
    limits = serverless_limits()
    if serverless.memory_mb not in limits.memory_mb:
        allowed = ", ".join(str(size) for size in limits.memory_mb)
        yield say(
            f"memory_mb is {serverless.memory_mb}, allowed: {allowed}", "serverless", "memory_mb"
        )
    most, kept = serverless.max_concurrency, serverless.provisioned_concurrency
    if not 1 <= most <= limits.max_concurrency:
        yield say(
            f"max_concurrency is {most}, must be 1 to {limits.max_concurrency}",
            "serverless",
            "max_concurrency",
        )
    if kept is not None and not 1 <= kept <= most:
        yield say(
            f"provisioned_concurrency is {kept}, must be 1 to max_concurrency, {most}: or leave it "
            "out",
            "serverless",
            "provisioned_concurrency",
        )


def _type_faults(instance_type: str, say: Say) -> Iterator[Fault]:
    if instance_type not in instance_types():
        meant = did_you_mean(instance_type, instance_types())
        yield say(
            f"instance_type is {instance_type!r}, not one that SageMaker hosts on: {meant}",
            "instance_type",
        )


def _instances_faults(hosting: HostingFile, say: Say) -> Iterator[Fault]:
    instances = hosting.instances
    least = max(1, instances.min)
    if instances.max is not None and instances.max < least:
        yield say(
            f"instances.max is {instances.max}, below instances.min: must be at least {least}",
            "instances",
            "max",
        )
    if not 60 <= seconds_of(hosting.start_timeout) <= 3_600:
        yield say(f"start_timeout is {hosting.start_timeout!r}, must be 60s to 1h", "start_timeout")


def excluded_faults(raw: Mapping[str, Any], hosting: HostingFile, say: Say) -> Iterator[Fault]:
    """Keys of a model that its hosting rules out; `say` makes faults below the model.

    Source: developer guide, Serverless Inference: feature exclusions. Capture is of requests that
    are answered at once, and what is asked of a queue is in S3 as it is.
    """
    capture = raw.get("data_capture")
    percent = capture.get("percent") if isinstance(capture, Mapping) else None
    kinds = {
        "a serverless endpoint": hosting.serverless,
        "an asynchronous endpoint": hosting.asynchronous,
        "a fleet of EC2 instances": hosting.ec2,
    }
    chosen = [kind for kind, section in kinds.items() if section is not None]
    if chosen and isinstance(percent, int) and percent > 0:
        yield say(
            f"data_capture.percent is {percent}, and {chosen[0]} captures nothing: set 0 "
            "or drop data_capture, or host it on an instance_type that answers at once",
            "data_capture",
            "percent",
        )
    if hosting.ec2 is not None:
        yield from environment_faults(raw, say)


def region_faults(hosting: HostingFile, regions: Iterable[str], say: Say) -> Iterator[Fault]:
    """Regions of stages in which the hosting is not offered."""
    for region in sorted(set(regions) - serverless_limits().regions):
        if hosting.serverless is not None:
            yield say(
                f"serverless endpoints are not offered in {region}: choose another region, or an "
                "instance_type",
                "serverless",
            )


def hosting_of(file: HostingFile) -> Hosted:
    """The specification of a hosting section without faults."""
    if file.serverless is not None:
        return ServerlessSpec(
            memory_mb=file.serverless.memory_mb,
            max_concurrency=file.serverless.max_concurrency,
            provisioned_concurrency=file.serverless.provisioned_concurrency,
            start_seconds=SERVERLESS_START_SECONDS,
        )
    if file.ec2 is not None:
        return ec2_of(file.ec2)
    instances = file.instances
    return HostingSpec(
        instance_type=_type_of(file),
        instances_min=instances.min,
        instances_max=max(1, instances.min) if instances.max is None else instances.max,
        invocations_per_minute=instances.invocations_per_minute,
        start_seconds=seconds_of(file.start_timeout),
        volume_key=file.volume_key,
        asynchronous=asynchronous_of(file.asynchronous),
    )


def fleet_of(hosting: HostingFile) -> Fleet:
    """What each slot runs on when nothing has scaled out."""
    serverless = hosting.serverless
    if serverless is not None:
        kept = serverless.provisioned_concurrency
        return Fleet(
            instance_type="",
            instances=0,
            start_seconds=SERVERLESS_START_SECONDS,
            hosting=Hosting.SERVERLESS,
            memory_mb=serverless.memory_mb,
            provisioned=0 if kept is None else kept,
        )
    if hosting.ec2 is not None:
        return ec2_fleet(hosting.ec2)
    return Fleet(
        instance_type=_type_of(hosting),
        instances=hosting.instances.min,
        start_seconds=seconds_of(hosting.start_timeout),
        hosting=Hosting.INSTANCES if hosting.asynchronous is None else Hosting.ASYNCHRONOUS,
        answer_seconds=answer_seconds_of(hosting.asynchronous),
    )


def _type_of(hosting: HostingFile) -> str:
    if hosting.instance_type is None:
        raise ValueError("hosting names no instance type: its faults were to be told before")
    return hosting.instance_type

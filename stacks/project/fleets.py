"""Rules of hosting on EC2 instances, what it means, and what it rules out of a release."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stacks.project.durations import seconds_of
from stacks.project.faults import Fault, did_you_mean
from stacks.project.hosting_shape import Ec2File, HostingFile
from stacks.project.spec import Ec2Spec
from stacks.project.tables import ec2_types, ended_machine_images, machine_images
from tidegate.fleet import Fleet, Hosting
from tidegate.plan import ReleasePlan
from tidegate.strategies import Split, Strategy

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the section."""

ROLLING_START = 360
"""Seconds that instances may take to start where they are replaced in one group."""
IDLE = (1_800, 86_400)
START = (60, 780)
"""Seconds; the deploy waits for instances in a function, which has 15 minutes."""
MOST_ENVIRONMENT_BYTES = 10_000
"""User data has 16 KB in all (EC2 user guide), the environment of the container among it."""
_HERE = "ec2"
_GPU = re.compile(r"(g4dn|g5|g6|g6e|g6f|gr6|gr6f|p4d|p4de|p5|p5e|p5en)\.")
"""Families that the Deep Learning AMI names as supported (its release notes, 2026-01-08)."""
_PLAIN, _DEEP = "al2023", "base-oss-nvidia-driver-gpu-amazon-linux-2023"
_VOLUME_GB = {False: 30, True: 100}
"""By whether the image is a Deep Learning AMI."""


def has_gpu(instance_type: str) -> bool:
    """Whether instances of the type have a GPU that the Deep Learning AMI drives."""
    return _GPU.match(instance_type) is not None


def ec2_faults(section: Ec2File, say: Say) -> Iterator[Fault]:
    """What is wrong with an ec2 section."""
    if section.instance_type not in ec2_types():
        meant = did_you_mean(section.instance_type, ec2_types())
        yield say(
            f"instance_type is {section.instance_type!r}, no EC2 instance type with x86_64 "
            f"processors: {meant}",
            _HERE,
            "instance_type",
        )
    else:
        yield from _image_faults(section, say)
    if not START[0] <= seconds_of(section.start_timeout) <= START[1]:
        yield say(
            f"start_timeout is {section.start_timeout!r}, must be 60s to 13m",
            _HERE,
            "start_timeout",
        )
    if section.idle_stop is not None and not IDLE[0] <= seconds_of(section.idle_stop) <= IDLE[1]:
        yield say(
            f"idle_stop is {section.idle_stop!r}, must be 30m to 24h, or left out",
            _HERE,
            "idle_stop",
        )


def _image_faults(section: Ec2File, say: Say) -> Iterator[Fault]:
    name = _image_name(section)
    if name in ended_machine_images():
        yield say(
            f"ami is {name!r}, which AWS has not supported since {ended_machine_images()[name]}: "
            f"use {' or '.join(machine_images())}",
            _HERE,
            "ami",
        )
    elif name not in machine_images():
        yield say(f"ami is {name!r}: {did_you_mean(name, machine_images())}", _HERE, "ami")
    elif machine_images()[name].gpu != has_gpu(section.instance_type):
        kind = "has a GPU" if has_gpu(section.instance_type) else "has no GPU that it drives"
        fitting = _DEEP if has_gpu(section.instance_type) else _PLAIN
        yield say(
            f"ami is {name}, and {section.instance_type} {kind}: use {fitting}, or leave ami out",
            _HERE,
            "ami",
        )


def _image_name(section: Ec2File) -> str:
    if section.ami is not None:
        return section.ami
    return _DEEP if has_gpu(section.instance_type) else _PLAIN


def environment_faults(raw: Mapping[str, Any], say: Say) -> Iterator[Fault]:
    """Variables of the container that user data cannot hold; `say` makes faults below the model."""
    environment = raw.get("environment")
    pairs = environment.items() if isinstance(environment, Mapping) else ()
    size = sum(len(f"{name}={value}".encode()) for name, value in pairs)
    if size > MOST_ENVIRONMENT_BYTES:
        yield say(
            f"environment has {size} bytes, on ec2 it may have {MOST_ENVIRONMENT_BYTES}: user data "
            "of instances is 16 KB in all; put the rest into the artifact",
            "environment",
        )
    for name, value in pairs:
        if "\n" in str(value) or "\r" in str(value):
            yield say(
                f"environment.{name} has a line break, which no file of variables can have on ec2: "
                "put it into the artifact",
                "environment",
                name,
            )


def ec2_of(section: Ec2File) -> Ec2Spec:
    """The specification of an ec2 section without faults."""
    image = machine_images()[_image_name(section)]
    volume = _VOLUME_GB[image.docker] if section.volume_gb is None else section.volume_gb
    return Ec2Spec(
        instance_type=section.instance_type,
        image=image,
        instances=section.instances,
        spot=section.spot,
        volume_gb=volume,
        start_seconds=seconds_of(section.start_timeout),
        idle_seconds=None if section.idle_stop is None else seconds_of(section.idle_stop),
    )


def ec2_fleet(section: Ec2File) -> Fleet:
    """What each slot runs on."""
    return Fleet(
        instance_type=section.instance_type,
        instances=section.instances,
        start_seconds=seconds_of(section.start_timeout),
        hosting=Hosting.FLEET,
    )


def drawn_faults(plan: ReleasePlan, hosting: HostingFile | None) -> Iterator[tuple[str, str]]:
    """Keys of a release plan that hosting on EC2 rules out, and why."""
    if hosting is None or hosting.ec2 is None:
        return
    if plan.split is not Split.ROUTER:
        yield (
            "split",
            (
                f"split is {plan.split}, and no endpoint draws between the two groups of instances "
                "of a fleet: set split: router"
            ),
        )
    if plan.strategy is Strategy.ROLLING and seconds_of(hosting.ec2.start_timeout) > ROLLING_START:
        yield (
            "strategy",
            (
                f"strategy is rolling, and hosting.ec2.start_timeout is "
                f"{hosting.ec2.start_timeout!r}: a deploy that replaces instances waits for them "
                "twice, in a function that has 15 minutes; set start_timeout to 6m or less"
            ),
        )
    if plan.strategy is Strategy.ROLLING and hosting.ec2.idle_stop is not None:
        yield (
            "strategy",
            (
                "strategy is rolling, and hosting.ec2.idle_stop puts the fleet to sleep: instances "
                "that sleep are not replaced; leave idle_stop out, or use canary or linear"
            ),
        )

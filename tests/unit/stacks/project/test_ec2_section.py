"""The ec2 section of hosting: types, images, limits, and what it rules out of a release."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.fleets import has_gpu
from stacks.project.load import load_project
from stacks.project.spec import Ec2Spec
from tests.unit.stacks.project.conftest import GOOD
from tidegate.fleet import Hosting

Faults = Callable[..., list[str]]

PLAIN = "      instance_type: ml.m5.large\n      instances: { min: 1, max: 2 }\n"
ON_EC2 = "      ec2: { instance_type: m5.large, instances: 2 }\n"
HERE = (PLAIN, ON_EC2)
ROUTER = ("strategy: canary", "strategy: canary\n      split: router")


def test_a_section_is_read(folder: Path):
    """Plain Amazon Linux without a GPU, ten minutes to start, on demand."""
    file = folder / "tidegate.yaml"
    assert PLAIN in GOOD
    file.write_text(GOOD.replace(*HERE).replace(*ROUTER))
    model = load_project(file).models["fraud"]
    hosting = model.hosting
    assert isinstance(hosting, Ec2Spec)
    assert (hosting.kind, hosting.instances, hosting.spot) == (Hosting.FLEET, 2, False)
    assert "al2023-ami-kernel-default-x86_64" in hosting.image.parameter
    assert (hosting.volume_gb, hosting.start_seconds) == (30, 600)
    assert not model.has_tracks


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ("instance_type: m6g.large", "no EC2 instance type with x86_64 processors"),
        ("instance_type: ml.m5.large", "did you mean m5.large"),
        ("instance_type: m5.large, ami: al2", "AWS has not supported since 2026-06-30"),
        ("instance_type: m5.large, ami: ubuntu", "ami is 'ubuntu'"),
        ("instance_type: g5.xlarge, ami: al2023", "g5.xlarge has a GPU: use base-oss-nvidia"),
        (
            "instance_type: m5.large, ami: base-oss-nvidia-driver-gpu-amazon-linux-2023",
            "has no GPU that it drives: use al2023",
        ),
        ("instance_type: m5.large, start_timeout: 14m", "must be 60s to 13m"),
    ],
)
def test_what_cannot_be_is_refused(faults: Faults, after: str, words: str):
    """With the value and what is allowed."""
    section = f"      ec2: {{ {after} }}\n"
    assert any(words in one for one in faults((PLAIN, section), ROUTER))


def test_kinds_of_hosting_exclude_one_another(faults: Faults):
    """Each says so at its key."""
    both = f"{PLAIN}{ON_EC2}"
    said = faults((PLAIN, both), ROUTER)
    assert any("instance_type belongs to instances, ec2 has keys of its own" in one for one in said)


def test_the_router_has_to_draw(faults: Faults):
    """No endpoint does."""
    assert any("set split: router" in one for one in faults(HERE))


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ("strategy: canary\n      mechanism: guardrail", "SageMaker moves the traffic of its own"),
        ("strategy: canary\n      mechanism: dns", "one load balancer is before both slots"),
    ],
)
def test_other_strategies_are_refused_by_name(faults: Faults, strategy: str, words: str):
    """With those that are left."""
    said = faults(HERE, ("strategy: canary", strategy))
    left = "use linear by weights, canary by weights, rolling by weights"
    assert any(words in one and left in one for one in said)


ROLLING = "strategy: rolling\n      mechanism: weights\n      split: router"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("instances: 2, start_timeout: 6m", None),
        ("instances: 1, start_timeout: 6m", "needs at least 2 instances"),
        ("instances: 2", "set start_timeout to 6m or less"),
        ("instances: 2, start_timeout: 6m, idle_stop: 2h", "leave idle_stop out"),
    ],
)
def test_instances_of_one_group_are_replaced_awake_and_in_time(
    faults: Faults, section: str, words: str | None
):
    """A deploy waits for them in a function, twice as long as one takes to start."""
    on_ec2 = f"      ec2: {{ instance_type: m5.large, {section} }}\n"
    every = faults((PLAIN, on_ec2), ("strategy: canary", ROLLING))
    said = [one for one in every if "steps" not in one]
    assert (words is None and said == []) or any(str(words) in one for one in said)


@pytest.mark.parametrize(
    ("type_", "gpu"), [("g5.xlarge", True), ("p5en.48xlarge", True), ("m5.large", False)]
)
def test_gpus_are_told_by_their_family(type_: str, gpu: object):
    """Those that the Deep Learning AMI names."""
    assert has_gpu(type_) is gpu

"""What deploys may not change while autoscaling is attached."""

from typing import Any

import pytest

from tidegate.fleet import Hosting
from tidegate.scaling import Scaling, scaling_faults
from tidegate.slots import PAIR, Slot

BOTH = frozenset(PAIR)
BLUE = frozenset({Slot.BLUE})
NONE: frozenset[Slot] = frozenset()


def on(instance_type: str = "ml.m5.large", **changes: Any) -> Scaling:
    """Both slots on these instances, and both follow their load."""
    return Scaling(**{"instance_type": instance_type, "served": BOTH, "scaled": BOTH, **changes})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (on(), on("ml.m5.xlarge")),
        (on(scaled=NONE), on("ml.m5.xlarge")),
        (on(), on("ml.m5.xlarge", scaled=NONE)),
    ],
)
def test_the_instance_type_stays_while_anything_is_attached(before: Scaling, after: Scaling):
    """Before or after: CloudFormation might have to go back."""
    (fault,) = scaling_faults("flights", before, after)
    assert "from ml.m5.large to ml.m5.xlarge" in fault
    assert "deploy with instances.max equal to instances.min first" in fault


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (on(), on(served=BLUE, scaled=BLUE)),
        (on(served=BLUE, scaled=BLUE), on()),
        (on(), on(served=BLUE, scaled=NONE)),
    ],
)
def test_a_scaled_variant_stays(before: Scaling, after: Scaling):
    """It neither goes nor comes together with its target."""
    (fault,) = scaling_faults("flights", before, after)
    assert "its variants change (green)" in fault


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (on(), on()),
        (on(), on(scaled=NONE)),
        (on(scaled=NONE), on("ml.m5.xlarge", scaled=NONE)),
        (on("ml.m5.xlarge", scaled=NONE), on("ml.m5.xlarge")),
        (on(served=BLUE, scaled=NONE), on(scaled=NONE)),
        (None, on()),
        (on(), None),
    ],
)
def test_one_thing_after_the_other_is_allowed(before: Scaling | None, after: Scaling | None):
    """Detach, change, attach; and templates that say nothing of it."""
    assert scaling_faults("flights", before, after) == ()


def test_it_goes_through_a_template():
    """As CloudFormation hands it on: lists and texts."""
    told = {
        "instance_type": "ml.m5.large",
        "served": ["blue", "green"],
        "scaled": ["blue"],
        "hosting": "instances",
    }
    assert on(scaled=BLUE).to_json() == told
    assert Scaling.from_json(told) == on(scaled=BLUE)


@pytest.mark.parametrize(
    "kinds",
    [
        ("instances", "serverless"),
        ("serverless", "instances"),
        ("ec2", "ec2 in one group"),
        ("ec2 in one group", "ec2"),
    ],
)
def test_hosting_stays_what_it_was(kinds: tuple[str, str]):
    """SageMaker refuses it, or it is no way back: instances would answer at other ports."""
    before, after = (on(hosting=Hosting(kind), scaled=NONE) for kind in kinds)
    (fault,) = scaling_faults("flights", before, after)
    assert f"hosting of flights changes from {kinds[0]} to {kinds[1]}" in fault
    assert "give the model another name" in fault


def test_template_of_an_earlier_version_is_on_instances():
    """It does not say so, because there was nothing else."""
    told = on().to_json()
    del told["hosting"]
    assert Scaling.from_json(told) == on()

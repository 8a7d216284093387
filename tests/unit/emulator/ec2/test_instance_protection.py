"""Protection from scale-in: which instances can have it."""

import pytest

from emulator.ec2.errors import ScalingError
from emulator.ec2.operations import GroupOperations
from emulator.ec2.state import IN_SERVICE, PENDING, TERMINATING, Group, Instance, Store
from emulator.sagemaker.names import Tenant

TENANT = Tenant("000000000000", "us-east-1")


@pytest.fixture
def group() -> Group:
    """A group with an instance in each state, named by it."""
    instances = [
        Instance(instance_id=state, zone="a", kind="k", template={}, launched_at=0.0, state=state)
        for state in (IN_SERVICE, PENDING, TERMINATING)
    ]
    return Group(name="g", arn="arn:g", tenant=TENANT, shape={}, tags=[], instances=instances)


def protect(group: Group, *ids: str) -> None:
    """They are protected from now; ScalingError if one can't be."""
    store = Store(groups={(TENANT, "g"): group})
    operations = GroupOperations(store=store, knows_target_group=lambda _: True, now=lambda: 0.0)
    request = {"AutoScalingGroupName": "g", "InstanceIds": ids, "ProtectedFromScaleIn": True}
    operations.protect(TENANT, request)


def protected(group: Group) -> list[str]:
    """The instances that scaling in spares."""
    return [one.instance_id for one in group.instances if one.protected]


def test_an_instance_in_service_can_be_protected(group: Group):
    """And only that one is."""
    protect(group, IN_SERVICE)

    assert protected(group) == [IN_SERVICE]


@pytest.mark.parametrize("state", [PENDING, TERMINATING])
def test_an_instance_that_comes_or_goes_can_not_be_protected(group: Group, state: str):
    """Nor is any other of the same request."""
    with pytest.raises(ScalingError, match="is not in InService or EnteringStandby or Standby"):
        protect(group, IN_SERVICE, state)

    assert protected(group) == []


def test_an_instance_of_no_group_can_not_be_protected(group: Group):
    """Nor is any other of the same request."""
    with pytest.raises(ScalingError, match="instance i-0 is not part of Auto Scaling group g"):
        protect(group, IN_SERVICE, "i-0")

    assert protected(group) == []


def test_at_most_fifty_are_protected_at_a_time(group: Group):
    """AWS's limit."""
    protect(group, *[IN_SERVICE] * 50)

    with pytest.raises(ScalingError, match="at most 50, got 51"):
        protect(group, *[IN_SERVICE] * 51)

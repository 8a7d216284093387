"""Names of fleets: told apart from endpoints, their function, their groups."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.ec2 import (
    asking_function,
    fleet_name,
    groups_in,
    instances_for,
    is_fleet,
    is_rolling,
    rolling_config,
    rolling_group,
    rolling_name,
    templates_in,
)
from tidegate.schedules import batch_size, rolling_steps


def test_a_fleet_is_told_from_an_endpoint_by_its_name():
    """No endpoint of SageMaker can have a slash in its name."""
    assert is_fleet(fleet_name("demo-dev-flights"))
    assert not is_fleet("demo-dev-flights")
    assert not is_fleet("service/demo-dev-flights")


def test_the_function_is_named_by_the_place():
    """The router's rights name it by a pattern."""
    assert asking_function(fleet_name("demo-dev-flights")) == "demo-dev-flights-ask"


def test_groups_are_read_by_slot():
    """As a deploy declares them."""
    assert groups_in("blue=a-1 green=b-2") == {"blue": "a-1", "green": "b-2"}
    assert groups_in("") == {}


def test_a_fleet_of_one_group_has_a_name_of_its_own():
    """It is a fleet, whose function is named alike."""
    assert is_rolling(rolling_name("demo-dev-flights"))
    assert is_fleet(rolling_name("demo-dev-flights"))
    assert not is_rolling(fleet_name("demo-dev-flights"))
    assert asking_function(rolling_name("demo-dev-flights")) == "demo-dev-flights-ask"


def test_a_group_is_read_with_the_template_of_each_slot():
    """As a deploy declares them."""
    config = rolling_config("g", {"green": "lt-2", "blue": "lt-1"})
    assert config == "blue=lt-1 green=lt-2 group=g"
    assert rolling_group(config) == "g"
    assert templates_in(config) == {"blue": "lt-1", "green": "lt-2"}
    assert rolling_group("blue=a green=b") == ""


@given(size=st.integers(2, 100), percent=st.integers(5, 50))
def test_each_step_is_a_whole_batch_of_instances(size: int, percent: int):
    """Shares are in whole percents, and lead back to the instances that they were made of."""
    batch = batch_size(instances=size, batch_percent=percent)
    steps = rolling_steps(instances=size, batch_percent=percent, bake_seconds=60)
    needed = [instances_for(step.share_percent, size=size) for step in steps]
    assert needed == [batch * number for number in range(1, len(steps) + 1)]
    assert 0 < size - needed[-1] <= batch


def test_users_go_first_to_the_last_batch():
    """A slot that gets everything needs nothing that it has not; one that gets nothing neither."""
    assert instances_for(100, size=4) == 0
    assert instances_for(0, size=4) == 0
    assert instances_for(1, size=4) == 1

"""Names of fleets: told apart from endpoints, their function, their groups."""

from tidegate.ec2 import asking_function, fleet_name, groups_in, is_fleet


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

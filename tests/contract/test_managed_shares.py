"""Shares of arms in DynamoDB: a port `Endpoints` for what has none."""

from collections.abc import Iterator

import pytest

from tests.aws import RELEASE_TABLE, mocked_aws
from tests.botocore_model import watched_requests
from tidegate.errors import NotFoundError
from tidegate.managed import managed_name
from tidegate_aws import clients
from tidegate_aws.managed_shares import EitherEndpoints, ManagedShares

NAME = managed_name("helpers-test-callers")


@pytest.fixture
def shares() -> Iterator[ManagedShares]:
    """Nothing was deployed."""
    with mocked_aws(), watched_requests() as requests:
        yield ManagedShares(client=clients.dynamodb(), table=RELEASE_TABLE)
    assert requests.faults == []


def test_what_was_never_deployed_is_not_found(shares: ManagedShares) -> None:
    """As an endpoint that is not there."""
    with pytest.raises(NotFoundError):
        shares.read(NAME)


def test_the_live_arm_has_everything_at_first(shares: ManagedShares) -> None:
    """And what was deployed is read back."""
    shares.declare(NAME, "settings-1", ["blue", "green"], "blue")
    state = shares.read(NAME)
    assert (state.status, state.config_name) == ("InService", "settings-1")
    assert state.shares() == {"blue": 100.0, "green": 0.0}


def test_shares_are_as_they_were_set(shares: ManagedShares) -> None:
    """Zero stays zero, and another deploy keeps the shares of arms that stay."""
    shares.declare(NAME, "settings-1", ["blue", "green"], "blue")
    shares.set_weights(NAME, {"blue": 0, "green": 100})
    assert shares.read(NAME).shares() == {"blue": 0.0, "green": 100.0}
    shares.declare(NAME, "settings-2", ["green", "blue"], "green")
    state = shares.read(NAME)
    assert (state.config_name, state.shares()) == ("settings-2", {"blue": 0.0, "green": 100.0})


def test_arms_of_a_test_come_and_go(shares: ManagedShares) -> None:
    """The live one keeps everything."""
    shares.declare(NAME, "settings-1", ["a", "b", "c"], "a")
    shares.set_weights(NAME, {"a": 0, "b": 100, "c": 0})
    shares.declare(NAME, "settings-2", ["b", "green"], "b")
    assert shares.read(NAME).shares() == {"b": 100.0, "green": 0.0}


def test_what_was_forgotten_is_not_found(shares: ManagedShares) -> None:
    """Twice is once."""
    shares.declare(NAME, "settings-1", ["blue", "green"], "blue")
    shares.forget(NAME)
    shares.forget(NAME)
    with pytest.raises(NotFoundError):
        shares.read(NAME)


def test_names_say_who_is_asked(shares: ManagedShares) -> None:
    """Endpoints of SageMaker are SageMaker's."""
    shares.declare(NAME, "settings-1", ["blue", "green"], "blue")
    sagemaker = ManagedShares(client=clients.dynamodb(), table="another")
    either = EitherEndpoints(
        sagemaker=sagemaker, managed=shares, fleets=shares, rolling=shares, edge=sagemaker
    )
    either.set_weights(NAME, {"blue": 50, "green": 50})
    either.wake(NAME, "green", share=50)
    assert either.read(NAME).shares() == {"blue": 50.0, "green": 50.0}
    with pytest.raises(clients.dynamodb().exceptions.ResourceNotFoundException):
        either.read("helpers-test-model")

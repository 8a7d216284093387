"""The contract of port `Firsts`."""

from typing import Any

import pytest

from tests.aws import OBSERVATION_TABLE
from tests.fakes import FakeClock, FakeFirsts
from tests.samples import RELEASE
from tidegate.ports import Firsts
from tidegate_aws import clients
from tidegate_aws.counters import COUNTERS_KEPT_SECONDS
from tidegate_aws.firsts import DynamoFirsts


@pytest.fixture
def firsts(backend: str) -> Firsts:
    """Nothing was claimed."""
    if backend == "fake":
        return FakeFirsts()
    return DynamoFirsts(client=clients.dynamodb(), table=OBSERVATION_TABLE, clock=FakeClock())


def test_the_first_mark_stays(firsts: Firsts):
    """Whoever comes later is told what was there."""
    assert firsts.claim(RELEASE, "served/ada", "[1]") == "[1]"
    assert firsts.claim(RELEASE, "served/ada", "[2]") == "[1]"


def test_a_claim_made_again_is_the_first_still(firsts: Firsts):
    """A task may run twice."""
    firsts.claim(RELEASE, "served/ada", "[1]")
    assert firsts.claim(RELEASE, "served/ada", "[1]") == "[1]"


def test_names_and_releases_are_apart(firsts: Firsts):
    """Each has a first of its own."""
    firsts.claim(RELEASE, "served/ada", "[1]")
    assert firsts.claim(RELEASE, "served/bob", "[2]") == "[2]"
    assert firsts.claim("another", "served/ada", "[3]") == "[3]"


@pytest.mark.parametrize("backend", ["moto"], indirect=True)
def test_firsts_expire_long_after_their_release(firsts: Firsts):
    """As the counters do that they belong to."""
    firsts.claim(RELEASE, "served/ada", "[1]")
    answer: Any = clients.dynamodb().scan(TableName=OBSERVATION_TABLE)
    (item,) = answer["Items"]
    assert int(item["expires_at"]["N"]) == 1_800_000_000 + COUNTERS_KEPT_SECONDS

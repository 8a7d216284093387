"""The contract of port `Firsts`."""

from typing import Any

import pytest

from tests.aws import OBSERVATION_TABLE
from tests.fakes import FakeClock
from tests.request_fakes import FakeFirsts
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
    assert firsts.claim(RELEASE, {"served/ada": "[1]"}) == {"served/ada": "[1]"}
    assert firsts.claim(RELEASE, {"served/ada": "[2]"}) == {"served/ada": "[1]"}


def test_a_claim_made_again_is_the_first_still(firsts: Firsts):
    """A task may run twice."""
    firsts.claim(RELEASE, {"served/ada": "[1]"})
    assert firsts.claim(RELEASE, {"served/ada": "[1]"}) == {"served/ada": "[1]"}


def test_names_and_releases_are_apart(firsts: Firsts):
    """Each has a first of its own."""
    firsts.claim(RELEASE, {"served/ada": "[1]"})
    assert firsts.claim(RELEASE, {"served/bob": "[2]"}) == {"served/bob": "[2]"}
    assert firsts.claim("another", {"served/ada": "[3]"}) == {"served/ada": "[3]"}


def test_many_are_claimed_at_once(firsts: Firsts):
    """Each for itself: some may be taken, and none needs none."""
    firsts.claim(RELEASE, {"served/7": "[7]"})
    found = firsts.claim(RELEASE, {f"served/{number}": "[0]" for number in range(40)})
    assert found == {f"served/{n}": "[7]" if n == 7 else "[0]" for n in range(40)}
    assert firsts.claim(RELEASE, {}) == {}


@pytest.mark.parametrize("backend", ["moto"], indirect=True)
def test_another_process_finds_what_was_first(firsts: Firsts):
    """What one remembers, the other reads."""
    firsts.claim(RELEASE, {"served/ada": "[1]"})
    other = DynamoFirsts(client=clients.dynamodb(), table=OBSERVATION_TABLE, clock=FakeClock())
    assert other.claim(RELEASE, {"served/ada": "[2]"}) == {"served/ada": "[1]"}
    assert firsts.claim(RELEASE, {"served/ada": "[3]"}) == {"served/ada": "[1]"}


@pytest.mark.parametrize("backend", ["moto"], indirect=True)
def test_firsts_expire_long_after_their_release(firsts: Firsts):
    """As the counters do that they belong to."""
    firsts.claim(RELEASE, {"served/ada": "[1]"})
    answer: Any = clients.dynamodb().scan(TableName=OBSERVATION_TABLE)
    (item,) = answer["Items"]
    assert int(item["expires_at"]["N"]) == 1_800_000_000 + COUNTERS_KEPT_SECONDS

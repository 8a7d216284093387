"""The contract of port `LookStore`."""

from dataclasses import replace
from typing import Any

import pytest

from tests.aws import RELEASE_TABLE
from tests.fakes import FakeLookStore
from tests.samples import RELEASE
from tidegate.early import Missing
from tidegate.errors import ConflictError
from tidegate.observation import Observation, ObservationKey, OutcomeCounts
from tidegate.ports import Look, LookStore
from tidegate_aws import clients
from tidegate_aws.look_store import DynamoLookStore


@pytest.fixture
def looks(backend: str) -> LookStore:
    """An empty store."""
    if backend == "fake":
        return FakeLookStore()
    return DynamoLookStore(client=clients.dynamodb(), table=RELEASE_TABLE)


def a_look(number: int, **changes: Any) -> Look:
    """A look at one interval."""
    observation = Observation(
        key=ObservationKey(release_id=RELEASE, interval=number, split_version=3, slot="green"),
        requests=40,
        errors=2,
        clients_with_errors=1,
        latency={20: 30, 21: 8},
        outcomes={0: OutcomeCounts(known=3, wrong=1)},
    )
    look = Look(
        number=number,
        after=number - 1,
        through=number,
        at=1_800_000_000.25,
        observations=(observation,),
    )
    return replace(look, **changes)


def judged(number: int) -> Look:
    """A look with a verdict."""
    return a_look(number, verdict={"kind": "continue", "reason": f"look {number}"})


def test_an_unknown_release_has_no_looks(looks: LookStore):
    """Nothing was looked at, nothing judged."""
    assert looks.looks(RELEASE) == ()
    assert looks.last_look(RELEASE) is None
    assert looks.judge_state(RELEASE) is None


def test_a_look_reads_back(looks: LookStore):
    """Every count and the moment survive."""
    assert looks.put_look(RELEASE, a_look(1)) == a_look(1)
    assert looks.looks(RELEASE) == (a_look(1),)
    assert looks.last_look(RELEASE) == a_look(1)


def test_what_was_given_of_open_intervals_reads_back(looks: LookStore):
    """An early look closes nothing; the newest look has the sums of what early ones gave."""
    given = a_look(2).observations
    early = a_look(1, through=0, given=given, missing=Missing(requests=-0.1, variance=0.3))
    looks.put_look(RELEASE, early)
    assert looks.last_look(RELEASE) == early
    assert looks.looks(RELEASE) == (early,)
    assert early.early
    assert not a_look(1).early


def test_a_look_is_written_once(looks: LookStore):
    """Whoever comes second gets the look that is there."""
    looks.put_look(RELEASE, a_look(1))
    assert looks.put_look(RELEASE, a_look(1, through=7)) == a_look(1)
    assert looks.looks(RELEASE) == (a_look(1),)


def test_looks_come_in_the_order_of_their_numbers(looks: LookStore):
    """Ten follows nine, and those asked for are those after a number."""
    for number in (10, 9, 2, 1):
        looks.put_look(RELEASE, a_look(number))
    assert [look.number for look in looks.looks(RELEASE)] == [1, 2, 9, 10]
    assert [look.number for look in looks.looks(RELEASE, after=2)] == [9, 10]
    last = looks.last_look(RELEASE)
    assert last is not None
    assert last.number == 10


def test_looks_of_another_release_are_not_seen(looks: LookStore):
    """A release whose id begins with another's is another release."""
    looks.put_look(f"{RELEASE}0", a_look(1))
    assert looks.looks(RELEASE) == ()
    assert looks.last_look(RELEASE) is None


def test_a_judgement_is_the_look_s_verdict_and_the_state_after_it(looks: LookStore):
    """Both are written at once."""
    looks.put_look(RELEASE, a_look(1))
    looks.put_judgement(RELEASE, judged(1), {"wealth": 0.25})
    assert looks.looks(RELEASE) == (judged(1),)
    assert looks.judge_state(RELEASE) == (1, {"wealth": 0.25})


def test_repeating_a_judgement_does_nothing(looks: LookStore):
    """The first one stays, even after the next look was judged."""
    looks.put_look(RELEASE, a_look(1))
    looks.put_look(RELEASE, a_look(2))
    looks.put_judgement(RELEASE, judged(1), {"wealth": 1})
    looks.put_judgement(RELEASE, judged(1), {"wealth": 99})
    looks.put_judgement(RELEASE, judged(2), {"wealth": 2})
    looks.put_judgement(RELEASE, judged(1), {"wealth": 99})
    assert looks.judge_state(RELEASE) == (2, {"wealth": 2})


def test_looks_are_judged_in_order(looks: LookStore):
    """The state after look 2 cannot be known before look 1 was judged."""
    looks.put_look(RELEASE, a_look(2))
    with pytest.raises(ConflictError):
        looks.put_judgement(RELEASE, judged(2), {})
    assert looks.judge_state(RELEASE) is None


def test_a_look_that_is_not_there_is_not_judged(looks: LookStore):
    """A state without its look would prove nothing."""
    with pytest.raises(ConflictError):
        looks.put_judgement(RELEASE, judged(1), {})
    assert looks.judge_state(RELEASE) is None


def test_the_largest_look_fits(looks: LookStore):
    """Thirty intervals, three slots, every latency and delay bucket used."""
    observations = tuple(
        Observation(
            key=ObservationKey(release_id=RELEASE, interval=i, split_version=3, slot=slot),
            requests=10_000 + i,
            errors=i,
            latency={bucket: 1_000 + 7 * i + bucket for bucket in range(77)},
            outcomes={bucket: OutcomeCounts(known=900 + i, wrong=i) for bucket in range(17)},
        )
        for i in range(30)
        for slot in ("blue", "green", "unknown")
    )
    look = a_look(1, observations=observations)
    looks.put_look(RELEASE, look)
    assert looks.looks(RELEASE) == (look,)

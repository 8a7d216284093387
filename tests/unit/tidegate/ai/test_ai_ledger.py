"""What a message means for its work, and when a throttled one comes back."""

import pytest

from tests.ai_fakes import FakeDraws
from tidegate.ai.ledger import (
    Claim,
    Claimed,
    Delivery,
    QueueTerms,
    WorkRecord,
    WorkState,
    claim,
)
from tidegate.ai.retry import Backoff, hidden_seconds

TERMS = QueueTerms(hidden_seconds=100, most_receives=5)


def record(state: WorkState = WorkState.OPEN, *, touched_at: float = 1_000.0) -> WorkRecord:
    """A work that message `one` carries."""
    return WorkRecord(
        work="w", key="in/x/a", size=1, state=state, holder="one", touched_at=touched_at
    )


def claimed(
    known: WorkRecord | None, id_: str, *, sent_at: float = 900.0, now: float = 1_010.0
) -> Claimed:
    """What is done about a message."""
    return claim(known, Delivery(id=id_, sent_at=sent_at, receives=1), TERMS, now=now)


def test_new_work_is_taken() -> None:
    """By whatever message comes first."""
    assert claimed(None, "one").claim is Claim.TAKE


def test_the_holder_goes_on() -> None:
    """Its function was killed, or failed."""
    assert claimed(record(), "one").claim is Claim.TAKE


@pytest.mark.parametrize("state", [WorkState.DONE, WorkState.REFUSED])
@pytest.mark.parametrize("id_", ["one", "two"])
def test_work_that_is_over_stays_over(state: WorkState, id_: str) -> None:
    """Nobody does it again."""
    assert claimed(record(state), id_).claim is Claim.DROP


def test_a_duplicate_waits_until_the_holder_must_be_over() -> None:
    """Five times a hundred seconds after its last sign of life."""
    assert claimed(record(), "two") == Claimed(claim=Claim.WAIT, seconds=491)


def test_a_duplicate_of_a_dead_letter_is_dropped() -> None:
    """It was sent before the holder last tried."""
    assert claimed(record(), "two", now=1_501.0).claim is Claim.DROP
    assert claimed(record(WorkState.DEAD), "two").claim is Claim.DROP


def test_a_dead_letter_that_was_sent_back_is_taken() -> None:
    """It was sent after the holder last tried; SQS gives it a new id."""
    assert claimed(record(), "two", sent_at=1_200.0, now=1_501.0).claim is Claim.TAKE
    assert claimed(record(WorkState.DEAD), "two", sent_at=1_005.0).claim is Claim.TAKE


def test_waits_grow_and_have_jitter() -> None:
    """Full jitter: anything from nothing to twice the wait before."""
    backoff = Backoff(tries=5, base=0.2, longest=1.0)
    assert list(backoff.waits(FakeDraws(1.0))) == [0.2, 0.4, 0.8, 1.0]
    assert list(backoff.waits(FakeDraws(0.5))) == [0.1, 0.2, 0.4, 0.5]


def test_throttled_messages_wait_longer_each_time() -> None:
    """Never less than ten seconds, never longer than the queue hides any."""
    most = [hidden_seconds(n, FakeDraws(1.0), longest=100) for n in (1, 2, 3, 4, 5)]
    assert most == [20, 40, 80, 100, 100]
    assert hidden_seconds(3, FakeDraws(0.0), longest=100) == 10

"""The contract of port `Ledger` of AI services."""

import pytest

from tests.ai_fakes import FakeServiceLedger, FakeTime
from tests.aws import OBSERVATION_TABLE
from tidegate.ai.ledger import Answered, WorkRecord, WorkState
from tidegate.ai.ports import Ledger
from tidegate.errors import ConflictError
from tidegate_aws import clients
from tidegate_aws.ai.ledger import DynamoServiceLedger

RECORD = WorkRecord(
    work="w1",
    key="in/posts/a.jsonl",
    size=10,
    state=WorkState.OPEN,
    holder="m1",
    touched_at=1_000.5,
)


@pytest.fixture
def ledger(backend: str) -> Ledger:
    """Nothing is known."""
    if backend == "fake":
        return FakeServiceLedger()
    return DynamoServiceLedger(client=clients.dynamodb(), table=OBSERVATION_TABLE, clock=FakeTime())


def test_what_was_saved_is_read(ledger: Ledger) -> None:
    """Every field of it, and the newest work of a key."""
    assert ledger.work("w1") is None
    assert ledger.newest(RECORD.key) is None
    ledger.save_work(RECORD, after=None)
    waiting = RECORD.changed(job={"next": 3}, holder="m2", why="x:Y: Throttled")
    ledger.save_work(waiting, after=RECORD)
    assert ledger.work("w1") == waiting
    assert ledger.newest(RECORD.key) == "w1"


def test_the_newest_work_of_a_key_is_the_last_that_came(ledger: Ledger) -> None:
    """A file may be put again."""
    ledger.save_work(RECORD, after=None)
    second = WorkRecord(
        work="w2", key=RECORD.key, size=1, state=WorkState.OPEN, holder="m", touched_at=2_000.0
    )
    ledger.save_work(second, after=None)
    assert ledger.newest(RECORD.key) == "w2"


def test_who_comes_too_late_changes_nothing(ledger: Ledger) -> None:
    """Neither at the first write nor later."""
    ledger.save_work(RECORD, after=None)
    with pytest.raises(ConflictError):
        ledger.save_work(RECORD, after=None)
    moved = RECORD.changed(holder="m2")
    ledger.save_work(moved, after=RECORD)
    with pytest.raises(ConflictError):
        ledger.save_work(RECORD.changed(holder="m3"), after=RECORD)
    assert ledger.work("w1") == moved


def test_answers_are_kept_by_name(ledger: Ledger) -> None:
    """Begun once, ended once."""
    begun = Answered(name="n", digest="d", began_at=5.0)
    assert ledger.answered("n") is None
    ledger.save_answer(begun, after=None)
    with pytest.raises(ConflictError):
        ledger.save_answer(begun, after=None)
    over = Answered(name="n", digest="d", began_at=5.0, status=200, body="{}", revision=1)
    ledger.save_answer(over, after=begun)
    assert ledger.answered("n") == over


def test_requests_are_counted_by_name_and_minute(ledger: Ledger) -> None:
    """Each minute begins at one."""
    assert [ledger.count("ada", minute=7) for _ in range(3)] == [1, 2, 3]
    assert ledger.count("ada", minute=8) == 1
    assert ledger.count("bob", minute=7) == 1


@pytest.mark.parametrize("backend", ["moto"], indirect=True)
def test_an_answer_that_expired_is_not_there(ledger: Ledger) -> None:
    """DynamoDB removes it some days later only."""
    assert isinstance(ledger, DynamoServiceLedger)
    begun = Answered(name="n", digest="d", began_at=5.0)
    ledger.save_answer(begun, after=None)
    ledger.clock.pause(86_500)
    assert ledger.answered("n") is None
    ledger.save_answer(begun, after=None)

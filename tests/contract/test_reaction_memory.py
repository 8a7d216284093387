"""The contract of port `MemoryStore`: the newest memory, which only one run may replace."""

import pytest

from tests.unit.tidegate.reaction.test_reaction_decisions import act
from tests.unit.tidegate.reaction.test_reaction_runs import MemoryOfActs
from tidegate.errors import ConflictError
from tidegate.reaction.memory import Memory
from tidegate.reaction.ports import MemoryStore, Remembered
from tidegate_aws import clients
from tidegate_aws.reactions import S3MemoryStore

BUCKET = "monitor"


@pytest.fixture
def store(backend: str) -> MemoryStore:
    """Nothing was done yet."""
    if backend == "fake":
        return MemoryOfActs()
    clients.s3().create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return S3MemoryStore(client=clients.s3(), bucket=BUCKET)


def test_there_is_an_empty_memory_before_the_first_act(store: MemoryStore) -> None:
    """No error."""
    assert store.read() == Remembered(memory=Memory(), mark=None)


def test_what_was_written_is_read(store: MemoryStore) -> None:
    """The newest, with the mark that the write gave."""
    first = store.write(Remembered(memory=Memory(acts=(act(1, at=1.0),)), mark=None))
    second = store.write(Remembered(memory=Memory(acts=(act(2, at=2.0),)), mark=first.mark))
    assert store.read() == second
    assert second.memory.acts == (act(2, at=2.0),)


@pytest.mark.parametrize("acts", [0, 1])
def test_a_memory_that_another_run_replaced_is_not_written(store: MemoryStore, acts: int) -> None:
    """Neither the first one nor a later one: of two runs, one begins nothing."""
    for number in range(acts):
        store.write(Remembered(memory=Memory(acts=(act(number, at=1.0),)), mark=None))
    behind, ahead = store.read(), store.read()
    written = store.write(Remembered(memory=Memory(held_back="x"), mark=ahead.mark))
    with pytest.raises(ConflictError, match="written by another run"):
        store.write(Remembered(memory=Memory(held_back="y"), mark=behind.mark))
    assert store.read() == written

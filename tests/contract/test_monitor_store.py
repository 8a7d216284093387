"""The contract of port `MonitorStore`: the newest state, which only one run may replace."""

import pytest

from tests.unit.tidegate.monitoring.made import MemoryStore
from tidegate.errors import ConflictError
from tidegate.monitoring.look import MonitorStore, Stored
from tidegate.monitoring.state import MonitorState
from tidegate_aws import clients
from tidegate_aws.monitor_store import S3MonitorStore

BUCKET = "monitor"


@pytest.fixture
def store(backend: str) -> MonitorStore:
    """Nothing was stored."""
    if backend == "fake":
        return MemoryStore()
    clients.s3().create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return S3MonitorStore(client=clients.s3(), bucket=BUCKET)


def state(closed: int) -> MonitorState:
    """A state that can be told from others."""
    return MonitorState(baseline="b", closed_through=closed)


def test_there_is_nothing_before_the_first(store: MonitorStore) -> None:
    """No error."""
    assert store.read() is None


def test_what_was_written_is_read(store: MonitorStore) -> None:
    """The newest, again and again."""
    first = store.write(Stored(state=state(1), mark=None))
    store.write(Stored(state=state(2), mark=first.mark))
    found = store.read()
    assert found is not None
    assert found.state == state(2)


def test_a_first_state_is_written_once(store: MonitorStore) -> None:
    """Of two runs that both found nothing, one is too late."""
    store.write(Stored(state=state(1), mark=None))
    with pytest.raises(ConflictError):
        store.write(Stored(state=state(2), mark=None))


def test_a_state_read_before_another_was_written_is_refused(store: MonitorStore) -> None:
    """And what the other wrote stays."""
    store.write(Stored(state=state(1), mark=None))
    behind, ahead = store.read(), store.read()
    assert behind is not None
    assert ahead is not None
    store.write(Stored(state=state(2), mark=ahead.mark))
    with pytest.raises(ConflictError):
        store.write(Stored(state=state(3), mark=behind.mark))
    found = store.read()
    assert found is not None
    assert found.state == state(2)

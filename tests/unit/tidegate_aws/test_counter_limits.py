"""Counters under contention and beyond the number of clients they remember."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.aws import OBSERVATION_TABLE, mocked_aws
from tests.fakes import FakeClock
from tidegate.errors import ConflictError
from tidegate.observation import ObservationKey
from tidegate.requestlog import Tally
from tidegate_aws import clients
from tidegate_aws.counters import CLIENTS_KEPT, COUNTERS_KEPT_SECONDS, DynamoCounters

KEY = ObservationKey(release_id="r", interval=1, split_version=1, slot="green")


class Sleeps(list[float]):
    """How long was slept, each time."""

    def __call__(self, seconds: float) -> None:
        """Time passes for nobody."""
        self.append(seconds)


def counters(sleep: Sleeps) -> DynamoCounters:
    """Counters that do not really sleep."""
    return DynamoCounters(
        client=clients.dynamodb(), table=OBSERVATION_TABLE, sleep=sleep, clock=FakeClock()
    )


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """DynamoDB, answering what a test queues."""
    with Stubber(clients.dynamodb()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def cancel(stub: Stubber, *codes: str) -> None:
    """The next transaction is cancelled for these reasons."""
    stub.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": code} for code in codes]},
    )


def test_a_contended_transaction_is_tried_again_after_a_growing_pause(stub: Stubber):
    """Many aggregators add to the same keys."""
    cancel(stub, "None", "TransactionConflict")
    cancel(stub, "TransactionConflict", "None")
    stub.add_response("transact_write_items", {})
    sleep = Sleeps()
    assert counters(sleep).add("b", [Tally(key=KEY, requests=1)])
    assert sleep == [0.05, 0.1]


def test_endless_contention_is_a_conflict(stub: Stubber):
    """The batch is delivered again then: an error is better than a lost batch."""
    for _ in range(8):
        cancel(stub, "None", "TransactionConflict")
    with pytest.raises(ConflictError, match="deliver it again"):
        counters(Sleeps()).add("b", [Tally(key=KEY, requests=1)])


def failing(names: range) -> Tally:
    """One error of each of these clients."""
    clients_ = frozenset(f"client-{i:05d}" for i in names)
    return Tally(key=KEY, requests=len(names), errors=len(names), error_clients=clients_)


def test_clients_beyond_those_remembered_are_only_counted():
    """The key's item stays small, and the count is an upper bound from there on."""
    with mocked_aws():
        sleep = Sleeps()
        counted = counters(sleep)
        assert counted.add("1", [failing(range(CLIENTS_KEPT))])
        assert counted.add("2", [failing(range(CLIENTS_KEPT, CLIENTS_KEPT + 7))])
        (observation,) = counted.read("r")
    assert observation.clients_with_errors == CLIENTS_KEPT + 7
    assert observation.requests == CLIENTS_KEPT + 7
    assert sleep == []


def test_a_full_key_does_not_stop_the_others_of_its_batch():
    """Each key of a transaction is counted, once."""
    other = ObservationKey(release_id="r", interval=1, split_version=1, slot="blue")
    with mocked_aws():
        counted = counters(Sleeps())
        counted.add("1", [failing(range(CLIENTS_KEPT))])
        assert counted.add("2", [failing(range(5)), Tally(key=other, requests=3)])
        assert not counted.add("2", [failing(range(5)), Tally(key=other, requests=3)])
        blue, green = counted.read("r")
    assert blue.requests == 3
    assert green.requests == CLIENTS_KEPT + 5


def test_counters_expire_long_after_their_release():
    """The table's time to live removes them."""
    with mocked_aws():
        counters(Sleeps()).add("b", [Tally(key=KEY, requests=1)])
        answer: Any = clients.dynamodb().scan(TableName=OBSERVATION_TABLE)
    expiries = {item["pk"]["S"]: int(item["expires_at"]["N"]) for item in answer["Items"]}
    assert expiries["counter#r"] == 1_800_000_000 + COUNTERS_KEPT_SECONDS
    assert expiries["batch#b#0000"] == 1_800_000_000 + 3 * 86_400

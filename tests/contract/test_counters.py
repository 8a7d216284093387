"""The contract of port `Counters`."""

from typing import Any

import pytest

from tests.aws import OBSERVATION_TABLE
from tests.request_fakes import FakeCounters
from tests.samples import RELEASE
from tidegate.observation import Observation, ObservationKey, OutcomeCounts, PairCounts, SliceCounts
from tidegate.ports import Counters
from tidegate.requestlog import Tally
from tidegate_aws import clients
from tidegate_aws.counters import DynamoCounters


@pytest.fixture
def counters(backend: str) -> Counters:
    """Counters at zero."""
    if backend == "fake":
        return FakeCounters()
    return DynamoCounters(client=clients.dynamodb(), table=OBSERVATION_TABLE)


def a_key(interval: int = 7, slot: str = "green", release_id: str = RELEASE) -> ObservationKey:
    """What is counted."""
    return ObservationKey(release_id=release_id, interval=interval, split_version=3, slot=slot)


def a_tally(key: ObservationKey | None = None, **changes: Any) -> Tally:
    """Ten requests, two of them errors of one client."""
    fields: dict[str, Any] = {
        "requests": 10,
        "errors": 2,
        "error_clients": frozenset({"c1"}),
        "latency": {20: 7, 31: 1},
        "outcomes": {0: OutcomeCounts(known=3, wrong=1)},
    }
    return Tally(key=a_key() if key is None else key, **{**fields, **changes})


def test_an_unknown_release_has_no_counts(counters: Counters):
    """Nothing was added, nothing is read."""
    assert counters.read(RELEASE) == ()


def test_a_tally_reads_back_as_an_observation(counters: Counters):
    """Every count is there."""
    assert counters.add("batch", [a_tally()])
    assert counters.read(RELEASE) == (
        Observation(
            key=a_key(),
            requests=10,
            errors=2,
            clients_with_errors=1,
            latency={20: 7, 31: 1},
            outcomes={0: OutcomeCounts(known=3, wrong=1)},
        ),
    )


def test_batches_add_up(counters: Counters):
    """Counts grow, clients are counted once, buckets join."""
    counters.add("one", [a_tally()])
    counters.add(
        "two",
        [
            a_tally(
                error_clients=frozenset({"c1", "c2"}),
                latency={20: 1, 2: 5},
                outcomes={0: OutcomeCounts(known=1), 4: OutcomeCounts(known=2, wrong=2)},
            )
        ],
    )
    assert counters.read(RELEASE) == (
        Observation(
            key=a_key(),
            requests=20,
            errors=4,
            clients_with_errors=2,
            latency={2: 5, 20: 8, 31: 1},
            outcomes={0: OutcomeCounts(known=4, wrong=1), 4: OutcomeCounts(known=2, wrong=2)},
        ),
    )


def test_errors_without_a_name_are_clients_of_their_own(counters: Counters):
    """Beside the named ones, batch by batch."""
    counters.add("one", [a_tally(nameless_errors=1)])
    counters.add("two", [a_tally(error_clients=frozenset(), nameless_errors=2)])
    (observation,) = counters.read(RELEASE)
    assert (observation.errors, observation.clients_with_errors) == (4, 4)


def test_a_batch_delivered_again_counts_nothing(counters: Counters):
    """The answer says so."""
    assert counters.add("batch", [a_tally()])
    before = counters.read(RELEASE)
    assert not counters.add("batch", [a_tally()])
    assert counters.read(RELEASE) == before


def test_an_empty_batch_counts_nothing(counters: Counters):
    """A batch of other people's lines has no tallies."""
    assert not counters.add("batch", [])
    assert counters.read(RELEASE) == ()


def test_a_large_batch_is_counted_once_in_all_its_parts(counters: Counters):
    """More keys than a transaction may have are all counted, and all known again."""
    many = 110  # moto takes a second for fifteen
    tallies = [a_tally(a_key(interval=i)) for i in range(many)]
    assert counters.add("batch", tallies)
    assert not counters.add("batch", tallies)
    found = counters.read(RELEASE)
    assert [o.key.interval for o in found] == list(range(many))
    assert {o.requests for o in found} == {10}


def test_one_settling_tally_makes_its_key_no_evidence(counters: Counters):
    """Whatever else is counted under it, the share was not known all the time."""
    counters.add("one", [a_tally()])
    counters.add("two", [a_tally(settling=True)])
    counters.add("three", [a_tally()])
    (observation,) = counters.read(RELEASE)
    assert not observation.evidence
    assert observation.requests == 30


def test_counts_are_read_from_an_interval_on(counters: Counters):
    """The interval itself is included; the order is that of the keys."""
    keys = [a_key(interval=i, slot=s) for i in (9, 10, 100) for s in ("green", "blue")]
    counters.add("batch", [a_tally(key) for key in keys])
    found = counters.read(RELEASE, from_interval=10)
    assert [(o.key.interval, o.key.slot) for o in found] == [
        (10, "blue"),
        (10, "green"),
        (100, "blue"),
        (100, "green"),
    ]


def test_pairs_read_back(counters: Counters):
    """Pairs of an interval come in one batch, with all that was counted of them."""
    pairs = PairCounts(
        agreed=7,
        candidate_only_error=1,
        distances={0: 5, 3: 2},
        live_latency={4: 8},
        slices={"a b": SliceCounts(pairs=8, bad=1)},
    )
    assert counters.add("pairs", [a_tally(pairs=pairs)])
    assert not counters.add("pairs", [a_tally(pairs=pairs)])
    (observation,) = counters.read(RELEASE)
    assert observation.pairs == pairs


def test_releases_are_counted_apart(counters: Counters):
    """Steady traffic has a key of its own, with a slash in it."""
    counters.add("batch", [a_tally(), a_tally(a_key(release_id="steady/flights"))])
    assert [o.key.release_id for o in counters.read("steady/flights")] == ["steady/flights"]


def test_outcomes_alone_are_counted(counters: Counters):
    """They may come before the request they belong to was counted."""
    only = a_tally(requests=0, errors=0, error_clients=frozenset(), latency={})
    counters.add("batch", [only])
    (observation,) = counters.read(RELEASE)
    assert observation.requests == 0
    assert observation.outcomes == {0: OutcomeCounts(known=3, wrong=1)}

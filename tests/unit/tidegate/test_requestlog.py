"""The request log: lines and their counts."""

from dataclasses import replace
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from tests.request_fakes import FakeCounters
from tidegate.latency import bucket_of
from tidegate.observation import Unit
from tidegate.requestlog import OutcomeLine, ServedLine, Tally, parse_line, tally, tally_key

NAMES = st.text(min_size=1, max_size=12)
MOMENTS = st.floats(1_800_000_000, 1_800_000_600)

served = st.builds(
    ServedLine,
    model=st.just("m"),
    release_id=st.sampled_from(["-", "r1", "r2"]),
    slot=st.sampled_from(["blue", "green", "unknown"]),
    version=NAMES,
    split_version=st.integers(1, 3),
    settling=st.booleans(),
    served_at=MOMENTS,
    status=st.sampled_from([200, 400, 429, 500, 503, 504]),
    milliseconds=st.floats(0, 1e6),
    client=st.sampled_from(["c1", "c2", "c3", ""]),
    unit=st.just(Unit.REQUEST),
)
outcomes = st.builds(
    OutcomeLine,
    model=st.just("m"),
    release_id=st.sampled_from(["-", "r1"]),
    slot=st.sampled_from(["blue", "green"]),
    split_version=st.integers(1, 3),
    served_at=MOMENTS,
    known_at=st.floats(1_800_000_000, 1_800_090_000),
    wrong=st.booleans(),
    unit=st.just(Unit.REQUEST),
    client=st.sampled_from(["c1", ""]),
)
lines = st.lists(st.one_of(served, outcomes), max_size=30)


@given(line=st.one_of(served, outcomes))
def test_a_line_reads_back(line: ServedLine | OutcomeLine):
    """One line of text, whatever is in it."""
    text = line.to_line()
    assert "\n" not in text
    assert parse_line(text) == line


@given(text=st.text())
def test_other_text_is_no_line(text: str):
    """Whatever else a function prints."""
    assert parse_line(text) is None


@given(line=served, lost=st.sampled_from(["kind", "slot", "unit", "status", "log"]))
def test_a_damaged_line_is_no_line(line: ServedLine, lost: str):
    """A member is missing, and nothing is raised."""
    assert parse_line(line.to_line().replace(f'"{lost}"', f'"x{lost}"')) is None


@given(one=lines, two=lines)
def test_tallies_add_up(one: list[ServedLine | OutcomeLine], two: list[ServedLine | OutcomeLine]):
    """Two batches count what one of both would, in any order."""
    apart, other, together = FakeCounters(), FakeCounters(), FakeCounters()
    apart.add("1", tally(one))
    apart.add("2", tally(two))
    other.add("2", tally(two))
    other.add("1", tally(one))
    together.add("1", tally([*one, *two]))
    for release_id in ("r1", "r2", "steady/m"):
        assert apart.read(release_id) == together.read(release_id) == other.read(release_id)


@given(batch=st.lists(served, min_size=1, max_size=30))
def test_every_request_is_counted_once_and_every_success_has_a_latency(batch: list[ServedLine]):
    """Errors are answers of the service's making, not the caller's faults."""
    counted = tally(batch)
    requests = sum(t.requests for t in counted)
    errors = sum(t.errors for t in counted)
    assert requests == len(batch)
    assert errors == sum(line.status >= 500 for line in batch)
    assert sum(sum(t.latency.values()) for t in counted) == requests - errors
    clients: frozenset[str] = reduce(frozenset.union, (t.error_clients for t in counted))
    failed = [line.client for line in batch if line.status >= 500]
    assert clients == {client for client in failed if client}
    assert sum(t.nameless_errors for t in counted) == failed.count("")


def test_an_error_without_a_client_is_a_client_of_its_own():
    """Nobody knows that two of them are one: each counts."""
    line = ServedLine(
        model="m",
        release_id="r1",
        slot="green",
        version="v",
        split_version=2,
        settling=False,
        served_at=1_800_000_000.0,
        status=503,
        milliseconds=1.0,
        client="",
    )
    counters = FakeCounters()
    counters.add("1", tally([line, line, replace(line, client="c1"), replace(line, client="c1")]))
    (seen,) = counters.read("r1")
    assert (seen.errors, seen.clients_with_errors) == (4, 3)


def test_an_outcome_line_of_before_users_still_reads():
    """Whoever was asked for was not said then."""
    text = OutcomeLine(
        model="m",
        release_id="r1",
        slot="green",
        split_version=2,
        served_at=1.0,
        known_at=2.0,
        wrong=True,
    ).to_line()
    line = parse_line(text.replace(',"client":""', ""))
    assert isinstance(line, OutcomeLine)
    assert line.client == ""


def test_a_tally_is_of_the_interval_of_serving():
    """An outcome counts where its prediction was served, in the bucket of its delay."""
    line = OutcomeLine(
        model="m",
        release_id="r1",
        slot="green",
        split_version=2,
        served_at=1_800_000_059.0,
        known_at=1_800_000_060.0,
        wrong=True,
    )
    (counted,) = tally([line])
    assert isinstance(counted, Tally)
    assert counted.key.interval == 30_000_000
    assert list(counted.outcomes) == [1]
    assert counted.requests == 0


def test_an_outcome_known_before_it_was_served_has_no_delay():
    """Clocks of two machines differ by a little."""
    line = OutcomeLine(
        model="m",
        release_id="r1",
        slot="green",
        split_version=2,
        served_at=1_800_000_060.0,
        known_at=1_800_000_059.0,
        wrong=False,
    )
    (counted,) = tally([line])
    assert list(counted.outcomes) == [0]


def test_steady_traffic_is_counted_under_its_model():
    """Two models without a release do not share a key."""
    assert tally_key(model="m", release_id="-") == "steady/m"
    assert tally_key(model="m", release_id="r1") == "r1"


@given(milliseconds=st.floats(0, 200_000))
def test_latency_falls_into_one_bucket(milliseconds: float):
    """Whatever a request took."""
    assert 0 <= bucket_of(milliseconds) <= 76

"""Under unit `user` each user of a release counts once, where he was first seen."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.request_fakes import FakeCounters, FakeFirsts
from tidegate.intervals import interval_of
from tidegate.judge.strata import faults_of
from tidegate.observation import Observation, OutcomeCounts, Unit
from tidegate.requestlog import OutcomeLine, ServedLine, tally
from tidegate.split import NO_SPLIT
from tidegate.users import once_a_user

START = 1_800_000_000.0
RELEASES = ("r1", "r2")
SERVED = ServedLine(
    model="m",
    release_id="r1",
    slot="green",
    version="v",
    split_version=1,
    settling=False,
    served_at=START,
    status=200,
    milliseconds=8.0,
    client="ada",
    unit=Unit.USER,
)
OUTCOME = OutcomeLine(
    model="m",
    release_id="r1",
    slot="green",
    split_version=1,
    served_at=START,
    known_at=START + 70,
    wrong=True,
    unit=Unit.USER,
    client="ada",
)

Line = ServedLine | OutcomeLine


def counted(*batches: Iterable[Line], firsts: FakeFirsts | None = None) -> FakeCounters:
    """Batches of lines as they are aggregated, each under an id of its own."""
    known = FakeFirsts() if firsts is None else firsts
    counters = FakeCounters()
    for number, batch in enumerate(batches):
        counters.add(str(number), tally(once_a_user(batch, known)))
    return counters


def only(counters: FakeCounters, release_id: str = "r1") -> Observation:
    """The one observation of a release."""
    (observation,) = counters.read(release_id)
    return observation


served = st.builds(
    ServedLine,
    model=st.just("m"),
    release_id=st.sampled_from(RELEASES),
    slot=st.sampled_from(["blue", "green"]),
    version=st.just("v"),
    split_version=st.integers(1, 2),
    settling=st.just(False),
    served_at=st.integers(0, 3_000).map(lambda tenths: START + tenths / 10),
    status=st.sampled_from([200, 400, 503]),
    milliseconds=st.floats(0, 1e5),
    client=st.sampled_from(["ada", "bob", "eve"]),
    unit=st.just(Unit.USER),
)
batches = st.lists(served, max_size=24, unique_by=lambda line: line.served_at).map(
    lambda lines: [lines[start : start + 5] for start in range(0, len(lines), 5)]
)


@given(batches=batches)
def test_every_user_counts_once_a_release(batches: list[list[ServedLine]]):
    """Whatever comes in whatever batch, with a latency or an error and never both."""
    counters = counted(*batches)
    for release_id in RELEASES:
        users = {x.client for batch in batches for x in batch if x.release_id == release_id}
        found = counters.read(release_id)
        assert sum(o.requests for o in found) == len(users)
        assert sum(o.errors + sum(o.latency.values()) for o in found) == len(users)
        assert faults_of(found) == ()


@given(batches=batches, again=st.integers(0, 4))
def test_a_batch_that_comes_again_finds_its_own_users(batches: list[list[ServedLine]], again: int):
    """A process may die after its users were claimed and before they were counted."""
    firsts = FakeFirsts()
    for batch in batches[: again + 1]:
        once_a_user(batch, firsts)
    assert [o for r in RELEASES for o in counted(*batches, firsts=firsts).read(r)] == [
        o for r in RELEASES for o in counted(*batches).read(r)
    ]


@given(lines=st.lists(served, max_size=8))
def test_other_units_count_every_line(lines: list[ServedLine]):
    """Nobody is asked for, so that nothing is written."""
    firsts = FakeFirsts()
    requests = [replace(line, unit=Unit.REQUEST) for line in lines]
    assert sorted(once_a_user(requests, firsts), key=repr) == sorted(requests, key=repr)
    assert firsts.marks == {}


def test_a_user_is_counted_with_what_his_first_request_met():
    """That he fails later, or is faster, is no evidence."""
    later = replace(SERVED, served_at=START + 90, status=503)
    seen = only(counted([later, SERVED], [later]))
    assert (seen.requests, seen.errors, seen.clients_with_errors) == (1, 0, 0)
    assert sum(seen.latency.values()) == 1


def test_requests_of_the_same_millisecond_are_one():
    """They cannot be told apart, and one user is not two."""
    twin = replace(SERVED, served_at=START + 0.0001, milliseconds=500.0)
    assert only(counted([SERVED, twin])).requests == 1


def test_the_first_outcome_counts_where_the_user_entered():
    """Of whichever prediction it is, and whichever slot he is in by then."""
    later = replace(OUTCOME, slot="blue", split_version=2, served_at=START + 300)
    first = replace(later, known_at=START + 310)
    counters = counted([SERVED], [first], [replace(later, known_at=START + 500, wrong=False)])
    seen = only(counters)
    assert (seen.key.slot, seen.key.split_version) == ("green", 1)
    assert seen.key.interval == interval_of(START)
    assert seen.outcomes == {4: OutcomeCounts(known=1, wrong=1)}


def test_an_outcome_that_is_counted_before_its_request_enters_its_user():
    """The two come by different logs: the request is the one counted when it comes."""
    seen = only(counted([OUTCOME], [replace(SERVED, served_at=START + 400)], [SERVED]))
    assert (seen.requests, seen.outcomes) == (1, {1: OutcomeCounts(known=1, wrong=1)})


def test_an_outcome_that_comes_again_is_counted_by_its_batch_alone():
    """Its claim is its own."""
    firsts = FakeFirsts()
    assert once_a_user([OUTCOME], firsts) == once_a_user([OUTCOME], firsts) == (OUTCOME,)


def test_what_no_split_drew_is_exposure_apart():
    """A tester's choice is not where he enters, and what became of it is evidence for nothing."""
    tested = replace(SERVED, slot="green", split_version=NO_SPLIT)
    own = replace(SERVED, slot="blue", served_at=START + 5)
    late = replace(OUTCOME, split_version=NO_SPLIT)
    found = counted([late, tested, replace(tested, served_at=START + 1)], [own]).read("r1")
    assert [(o.key.split_version, o.key.slot, o.requests, o.evidence) for o in found] == [
        (NO_SPLIT, "green", 2, False),
        (1, "blue", 1, True),
    ]
    assert faults_of(found) == ()


def test_a_user_who_was_served_while_the_split_changed_is_still_new_after():
    """There he was exposure, once; evidence begins with his next request."""
    settling = replace(SERVED, split_version=2, settling=True)
    again = replace(settling, served_at=START + 1)
    clean = replace(SERVED, split_version=2, served_at=START + 120)
    found = counted([settling], [again, clean], [replace(clean, served_at=START + 200)])
    assert [(o.requests, o.evidence) for o in found.read("r1")] == [(1, False), (1, True)]


def test_who_has_no_name_is_a_user_of_his_own():
    """Two strangers are not one user."""
    strangers = [replace(SERVED, client="", served_at=START + i) for i in range(3)]
    assert only(counted(strangers)).requests == 3


def test_outside_a_release_requests_are_counted():
    """People want to know the traffic, and nothing is judged."""
    steady = [replace(SERVED, release_id="-", served_at=START + i) for i in range(3)]
    seen = only(counted(steady), "steady/m")
    assert (seen.requests, seen.unit) == (3, Unit.REQUEST)


def test_users_are_new_in_every_release():
    """What was counted in one says nothing about the next."""
    counters = counted([SERVED, replace(SERVED, release_id="r2")])
    assert [only(counters, r).requests for r in RELEASES] == [1, 1]

"""Looks of many tabs at one release: shared, and never more than is new."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.console.attendance import EVERY, Attendance
from cli.console.reader import MOST_LOOKS, Reader, thinned
from cli.exits import CommandError
from tests.cli_world import CliWorld
from tests.fakes import FakeExecutions, FakeLookStore
from tests.samples import MODEL, RELEASE, record
from tidegate.ports import Look
from tidegate.release import Phase


@dataclass
class CountingLooks(FakeLookStore):
    """A look store that keeps what was asked of it."""

    asked: list[int] = field(default_factory=list)

    def looks(self, release_id: str, *, after: int = 0) -> tuple[Look, ...]:
        """The looks with a number above `after`."""
        self.asked.append(after)
        return super().looks(release_id, after=after)


@dataclass
class WallClock:
    """The wall's time, as a test says."""

    at: float = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.at


def look(number: int) -> Look:
    """A look."""
    return Look(number=number, after=number - 1, through=number, at=60.0 * number, observations=())


def test_what_was_read_a_moment_ago_is_not_read_again(world: CliWorld):
    """Two tabs look for the price of one."""
    world.release.prepare()
    wall = WallClock()
    reader = Reader(world.deployed(), now=wall)
    first = reader.release(RELEASE)
    world.release.abort()
    assert reader.release(RELEASE) is first
    wall.at += reader.refresh_seconds
    assert reader.release(RELEASE).view.phase == "aborting"


def test_after_an_order_everything_is_read_anew(world: CliWorld):
    """Who pressed a button sees what it did, at once."""
    world.release.prepare()
    reader = Reader(world.deployed(), now=WallClock())
    assert reader.overview().models[0].standing == "step 1 of 2 (10 %) shifting"
    reader.release(RELEASE)
    world.release.abort()
    reader.forget(RELEASE)
    assert reader.release(RELEASE).view.phase == "aborting"
    assert reader.overview().models[0].standing == "aborting"


def test_judged_looks_are_read_once(world: CliWorld):
    """A release of weeks has ten thousand looks, of which one is new."""
    looks = CountingLooks()
    world.release.looks = looks
    world.release.run()
    reader = Reader(world.deployed(), now=WallClock())
    first = reader.release(RELEASE)
    looks.asked.clear()
    reader.forget(RELEASE)
    second = reader.release(RELEASE)
    assert looks.asked == [first.looks]
    assert second.view == first.view
    assert second.view == world.deployed().view(RELEASE)


def test_the_shares_are_those_that_the_endpoint_serves(world: CliWorld):
    """What was ordered is one thing, what serves another."""
    world.release.prepare()
    seen = Reader(world.deployed()).release(RELEASE)
    assert seen.serving is not None
    assert seen.serving.shares() == {"blue": 100.0, "green": 0.0}
    assert seen.view.candidate.share_percent == 10


def test_a_model_stands_for_its_newest_release(world: CliWorld):
    """Read once, whichever name it was asked by."""
    world.release.prepare()
    reader = Reader(world.deployed(), now=WallClock())
    assert reader.release(MODEL) is reader.release(RELEASE)


def test_what_is_neither_is_told_with_the_models_there_are(world: CliWorld):
    """As on the command line, and nothing of it is kept."""
    with pytest.raises(CommandError, match=f"models: {MODEL}"):
        Reader(world.deployed()).release("nope")


def test_an_endpoint_that_is_gone_is_none(world: CliWorld):
    """The release can be looked at all the same."""
    world.release.prepare()
    world.release.endpoints.states.clear()
    assert Reader(world.deployed()).release(RELEASE).serving is None


def test_the_overview_has_the_newest_releases(world: CliWorld):
    """With the status of each model."""
    world.release.run()
    overview = Reader(world.deployed()).overview()
    assert [item.model for item in overview.models] == [MODEL]
    assert [view.release_id for view in overview.releases] == [RELEASE]


@given(st.integers(0, 2_000), st.integers(1, MOST_LOOKS))
def test_few_looks_are_drawn_the_last_one_always(count: int, most: int):
    """However long the release, and all of them while they are few."""
    looks = [look(number) for number in range(1, count + 1)]
    drawn = thinned(looks, most=most)
    assert len(drawn) <= most + 1
    assert drawn[-1:] == tuple(looks[-1:])
    assert count > most or list(drawn) == looks


@given(st.integers(1, 1_000))
def test_what_was_drawn_stays_drawn_until_every_second_goes(count: int):
    """A line does not tremble with each look that comes."""
    before = thinned([look(n) for n in range(1, count + 1)], most=50)[:-1]
    after = thinned([look(n) for n in range(1, count + 2)], most=50)
    assert set(before) <= set(after) or set(before[1::2]) <= set(after)


def test_a_release_is_unattended_once_that_was_said_twice():
    """Between two executions none runs for a moment, which alarms nobody."""
    attendance, executions = Attendance(), FakeExecutions()
    heard = [attendance.attended(executions, record()) for _ in range(EVERY + 1)]
    assert heard == [True] * EVERY + [False]


def test_a_new_epoch_is_asked_after_at_once():
    """A resume puts somebody to work again."""
    attendance, executions = Attendance(), FakeExecutions()
    for _ in range(EVERY + 1):
        attendance.attended(executions, record())
    executions.start(release_id=RELEASE, model=MODEL, who="ada", epoch=2)
    assert attendance.attended(executions, record(epoch=2))


def test_nobody_needs_to_work_on_a_release_that_is_over():
    """And nobody is asked."""
    attendance = Attendance()
    over = record(phase=Phase.PROMOTED)
    assert all(attendance.attended(FakeExecutions(), over) for _ in range(3 * EVERY))

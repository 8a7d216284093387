"""Time that waits for work."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emulator.clock import CloudClock
from emulator.timekeeper import GRACE_SECONDS, Alarm, Timekeeper

START = 1_000.0


@dataclass
class _Wall:
    """Stands still until it is moved; timers ring as it passes them."""

    at: float = START
    timers: list["_Timer"] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at

    def timer(self, seconds: float, ring: Callable[[], None]) -> "_Timer":
        """One that rings after so many seconds."""
        return _Timer(wall=self, due=self.at + seconds, ring=ring)

    def pass_by(self, seconds: float) -> None:
        """So much time passes; what is due rings at its moment."""
        end = self.at + seconds
        while due := [one for one in self.timers if one.due <= end]:
            first = min(due, key=lambda one: one.due)
            self.timers.remove(first)
            self.at = first.due
            first.ring()
        self.at = end


@dataclass(eq=False)
class _Timer:
    wall: _Wall
    due: float
    ring: Callable[[], None]
    daemon: bool = False

    def start(self) -> None:
        self.wall.timers.append(self)

    def cancel(self) -> None:
        if self in self.wall.timers:
            self.wall.timers.remove(self)


@pytest.fixture
def wall() -> _Wall:
    """A wall clock in the test's hand."""
    return _Wall()


@pytest.fixture
def keeper(wall: _Wall, tmp_path: Path) -> Timekeeper:
    """Keeps a clock sixty times faster than that wall's: a sixth of a second is the grace."""
    return Timekeeper(scale=60.0, file=tmp_path / "clock.json", wall=wall, timer=wall.timer)


def test_work_takes_what_it_takes_here_and_a_grace(keeper: Timekeeper, wall: _Wall):
    """Six seconds of work are the grace and six seconds; before and after a minute is a second."""
    wall.pass_by(1.0)
    with keeper.working():
        wall.pass_by(GRACE_SECONDS / 60.0 + 6.0)
        assert keeper.clock.now() - START == pytest.approx(60.0 + GRACE_SECONDS + 6.0)
    wall.pass_by(1.0)
    assert keeper.clock.now() - START == pytest.approx(60.0 + GRACE_SECONDS + 6.0 + 60.0)


def test_quick_work_costs_no_time_on_the_wall(keeper: Timekeeper, wall: _Wall):
    """A tenth of a second is within the grace."""
    for _ in range(10):
        with keeper.working():
            wall.pass_by(0.1)
    assert keeper.clock.now() - START == pytest.approx(60.0)


def test_time_hurries_on_when_the_last_late_work_is_done(keeper: Timekeeper, wall: _Wall):
    """Works overlap: none that is late is hurried past."""
    with keeper.working():
        with keeper.working():
            wall.pass_by(GRACE_SECONDS / 60.0 + 1.0)
        wall.pass_by(1.0)
        assert keeper.clock.now() - START == pytest.approx(GRACE_SECONDS + 2.0)
    wall.pass_by(1.0)
    assert keeper.clock.now() - START == pytest.approx(GRACE_SECONDS + 62.0)


def test_work_that_fails_holds_time_no_longer(keeper: Timekeeper, wall: _Wall):
    """Whatever ended it."""
    with pytest.raises(LookupError):
        _fail_late(keeper, wall)
    before = keeper.clock.now()
    wall.pass_by(1.0)
    assert keeper.clock.now() - before == pytest.approx(60.0)


def _fail_late(keeper: Timekeeper, wall: _Wall) -> None:
    with keeper.working():
        wall.pass_by(1.0)
        raise LookupError


def test_another_process_sees_time_slow_down(keeper: Timekeeper, wall: _Wall):
    """It reads the file at each look."""
    file = keeper.clock.file
    assert file is not None
    other = CloudClock.of_file(file)
    assert other.course().rate == 60.0
    with keeper.working():
        wall.pass_by(1.0)
        assert other.course().rate == 1.0
    assert other.course() == keeper.clock.course()


@pytest.fixture
def ticking(tmp_path: Path) -> Timekeeper:
    """Keeps a clock that really runs, six thousand times faster than the wall's."""
    return Timekeeper(scale=6_000.0, file=tmp_path / "clock.json")


@contextmanager
def late(keeper: Timekeeper) -> Iterator[None]:
    """Inside, work is late."""
    with keeper.working():
        while keeper.clock.course().rate > 1.0:
            threading.Event().wait(0.001)
        yield


def test_a_sleep_lasts_its_cloud_time(ticking: Timekeeper):
    """It never ends early, though work slowed time down meanwhile."""
    with late(ticking):
        before = ticking.clock.now()
        sleeper = threading.Thread(target=ticking.sleep, args=(60.0,))
        sleeper.start()
        sleeper.join(0.05)
        assert sleeper.is_alive()
    sleeper.join(30.0)
    assert not sleeper.is_alive()
    assert ticking.clock.now() - before >= 60.0


def test_a_pause_on_the_event_loop_lasts_its_cloud_time(ticking: Timekeeper):
    """As a sleep of a thread does."""

    async def paused() -> float:
        with late(ticking):
            before = ticking.clock.now()
            pause = asyncio.create_task(ticking.pause(60.0))
            done, _ = await asyncio.wait([pause], timeout=0.05)
            assert done == set()
        await pause
        return ticking.clock.now() - before

    assert asyncio.run(paused()) >= 60.0


def test_an_alarm_rings_once_its_time_has_passed(ticking: Timekeeper):
    """Not before, though time slowed down."""
    rung: list[float] = []
    rings = threading.Event()

    def ring() -> None:
        rung.append(ticking.clock.now())
        rings.set()

    with late(ticking):
        before = ticking.clock.now()
        Alarm(ticking.clock, 60.0, ring)
        assert not rings.wait(0.05)
    assert rings.wait(30.0)
    assert rung[0] - before >= 60.0


def test_a_cancelled_alarm_does_not_ring(ticking: Timekeeper):
    """What it would have ended is over."""
    rings, later = threading.Event(), threading.Event()
    with late(ticking):
        alarm = Alarm(ticking.clock, 60.0, rings.set)
        alarm.cancel()
    Alarm(ticking.clock, 600.0, later.set)
    assert later.wait(30.0)
    assert not rings.is_set()

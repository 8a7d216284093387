"""Keeps the cloud's time in step with the machine that it runs on.

At 120 cloud seconds a wall second, a function that AWS runs in 20 ms and a busy laptop in 500 would
take a minute of the cloud's, and a judge that looks every fifteen seconds would look once a minute:
whether a bad version is found in time would say more about the laptop than about the release. So
while a piece of the cloud's own work is late, time passes as fast as the wall's and no faster: no
work takes longer in the cloud than `GRACE_SECONDS` and what it takes here. Waits, bakes and traffic
pass `scale` times faster.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from emulator.clock import CloudClock, Course, write_course

CLOCK_FILE = "clock.json"
"""The file in the cloud's state directory."""

GRACE_SECONDS = 10.0
"""Cloud seconds after which work is late; a function that starts cold takes that long on AWS."""

LATE_RATE = 1.0
"""Cloud seconds per wall second while work is late."""

_SHORTEST_PAUSE_SECONDS = 0.001


class Timer(Protocol):
    """Calls a function once, after so many seconds of the wall, unless it was cancelled before."""

    daemon: bool

    def start(self) -> None:
        """Its time begins."""
        ...

    def cancel(self) -> None:
        """It calls nothing."""
        ...


class Timekeeper:
    """The one writer of a clock: it slows time for work, and wakes whom it is due for."""

    def __init__(
        self,
        *,
        scale: float,
        file: Path,
        wall: Callable[[], float] = time.time,
        timer: Callable[[float, Callable[[], None]], Timer] = threading.Timer,
    ) -> None:
        start = wall()
        self._wall = wall
        self._timer = timer
        self._file = file
        self._late = 0
        self._bent = threading.Condition()
        self._course = Course(wall=start, cloud=start, rate=scale)
        self.clock = CloudClock(scale=scale, course=lambda: self._course, wall=wall, file=file)
        write_course(file, self._course, scale=scale)

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Inside, but for a grace, the cloud's time passes as the wall's; many may work at once."""
        work = _Work(self._count)
        timer = self._timer(self.clock.wall_seconds(GRACE_SECONDS), work.is_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            work.is_done()

    def sleep(self, cloud_seconds: float) -> None:
        """So much of the cloud's time has passed; blocks the calling thread."""
        end = self.clock.now() + cloud_seconds
        with self._bent:
            while (left := end - self.clock.now()) > 0.0:
                self._bent.wait(max(_SHORTEST_PAUSE_SECONDS, left / self._course.rate))

    async def pause(self, cloud_seconds: float) -> None:
        """So much of the cloud's time has passed, on the event loop."""
        end = self.clock.now() + cloud_seconds
        while (left := end - self.clock.now()) > 0.0:  # noqa: ASYNC110 - a moment, not an event
            # Work may end before a sleep at the slow rate would: look again as if it had.
            await asyncio.sleep(max(_SHORTEST_PAUSE_SECONDS, self.clock.wall_seconds(left)))

    def _count(self, change: int) -> None:
        with self._bent:
            self._late += change
            rate = LATE_RATE if self._late > 0 else self.clock.scale
            if rate == self._course.rate:
                return
            self._course = self._course.bent(self._wall(), rate)
            write_course(self._file, self._course, scale=self.clock.scale)
            self._bent.notify_all()


class _Work:
    """One piece of work: counted from when it is late until it is done, if it ever is late."""

    def __init__(self, count: Callable[[int], None]) -> None:
        self._count = count
        self._turn = threading.Lock()
        self._late = False
        self._done = False

    def is_late(self) -> None:
        """Time waits for it, unless it was done just now."""
        with self._turn:
            if not self._done:
                self._late = True
                self._count(1)

    def is_done(self) -> None:
        """Time waits for it no longer."""
        with self._turn:
            self._done = True
            if self._late:
                self._count(-1)


class Alarm:
    """Calls `ring` once so much of the cloud's time has passed, on a thread of its own."""

    def __init__(self, clock: CloudClock, cloud_seconds: float, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._end = clock.now() + cloud_seconds
        self._ring = ring
        self._cancelled = False
        self._wind(cloud_seconds)

    def cancel(self) -> None:
        """It will not ring, unless it just does."""
        self._cancelled = True
        self._timer.cancel()

    def _wind(self, left: float) -> None:
        self._timer = threading.Timer(self._clock.wall_seconds(left), self._wake)
        self._timer.daemon = True
        self._timer.start()

    def _wake(self) -> None:
        left = self._end - self._clock.now()
        if self._cancelled:
            return
        if left > 0.0:
            self._wind(max(left, self._clock.scale * _SHORTEST_PAUSE_SECONDS))
        else:
            self._ring()

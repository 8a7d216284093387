"""One look of a monitor: new objects of captures are counted, and due windows closed.

The state is read, advanced in memory and written once, on the condition that nobody else wrote it.
Killed before that write, nothing has happened; killed after it, the objects count and are
remembered. So each object counts exactly once.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from tidegate.monitoring.advance import Watched, close_due, close_outcomes
from tidegate.monitoring.counts import Window
from tidegate.monitoring.labels import close_labels
from tidegate.monitoring.outcomes import (
    KnownOutcomes,
    intervals_of,
    last_mature,
    outcome_counts,
)
from tidegate.monitoring.records import asked_in, count
from tidegate.monitoring.state import MonitorState
from tidegate.monitoring.waiting import KnownLabels, Waiting, most_in_window
from tidegate.values import value

HOUR_SECONDS = 3_600
SLACK_HOURS = 6
"""How long after its hour an object may still appear; one that comes later is never counted."""


@value
class CaptureFile:
    """One object of captures: the hour that it lies under, and its key."""

    hour: int
    key: str

    @property
    def mark(self) -> str:
        """What is remembered of it once it is counted."""
        return hashlib.blake2b(self.key.encode(), digest_size=6).hexdigest()


class CaptureFiles(Protocol):
    """The objects of a model's captures."""

    def between(self, *, first_hour: int, last_hour: int) -> Iterable[CaptureFile]:
        """Those under hours since the epoch, both ends included, in the order of their keys."""
        ...

    def lines(self, file: CaptureFile) -> Iterator[str]:
        """The lines of one."""
        ...


@value
class Stored:
    """A state with the mark of its version in the store; None for one that was never written."""

    state: MonitorState
    mark: str | None


class MonitorStore(Protocol):
    """Where the state is."""

    def read(self) -> Stored | None:
        """The newest state; None before the first."""
        ...

    def write(self, stored: Stored) -> Stored:
        """The state is the newest; ConflictError where another was written since it was read."""
        ...


@value
class Looked:
    """What a look did. `more` says that files are left, because time ran out."""

    files: int
    requests: int
    windows: int
    more: bool


@value
class LookPorts:
    """What a look needs of the world, and the moment of the cloud's clock."""

    store: MonitorStore
    files: CaptureFiles
    now: float
    outcomes: KnownOutcomes | None = None
    labels: KnownLabels | None = None
    out_of_time: Callable[[], bool] = lambda: False


def look(ports: LookPorts, watched: Watched) -> tuple[Stored, Looked]:
    """The state after the look, as it is stored, and what was done."""
    stored = ports.store.read()
    if stored is None or stored.state.baseline != watched.mark:
        # Evidence against another baseline says nothing of this one.
        fresh = MonitorState(baseline=watched.mark)
        stored = Stored(state=fresh, mark=None if stored is None else stored.mark)
    state = stored.state
    files, requests, more = 0, state.totals.requests, False
    for file in _new_files(ports, state):
        if ports.out_of_time():
            more = True
            break
        _count_file(ports, watched, state, file)
        files += 1
    closed = 0
    if not more:
        # A window whose captures are not all counted is not closed.
        closed = close_due(state, watched, now=ports.now)
        _judge_outcomes(ports, watched, state)
        if ports.labels is not None:
            close_labels(state, watched, ports.labels, now=ports.now)
        _end_look(state, ports.now)
    stored = ports.store.write(stored)
    requests = state.totals.requests - requests
    return stored, Looked(files=files, requests=requests, windows=closed, more=more)


def _new_files(ports: LookPorts, state: MonitorState) -> list[CaptureFile]:
    last = int(ports.now // HOUR_SECONDS)
    if state.looked_hour is None:
        state.looked_hour = last
    # After a pause of the monitor, all hours since its last whole look are looked at.
    first = min(last, state.looked_hour) - SLACK_HOURS
    found = ports.files.between(first_hour=first, last_hour=last)
    return [file for file in found if file.mark not in state.read.get(file.hour, ())]


def _count_file(ports: LookPorts, watched: Watched, state: MonitorState, file: CaptureFile) -> None:
    for line in ports.files.lines(file):
        asked = asked_in(line)
        if asked is None:
            state.totals.unreadable += 1
            continue
        if asked.at < watched.since:
            continue  # another version was asked
        window, late = _window(state, asked.at, watched.plan.window_seconds)
        before = window.repeated
        readable = count(
            window,
            asked,
            plan=watched.plan,
            baseline=watched.baseline,
            waiting=_waiting(state, watched, window.index),
        )
        state.totals.requests += 1
        state.totals.unreadable += not readable
        state.totals.repeated += window.repeated - before
        state.totals.late += late
    state.totals.objects += 1
    state.read.setdefault(file.hour, set()).add(file.mark)


def _window(state: MonitorState, at: float, seconds: int) -> tuple[Window, bool]:
    """The window of a moment; where that is closed, the one after the last closed one."""
    index = int(at // seconds)
    closed = state.closed_through
    late = closed is not None and index <= closed
    if late and closed is not None:
        index = closed + 1
    if index not in state.windows:
        state.windows[index] = Window(index=index)
    return state.windows[index], late


def _waiting(state: MonitorState, watched: Watched, index: int) -> Waiting | None:
    """The window's predictions that wait for labels; None where scores are not joined."""
    if watched.plan.score is None or watched.baseline.evaluation is None:
        return None
    waiting = state.quality.waiting
    if index not in waiting:
        cut = tuple(watched.baseline.sliced_by(watched.plan.slices))
        waiting[index] = Waiting(most=most_in_window(watched.plan), cut=cut)
    return waiting[index]


def _judge_outcomes(ports: LookPorts, watched: Watched, state: MonitorState) -> None:
    """Every window since the last look whose outcomes can all have come by now is judged."""
    plan, seconds = watched.plan.outcomes, watched.plan.window_seconds
    if plan is None or ports.outcomes is None:
        return
    if state.outcomes_through is None:
        state.outcomes_through = int(ports.now // seconds) - 1
    last = last_mature(
        plan, now=ports.now, window_seconds=seconds, lag_seconds=watched.plan.lag_seconds
    )
    for window in range(state.outcomes_through + 1, last + 1):
        first, final = intervals_of(window, window_seconds=seconds)
        known = ports.outcomes.read(first_interval=first, last_interval=final)
        close_outcomes(state, watched, outcome_counts(plan, known), window=window)


def _end_look(state: MonitorState, now: float) -> None:
    state.looked_hour = int(now // HOUR_SECONDS)
    for hour in [hour for hour in state.read if hour < state.looked_hour - SLACK_HOURS]:
        del state.read[hour]

"""Looks: each object of captures counts exactly once, wherever a run dies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tidegate.monitoring.made import (
    Killed,
    MemoryFiles,
    MemoryStore,
    MemoryTeller,
    baseline,
    captured,
    watched,
)
from tidegate.errors import ConflictError
from tidegate.monitoring.look import HOUR_SECONDS, LookPorts, look
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.run import MonitorRun, run_monitor
from tidegate.monitoring.state import MonitorState

START = 1_767_600_000  # 2026-01-05 08:00 UTC, a whole hour
HOUR = START // HOUR_SECONDS
PLAN = MonitoringPlan(window_seconds=3_600, lag_seconds=600)
WATCHED = watched(PLAN, baseline("x"))


def moment(seconds: float) -> str:
    """A moment after the start, as captures say it."""
    minutes, second = divmod(int(seconds), 60)
    return f"2026-01-05T{8 + minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def line(seconds: float, x: object = 15) -> str:
    """A captured request, so long after the start."""
    return captured({"x": x}, {}, at=moment(seconds))


def ports(store: MemoryStore, files: MemoryFiles, now: float) -> LookPorts:
    """The world at a moment after the start."""
    return LookPorts(store=store, files=files, now=START + now)


def state_of(store: MemoryStore) -> MonitorState:
    """What is stored."""
    stored = store.read()
    assert stored is not None
    return stored.state


def test_new_objects_count_once_and_due_windows_are_closed() -> None:
    """The window of an hour is judged ten minutes after it, and never twice."""
    files = MemoryFiles({(HOUR, "a"): [line(60), line(120)]})
    store = MemoryStore()

    _, first = look(ports(store, files, 1_000), WATCHED)
    files.lines_of[HOUR, "b"] = [line(3_000)]
    _, second = look(ports(store, files, 3_600 + 599), WATCHED)
    _, third = look(ports(store, files, 3_600 + 600), WATCHED)
    _, fourth = look(ports(store, files, 3_600 + 700), WATCHED)

    assert [one.requests for one in (first, second, third, fourth)] == [2, 1, 0, 0]
    assert [one.windows for one in (first, second, third, fourth)] == [0, 0, 1, 0]
    state = state_of(store)
    assert state.totals.requests == 3
    assert [point.requests for point in state.points] == [3]


def test_requests_of_a_closed_window_count_in_the_next_and_are_told() -> None:
    """Late is not lost."""
    files, store = MemoryFiles({(HOUR, "a"): [line(60)]}), MemoryStore()
    look(ports(store, files, 4_300), WATCHED)
    files.lines_of[HOUR, "late"] = [line(61)]

    look(ports(store, files, 4_400), WATCHED)

    state = state_of(store)
    assert state.totals.late == 1
    assert [window.requests for window in state.windows.values()] == [1]


def test_a_pause_of_the_monitor_loses_nothing() -> None:
    """After two days every hour since the last look is looked at."""
    files, store = MemoryFiles({(HOUR, "a"): [line(60)]}), MemoryStore()
    look(ports(store, files, 120), WATCHED)
    files.lines_of[HOUR + 10, "b"] = [line(10 * 3_600)]

    look(ports(store, files, 48 * 3_600), WATCHED)

    assert state_of(store).totals.requests == 2


def test_out_of_time_keeps_what_was_counted_and_closes_nothing() -> None:
    """The next run goes on with the objects that are left."""
    files = MemoryFiles({(HOUR, name): [line(60)] for name in "abc"})
    store, left = MemoryStore(), iter([False, True])
    hurried = LookPorts(store=store, files=files, now=START + 4_300, out_of_time=lambda: next(left))
    _, first = look(hurried, WATCHED)
    assert (first.files, first.more, first.windows) == (1, True, 0)

    # That was a day ago, and still nothing is forgotten.
    _, second = look(ports(store, files, 90_000), WATCHED)
    assert (second.files, second.more) == (2, False)
    assert state_of(store).totals.requests == 3


def test_damaged_lines_are_counted_and_skipped() -> None:
    """They are no requests."""
    files = MemoryFiles({(HOUR, "a"): ["{", "[]", line(60)]})
    store = MemoryStore()
    look(ports(store, files, 120), WATCHED)
    totals = state_of(store).totals
    assert (totals.requests, totals.unreadable) == (1, 2)


def test_another_baseline_begins_anew() -> None:
    """Evidence against one says nothing of another."""
    files, store = MemoryFiles({(HOUR, "a"): [line(60)]}), MemoryStore()
    look(ports(store, files, 120), WATCHED)
    other = watched(PLAN, baseline("x", rows=5_000))

    look(ports(store, files, 180), other)

    state = state_of(store)
    assert state.baseline == other.baseline.digest
    assert state.totals.requests == 1


def test_a_run_beside_another_counts_nothing() -> None:
    """Both read the same state; the slower one fails, and what it counted is not there."""
    files, store = MemoryFiles({(HOUR, "a"): [line(60)]}), MemoryStore()
    look(ports(store, files, 120), WATCHED)
    behind = store.read()
    files.lines_of[HOUR, "b"] = [line(90)]
    look(ports(store, files, 180), WATCHED)
    assert behind is not None
    with pytest.raises(ConflictError):
        store.write(behind)
    assert state_of(store).totals.requests == 2


@given(
    deaths=st.lists(st.tuples(st.booleans(), st.integers(1, 2)), max_size=8),
    drifted=st.booleans(),
)
def test_wherever_runs_die_each_object_counts_once(
    deaths: list[tuple[bool, int]], *, drifted: bool
) -> None:
    """Killed before or after any write, by the teller too: the end is that of a quiet course."""
    value = 35 if drifted else 15
    files = MemoryFiles()
    store, teller = MemoryStore(), MemoryTeller()
    for number in range(10):
        at = 300 * number
        values = [value] * 60 if drifted else [5, 15, 25, 35] * 15
        files.lines_of[HOUR, f"{number}"] = [line(at, x) for x in values]
        if number < len(deaths):
            before, write = deaths[number]
            store.writes = 0
            store.dies_before = write if before else None
            store.dies_after = None if before else write
        else:
            store.dies_before = store.dies_after = None
        try:
            _run(store, files, teller, at + 10)
        except Killed:
            continue
    store.dies_before = store.dies_after = None
    _run(store, files, teller, 3 * 3_600)
    state = state_of(store)
    assert state.totals.requests == 600
    assert state.totals.objects == 10
    assert [point.requests for point in state.points] == [600]
    assert bool(state.now) is drifted
    assert state.told == state.now


def _run(store: MemoryStore, files: MemoryFiles, teller: MemoryTeller, now: float) -> None:
    run = MonitorRun(model="m", watched=WATCHED, look=ports(store, files, now), teller=teller)
    run_monitor(run)


def test_a_change_of_findings_is_told_once_and_after_a_death_again() -> None:
    """It is never lost: told again where it is not known to have been told."""
    files = MemoryFiles({(HOUR, "a"): [line(60, 35)] * 400})
    store, teller = MemoryStore(), MemoryTeller(dies=True)
    with pytest.raises(Killed):
        _run(store, files, teller, 5_000)
    teller.dies = False

    _run(store, files, teller, 5_060)
    _run(store, files, teller, 5_120)

    (event,) = teller.events
    assert event["word"] == "drift"
    assert event["new"] == ["data drift: x"]
    assert event["ceased"] == []
    assert [metric.values["MonitoringFindings"] for metric in teller.metrics] == [1, 1, 1]
    assert teller.views[-1]["findings"][0]["feature"] == "x"

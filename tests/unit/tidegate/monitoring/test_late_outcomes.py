"""Model quality against late outcomes: only mature windows count, and decay is found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from tests.unit.tidegate.monitoring.made import MemoryFiles, MemoryStore, baseline, watched
from tidegate.monitoring.look import LookPorts, look
from tidegate.monitoring.outcomes import OutcomePlan, intervals_of, last_mature, outcome_counts
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.shares import Family
from tidegate.monitoring.verdict import verdict_of
from tidegate.observation import Observation, ObservationKey, OutcomeCounts, OutcomeKind, Unit

HOUR, DAY = 3_600, 86_400
OUTCOMES = OutcomePlan(expected=0.2, rows=10_000, window_seconds=DAY)
PLAN = MonitoringPlan(window_seconds=HOUR, lag_seconds=600, outcomes=OUTCOMES)
WATCHED = watched(PLAN, baseline("x"))
START = 1_767_600_000


def served(interval: int, *, known: int, wrong: int, requests: int = 100) -> Observation:
    """What one slot did in one interval."""
    return Observation(
        key=ObservationKey(release_id="steady/m", interval=interval, split_version=0, slot="blue"),
        unit=Unit.REQUEST,
        requests=requests,
        errors=0,
        outcomes={2: OutcomeCounts(known=known - known // 2, wrong=wrong - wrong // 2)}
        | {5: OutcomeCounts(known=known // 2, wrong=wrong // 2)},
    )


@dataclass(slots=True)
class Known:
    """Port `KnownOutcomes`: so many wrong of a hundred, from a window on."""

    wrong_percent: dict[int, int]
    asked: list[int] = field(default_factory=list)

    def read(self, *, first_interval: int, last_interval: int) -> Iterable[Observation]:
        """One interval of each window has all that is known."""
        window = first_interval * 60 // HOUR
        assert intervals_of(window, window_seconds=HOUR) == (first_interval, last_interval)
        self.asked.append(window)
        wrong = next(w for begin, w in sorted(self.wrong_percent.items())[::-1] if window >= begin)
        return [served(first_interval, known=100, wrong=wrong)]


def looked(known: Known, *hours: float) -> MemoryStore:
    """The store after looks so many hours after the start."""
    store = MemoryStore()
    for hour in hours:
        ports = LookPorts(store=store, files=MemoryFiles(), now=START + hour * HOUR, outcomes=known)
        look(ports, WATCHED)
    return store


def test_windows_wait_until_all_outcomes_can_have_come() -> None:
    """An hour is judged a day and a lag later, once, the first one being that of the first look."""
    first = START // HOUR
    known = Known({0: 20})
    looked(known, 0.5, 24.9, 25.1, 25.2, 27.2)
    assert known.asked == [first, first + 1, first + 2]


def test_decay_is_found_and_steady_quality_is_not() -> None:
    """One in five wrong for a hundred hours is as expected; then four in ten are."""
    turn = START // HOUR + 100
    known = Known({0: 20, turn: 40})
    quiet = looked(known, 0.5, 24 + 100.2).read()
    assert quiet is not None
    assert quiet.state.now == ()
    after = looked(Known({0: 20, turn: 40}), 0.5, 24 + 108.2).read()
    assert after is not None
    (finding,) = verdict_of(after.state, WATCHED).refused
    assert finding.family == Family.OUTCOMES.value
    assert (finding.share, finding.since) == ("wrong", turn * HOUR)
    assert finding.recent == pytest.approx(0.4)
    assert finding.requests == 800


def test_better_than_expected_is_no_finding() -> None:
    """Decay has one side."""
    found = looked(Known({0: 2}), 0.5, 200).read()
    assert found is not None
    assert found.state.now == ()


@pytest.mark.parametrize(
    ("kind", "bad", "good"),
    [
        (OutcomeKind.LABELS, 30, 50),
        (OutcomeKind.COMPLAINTS, 30, 70),
        (OutcomeKind.CONVERSIONS, 50, 50),
    ],
)
def test_what_is_bad_depends_on_what_is_reported(kind: OutcomeKind, bad: int, good: int) -> None:
    """Of 100 answers 80 are known and 30 of those went wrong; of events, none is no news."""
    plan = OutcomePlan(kind=kind, expected=0.2, rows=100)
    counts = outcome_counts(plan, [served(7, known=80, wrong=30)])
    assert counts.bins == [bad, good]


def test_the_last_mature_window_ends_before_outcome_window_and_lag() -> None:
    """At the very moment it is mature."""
    at = 10 * HOUR + DAY + 600
    assert last_mature(OUTCOMES, now=at, window_seconds=HOUR, lag_seconds=600) == 9
    assert last_mature(OUTCOMES, now=at - 1, window_seconds=HOUR, lag_seconds=600) == 8


def test_plans_survive_json() -> None:
    """With outcomes and without."""
    for plan in (PLAN, MonitoringPlan()):
        assert MonitoringPlan.from_json(plan.to_json()) == plan

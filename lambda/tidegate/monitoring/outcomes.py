"""Model quality against late outcomes: only windows whose outcomes can all have come are judged.

What is counted is what is bad, so that decay is always more of it: wrong labels of those known,
complaints of those answered, answers without a conversion of those answered.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from tidegate.intervals import INTERVAL_SECONDS
from tidegate.monitoring.counts import FeatureCounts
from tidegate.observation import Observation, OutcomeKind
from tidegate.values import value

OUTCOME = "(outcome)"
"""The name under which outcomes are watched, as if they were one more feature."""


@value
class OutcomePlan:
    """What is reported of predictions, and how much of it was bad where the model was evaluated.

    `expected` is a share of `rows`; outcomes come within `window_seconds` of their prediction.
    """

    kind: OutcomeKind = OutcomeKind.LABELS
    expected: float
    rows: int
    tolerance: float = 0.02
    window_seconds: int = 86_400
    metric: str | None = None
    """The metric of a training run's evaluation that `expected` is, for versions trained here."""

    @property
    def baseline(self) -> FeatureCounts:
        """The evaluation as counts: bad ones and good ones."""
        bad = self.expected * self.rows
        return FeatureCounts(bins=[bad, self.rows - bad])

    @property
    def text(self) -> str:
        """What is bad, as people read it."""
        return {
            OutcomeKind.LABELS: "wrong",
            OutcomeKind.COMPLAINTS: "complained about",
            OutcomeKind.CONVERSIONS: "not converted",
        }[self.kind]

    def faults(self) -> list[str]:
        """What is impossible in it."""
        faults = []
        for name, share in (("expected", self.expected), ("tolerance", self.tolerance)):
            if not 0 <= share < 1:
                faults.append(f"outcomes.{name} is {share}, a share: must be 0 to below 1")
        if self.rows < 1:
            faults.append(f"outcomes.rows is {self.rows}, must be at least 1")
        return faults

    def to_json(self) -> dict[str, Any]:
        """The plan in JSON types."""
        return {
            "kind": self.kind.value,
            "expected": self.expected,
            "rows": self.rows,
            "tolerance": self.tolerance,
            "window_seconds": self.window_seconds,
            "metric": self.metric,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "OutcomePlan":
        """The inverse of `to_json`."""
        return cls(**{**data, "kind": OutcomeKind(data["kind"])})


class KnownOutcomes(Protocol):
    """What was served outside releases, and what became known of it."""

    def read(self, *, first_interval: int, last_interval: int) -> Iterable[Observation]:
        """The counts of these intervals of serving, both ends included."""
        ...


def last_mature(plan: OutcomePlan, *, now: float, window_seconds: int, lag_seconds: int) -> int:
    """The last window whose outcomes can all have come and been counted."""
    return int((now - plan.window_seconds - lag_seconds) // window_seconds) - 1


def intervals_of(window: int, *, window_seconds: int) -> tuple[int, int]:
    """The first and the last interval of a window, which is of whole intervals."""
    first = window * window_seconds // INTERVAL_SECONDS
    return first, (window + 1) * window_seconds // INTERVAL_SECONDS - 1


def outcome_counts(plan: OutcomePlan, observations: Iterable[Observation]) -> FeatureCounts:
    """Bad and good ones of a window."""
    known = wrong = answered = 0
    for one in observations:
        answered += one.requests - one.errors
        known += sum(counts.known for counts in one.outcomes.values())
        wrong += sum(counts.wrong for counts in one.outcomes.values())
    if plan.kind is OutcomeKind.LABELS:
        return FeatureCounts(bins=[float(wrong), float(known - wrong)])
    events = known - wrong if plan.kind is OutcomeKind.CONVERSIONS else wrong
    # A prediction may be answered in one interval and have its event counted in the next.
    none = float(max(0, answered - events))
    bad_first = plan.kind is OutcomeKind.COMPLAINTS
    return FeatureCounts(bins=[float(events), none] if bad_first else [none, float(events)])

"""Predictions whose labels are waited for: a score and the slices it is in, under a digest.

Nothing else of them is kept, and that only until their window is judged. How many are kept at most
is fixed; beyond it those of the smallest digests are, which is a sample that nobody chose: digests
are of random nonces, so it knows nothing of scores or labels.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.observation import OutcomeKind

MOST_WAITING = 50_000
"""Predictions that are waited for, of all windows together."""
MOST_IN_WINDOW = 20_000

_DIGITS = 4
_SPARE = 1.25
"""A sample is cut down when it has outgrown its limit by this, and when it is written."""


class KnownLabels(Protocol):
    """Outcomes of single predictions."""

    def wrong(self, fingerprints: Collection[str]) -> Mapping[str, bool]:
        """Whether each of these was wrong, of those that something became known of."""
        ...


@dataclass(frozen=True, slots=True)
class Awaited:
    """What is kept of a prediction: its score, and the numbers of the slices that it is in."""

    score: float
    slices: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Waiting:
    """The predictions of a window: how many there were, and those that are kept."""

    most: int
    cut: tuple[str, ...] = ()
    """The features that slices are of: slices are numbered by them."""
    offered: int = 0
    kept: dict[str, Awaited] = field(default_factory=dict)
    """By fingerprint (`prediction_id.fingerprint`)."""

    def put(self, fingerprint: str, score: float, slices: Iterable[int]) -> None:
        """One more is waited for, if it is among those of the smallest digests."""
        self.offered += 1
        self.kept[fingerprint] = Awaited(round(score, _DIGITS), tuple(slices))
        if len(self.kept) > _SPARE * self.most:
            self.trim()

    def trim(self) -> None:
        """No more are kept than may be."""
        if len(self.kept) > self.most:
            self.kept = {name: self.kept[name] for name in sorted(self.kept)[: self.most]}

    def to_json(self) -> dict[str, Any]:
        """The predictions in JSON types."""
        self.trim()
        kept = {name: [one.score, *one.slices] for name, one in self.kept.items()}
        cut = list(self.cut)
        return {"most": self.most, "cut": cut, "offered": self.offered, "kept": kept}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Waiting":
        """The inverse of `to_json`."""
        kept = {
            name: Awaited(score, tuple(slices)) for name, (score, *slices) in data["kept"].items()
        }
        cut = tuple(data["cut"])
        return cls(most=data["most"], cut=cut, offered=data["offered"], kept=kept)


def most_in_window(plan: MonitoringPlan) -> int:
    """How many predictions of a window are kept, so that all windows have room."""
    if plan.outcomes is None:
        return 0
    waits = plan.outcomes.window_seconds + plan.lag_seconds
    windows = math.ceil(waits / plan.window_seconds) + 2
    return min(MOST_IN_WINDOW, MOST_WAITING // windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A prediction that something became known of."""

    score: float
    slices: tuple[int, ...]
    positive: bool
    wrong: bool


def labelled(
    waiting: Waiting, wrong: Mapping[str, bool], plan: OutcomePlan, *, threshold: float | None
) -> Iterator[Labelled]:
    """The predictions whose label is known when all of it can have come.

    Of labels those that came; of complaints and conversions all, since none coming says something
    too. A conversion is the label itself; otherwise the label follows from the prediction and from
    whether it was wrong.
    """
    for name, one in waiting.kept.items():
        told = wrong.get(name)
        if told is None and plan.kind is OutcomeKind.LABELS:
            continue
        predicted = threshold is None or one.score >= threshold
        if plan.kind is OutcomeKind.CONVERSIONS:
            positive = told is False
            erred = predicted is not positive
        else:
            erred = told is True
            positive = predicted is not erred
        yield Labelled(score=one.score, slices=one.slices, positive=positive, wrong=erred)

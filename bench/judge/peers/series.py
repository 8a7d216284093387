"""What the others read off a release: per-minute series of one slot, and samples of both slots.

Latencies are known by their bucket: a mean takes the middle of each, a quantile is interpolated.
"""

from dataclasses import dataclass

import numpy as np

from bench.judge.recorded import Counts, Histograms, Recorded, SlotCounts, when_closed
from bench.judge.worlds import Numbers, Scenario
from tidegate import latency
from tidegate.observation import OutcomeKind
from tidegate.plan import Metric

UPPER = np.asarray([latency.upper_edge_milliseconds(b) for b in range(latency.BUCKET_COUNT)])
UPPER[-1] = UPPER[-2]
"""As Prometheus takes a bucket without an upper edge: as the highest edge there is."""
LOWER = np.concatenate([[0.0], UPPER[:-1]])
MIDDLE = UPPER * 2 ** (-0.5 / latency.BUCKETS_PER_OCTAVE)


def ratio(of: Numbers | Counts, to: Numbers | Counts) -> Numbers:
    """The quotient, NaN where there is nothing to divide by."""
    return np.divide(of, to, out=np.full(np.shape(of), np.nan), where=np.asarray(to) > 0)


def last(counts: Counts | Histograms, minutes: int) -> Counts:
    """The sums over so many minutes up to and including each look."""
    cumulated = np.cumsum(counts, axis=1, dtype=np.int64)
    cumulated[:, minutes:] -= cumulated[:, :-minutes].copy()
    return cumulated


def error_rate(slot: SlotCounts, *, minutes: int = 1) -> Numbers:
    """The share of requests that failed, NaN without requests."""
    return ratio(last(slot.errors, minutes), last(slot.requests, minutes))


def mean_latency(slot: SlotCounts, *, minutes: int = 1) -> Numbers:
    """The mean in milliseconds, NaN where nothing was served."""
    served = slot.latency.sum(axis=-1, dtype=np.int64)
    total = np.cumsum(slot.latency @ MIDDLE, axis=1)
    total[:, minutes:] -= total[:, :-minutes].copy()
    return ratio(total, last(served, minutes))


def quantile_latency(slot: SlotCounts, share: float, *, minutes: int = 1) -> Numbers:
    """The quantile in milliseconds, linear inside its bucket as Prometheus' histogram_quantile."""
    histograms = last(slot.latency, minutes)
    cumulated = np.cumsum(histograms, axis=-1)
    rank = share * cumulated[..., -1:]
    bucket = np.minimum((cumulated < rank).sum(axis=-1, keepdims=True), latency.BUCKET_COUNT - 1)
    within = np.take_along_axis(histograms, bucket, axis=-1)
    before = np.take_along_axis(cumulated, bucket, axis=-1) - within
    inside = ratio(rank - before, within)
    return np.asarray((LOWER[bucket] + (UPPER[bucket] - LOWER[bucket]) * inside)[..., 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Values measured in one slot at every look: how many, their sum, the sum of their squares."""

    count: Numbers
    total: Numbers
    squares: Numbers

    def so_far(self) -> "Sample":
        """All values up to and including each look."""
        return Sample(
            count=np.cumsum(self.count, axis=1),
            total=np.cumsum(self.total, axis=1),
            squares=np.cumsum(self.squares, axis=1),
        )

    def plus(self, other: "Sample") -> "Sample":
        """The values of both."""
        return Sample(
            count=self.count + other.count,
            total=self.total + other.total,
            squares=self.squares + other.squares,
        )

    @property
    def mean(self) -> Numbers:
        """NaN without values."""
        return ratio(self.total, self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One metric of both slots, look by look."""

    metric: Metric
    live: Sample
    candidate: Sample
    worse: int
    """1 where more is worse, -1 where less is."""

    @property
    def yes_or_no(self) -> bool:
        """Whether the values are 0 and 1."""
        return self.metric is not Metric.LATENCY


def pairs(recorded: Recorded) -> tuple[Pair, ...]:
    """Errors, latency in milliseconds and outcomes, as a tool that compares two slots gets them."""
    converts = recorded.scenario.delay.outcomes is OutcomeKind.CONVERSIONS
    return (
        Pair(
            metric=Metric.ERRORS,
            live=_errors(recorded.live),
            candidate=_errors(recorded.candidate),
            worse=1,
        ),
        Pair(
            metric=Metric.LATENCY,
            live=_latency(recorded.live),
            candidate=_latency(recorded.candidate),
            worse=1,
        ),
        Pair(
            metric=Metric.OUTCOMES,
            live=_outcomes(recorded.scenario, recorded.live),
            candidate=_outcomes(recorded.scenario, recorded.candidate),
            worse=-1 if converts else 1,
        ),
    )


def _shares(trials: Counts, events: Counts) -> Sample:
    """Values that are 0 or 1: each is its own square."""
    total = events.astype(np.float64)
    return Sample(count=trials.astype(np.float64), total=total, squares=total)


def _errors(slot: SlotCounts) -> Sample:
    return _shares(slot.requests, slot.errors)


def _latency(slot: SlotCounts) -> Sample:
    return Sample(
        count=slot.latency.sum(axis=-1).astype(np.float64),
        total=slot.latency @ MIDDLE,
        squares=slot.latency @ MIDDLE**2,
    )


def _outcomes(scenario: Scenario, slot: SlotCounts) -> Sample:
    """Wrong labels among those known, or events among all that was served so far."""
    match scenario.delay.outcomes:
        case OutcomeKind.LABELS:
            return _shares(when_closed(slot.known), when_closed(slot.wrong))
        case OutcomeKind.CONVERSIONS | OutcomeKind.COMPLAINTS:
            return _shares(slot.requests - slot.errors, when_closed(slot.known))

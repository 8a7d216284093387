"""What a simulated release is made of: traffic, two slots, and what they share.

Everything here is a frozen value that can be compared, printed and hashed; nothing is drawn at
random (`simulate` does that) and nothing is judged.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tidegate import latency
from tidegate.observation import DELAY_EDGES, OutcomeKind, Unit, last_delay
from tidegate.plan import Metric

LOOKS = 240
"""Looks a release, one an interval of a minute: four hours."""

WINDOW_INTERVALS = 240
"""The outcome window: later outcomes are refused."""

MOST = 0.9999
"""No rate is higher, so that odds stay finite."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A value by interval: straight lines between points, times a swing of the day."""

    points: tuple[tuple[int, float], ...]
    swing: float = 0.0
    """How far the value swings to either side, as a share of itself."""
    period: int = LOOKS

    def values(self) -> Numbers:
        """The value of each look."""
        at = np.arange(LOOKS)
        line = np.interp(at, [x for x, _ in self.points], [y for _, y in self.points])
        return np.asarray(line * (1 + self.swing * np.sin(2 * math.pi * at / self.period)))


def always(value: float, *, swing: float = 0.0) -> Course:
    """A value that never changes but for its swing."""
    return Course(points=((0, value),), swing=swing)


ONE_IN_A_HUNDRED, ONE_IN_TEN, UNCHANGED = always(0.01), always(0.10), always(1.0)


def since(onset: int, before: float, after: float) -> Course:
    """A value that changes at one interval and stays."""
    return Course(points=((onset - 1, before), (onset, after)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A mixture: a lognormal body, a Pareto tail, and a slow mode of the body's shape."""

    median_milliseconds: float = 40.0
    sigma: float = 0.45
    tail_share: float = 0.03
    tail_from: float = 3.0
    """Where the tail begins, in medians."""
    tail_index: float = 2.5
    slow_share: float = 0.0
    slow_factor: float = 10.0

    def chances(self, slowdown: Numbers) -> Numbers:
        """The chance of each latency bucket, for each slowdown: shape (len(slowdown), buckets)."""
        edges = [latency.upper_edge_milliseconds(b) for b in range(latency.BUCKET_COUNT - 1)]
        below = self._share_below(np.asarray(edges) / slowdown[:, None])
        return np.diff(below, axis=1, prepend=0.0, append=1.0)

    def _share_below(self, milliseconds: Numbers) -> Numbers:
        medians = milliseconds / self.median_milliseconds
        body = 1 - self.tail_share - self.slow_share
        beyond = np.maximum(medians / self.tail_from, 1.0)
        return np.asarray(
            body * _normal(np.log(medians) / self.sigma)
            + self.tail_share * (1 - beyond**-self.tail_index)
            + self.slow_share * _normal(np.log(medians / self.slow_factor) / self.sigma)
        )

    def draw(self, rng: np.random.Generator, slowdown: Numbers) -> NDArray[np.int64]:
        """The bucket of one request for each slowdown."""
        size = slowdown.shape
        kind = rng.random(size)
        body = np.exp(self.sigma * rng.standard_normal(size))
        tail = self.tail_from * (1 + rng.pareto(self.tail_index, size))
        medians = np.where(kind < self.slow_share, self.slow_factor * body, body)
        medians = np.where(kind > 1 - self.tail_share, tail, medians)
        return buckets_of(self.median_milliseconds * medians * slowdown)


def buckets_of(milliseconds: Numbers) -> NDArray[np.int64]:
    """`tidegate.latency.bucket_of` of every element."""
    octaves = np.log2(milliseconds / latency.LOWEST_MILLISECONDS)
    buckets = np.ceil(octaves * latency.BUCKETS_PER_OCTAVE - 1e-9)
    return np.clip(buckets, 0, latency.BUCKET_COUNT - 1).astype(np.int64)


def _normal(z: Numbers) -> Numbers:
    return np.asarray(0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What one slot does by itself."""

    errors: Course = ONE_IN_A_HUNDRED
    latency: Latency = Latency()
    slowdown: Course = UNCHANGED
    outcomes: Course = ONE_IN_TEN
    """Rate of wrong labels, or of events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """When outcomes become known: after an exponential delay, in whole intervals."""

    outcomes: OutcomeKind = OutcomeKind.LABELS
    mean_intervals: float = 1.0

    def chances(self) -> Numbers:
        """The chance of each delay bucket; the rest to 1 comes too late and is refused."""
        ends = [last_delay(b, window_intervals=WINDOW_INTERVALS) for b in range(len(DELAY_EDGES))]
        late = np.exp(-(np.minimum(ends, WINDOW_INTERVALS) + 1.0) / self.mean_intervals)
        return np.maximum(np.diff(1 - late, prepend=0.0), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """Bad times of both slots: they begin and end at random."""

    chance: float = 0.02
    mean_intervals: float = 4.0
    error_factor: float = 8.0
    slowdown: float = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """Users that stay in their slot and differ: gamma-distributed rates, lognormal slowness."""

    count: int = 20_000
    activity_shape: float = 0.3
    rate_shape: float = 0.25
    slowness_sigma: float = 0.4
    unit: Unit = Unit.USER
    """`user`: each counts once, where he is first seen; `request`: each of his requests counts."""


class Family(StrEnum):
    """What a scenario is about."""

    HARMLESS = "harmless"
    ERRORS = "errors"
    OUTCOMES = "outcomes"
    LATENCY = "latency"
    LATE_ONSET = "late onset"
    STRESS = "stress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A release to simulate, LOOKS intervals long, and what is wrong with its candidate."""

    name: str
    family: Family
    per_minute: Course
    shares: tuple[tuple[int, float], ...] = ((0, 0.05),)
    """First interval and candidate share of each step."""
    live: Behaviour = Behaviour()
    candidate: Behaviour = Behaviour()
    delay: Delay = Delay()
    incidents: Incidents | None = None
    shared_noise: float = 0.0
    """Sigma of a lognormal factor on both slots' error rates, new in every interval."""
    clump_size: int = 1
    """Errors one client makes in a row, all in one slot."""
    users: Users | None = None
    harmed: Metric | None = None
    """What is worse; None where the candidate is harmless."""
    onset: int = 0
    """The interval from which the candidate is bad."""

    def share(self) -> Numbers:
        """The candidate's share of each look."""
        return np.asarray(
            [[share for first, share in self.shares if at >= first][-1] for at in range(LOOKS)]
        )

    def split_version(self, interval: int) -> int:
        """The number of the split in force: 1 from the start, one more with every step."""
        return sum(interval >= first for first, _ in self.shares)

    @property
    def unit(self) -> Unit:
        """What is counted."""
        return Unit.REQUEST if self.users is None else self.users.unit

"""Whole A/B tests, drawn with numpy and judged by the product's code, look by look."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from tidegate.abtest.assignment import next_shares
from tidegate.abtest.decide import advance
from tidegate.abtest.plan import ABPlan
from tidegate.abtest.state import ABState
from tidegate.closing import closed
from tidegate.observation import (
    Observation,
    ObservationKey,
    OutcomeCounts,
    OutcomeKind,
    delay_bucket,
)

Course = Callable[[float], float]
"""Part of the horizon that has passed, to a factor of the base rate."""

Ramp = Callable[[float], Mapping[str, int]]
"""Part of the horizon that has passed, to shares planned ahead."""


def steady(_: float) -> float:
    """Nothing changes."""
    return 1.0


def drifting(passed: float) -> float:
    """The base rate triples."""
    return 1 + 2 * passed


def daily(passed: float) -> float:
    """Ten days, on each of which the rate doubles and halves."""
    return float(2 ** math.sin(20 * math.pi * passed))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the arms do: base rate, effect of each arm in points, its course, how late it shows."""

    name: str
    plan: ABPlan
    effects: tuple[float, ...]
    base: float = 0.10
    looks: int = 120
    course: Course = steady
    ramp: Ramp | None = None
    mean_delay: float = 0.0

    @property
    def requests(self) -> int:
        """Requests of a look."""
        return self.plan.horizon_requests // self.looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How one test ended: the decision, after how many requests, and the regret until then."""

    winner: str | None
    tied: bool
    requests: int
    regret: float
    """Expected good outcomes missed against the best arm, by the true rates."""
    regret_undecided: float = field(default=0.0)
    """The same, had the shares gone on as they were to the horizon without any decision."""


def run(world: World, seed: int, *, stop: bool = True) -> Run:
    """One test to its decision or to the horizon; without `stop`, on to the horizon in any case."""
    rng = np.random.default_rng(seed)
    state, best = ABState.initial(world.plan), max(world.effects)
    counters: list[Observation] = []
    shares: Mapping[str, int] = world.plan.first_shares
    splits: dict[int, Mapping[str, int]] = {}
    regret, decided = 0.0, None
    for look in range(world.looks):
        passed = look / world.looks
        splits[look] = shares = shares if world.ramp is None else world.ramp(passed)
        served = rng.multinomial(world.requests, [shares[arm] / 100 for arm in world.plan.arms])
        factor = world.course(passed)
        rates = [min(1.0, (world.base + effect) * factor) for effect in world.effects]
        missed = [(best - effect) * factor for effect in world.effects]
        regret += sum(n * m for n, m in zip(served, missed, strict=True))
        counters += _served(world, look, (served, rates), rng)
        increments = closed(
            counters[-len(rates) * (world.plan.window_intervals + 1) :],
            after=look - 1,
            through=look,
            outcome_window_seconds=world.plan.outcome_window_seconds,
            kind=world.plan.kind,
        )
        state = advance(world.plan, state, increments, splits=splits)
        if decided is None and state.decision is not None:
            decided = Run(
                winner=state.decision.winner,
                tied=bool(state.decision.tied),
                requests=sum(state.requests),
                regret=regret,
            )
        if decided is not None and stop:
            break
        if world.ramp is None:
            shares = next_shares(world.plan, state.experience, seed=seed * 1_000 + look)
    ended = decided or Run(winner=None, tied=False, requests=sum(state.requests), regret=regret)
    return Run(
        winner=ended.winner,
        tied=ended.tied,
        requests=ended.requests,
        regret=ended.regret,
        regret_undecided=regret,
    )


def _served(
    world: World, look: int, drawn: tuple[np.ndarray, list[float]], rng: np.random.Generator
) -> list[Observation]:
    """The counters of one interval, with all outcomes that will ever come."""
    found = []
    for arm, count, rate in zip(world.plan.arms, drawn[0], drawn[1], strict=True):
        rights = int(rng.binomial(count, rate))
        known = _by_bucket(world, rights, rng)
        wrongs = {}
        if world.plan.kind is OutcomeKind.LABELS:
            wrongs = _by_bucket(world, int(count) - rights, rng)
        found.append(
            Observation(
                key=ObservationKey(release_id="ab", interval=look, split_version=look, slot=arm),
                requests=int(count),
                outcomes={
                    bucket: OutcomeCounts(
                        known=known.get(bucket, 0) + wrongs.get(bucket, 0),
                        wrong=wrongs.get(bucket, 0),
                    )
                    for bucket in known.keys() | wrongs.keys()
                },
            )
        )
    return found


def _by_bucket(world: World, count: int, rng: np.random.Generator) -> dict[int, int]:
    if world.mean_delay == 0:
        return {0: count}
    delays = np.floor(rng.exponential(world.mean_delay, count)).astype(int)
    window = world.plan.window_intervals
    delays = delays[delays <= window]
    found: dict[int, int] = {}
    for delay, number in zip(*np.unique(delays, return_counts=True), strict=True):
        bucket = delay_bucket(int(delay))
        found[bucket] = found.get(bucket, 0) + int(number)
    return found

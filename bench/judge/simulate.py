"""Draws releases: whole scenarios at once, all runs and looks in one array.

The same scenario, number of runs and seed give the same counts. Each metric is drawn from a stream
of its own, so that leaving one out does not change the others.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from bench.judge.recorded import Counts, Recorded, SlotCounts
from bench.judge.users import simulate_users
from bench.judge.worlds import (
    LOOKS,
    MOST,
    Behaviour,
    Incidents,
    Numbers,
    Scenario,
)
from tidegate import latency
from tidegate.observation import DELAY_EDGES, OutcomeKind
from tidegate.plan import Metric

RUNS_AT_ONCE = 64
"""Runs whose latency chances are held in memory together."""


def simulate(
    scenario: Scenario,
    runs: int,
    seed: int,
    *,
    metrics: Collection[Metric] = tuple(Metric),
) -> Recorded:
    """So many runs of a scenario; counts of metrics not asked for are left at 0."""
    if scenario.users is not None:
        return simulate_users(scenario, runs, seed)
    shared, live, candidate = np.random.SeedSequence(seed).spawn(3)
    around = _Around(scenario, runs, np.random.default_rng(shared))
    share = scenario.share()
    return Recorded(
        scenario=scenario,
        live=_slot(around, scenario.live, 1 - share, (live, metrics)),
        candidate=_slot(around, scenario.candidate, share, (candidate, metrics)),
    )


class _Around:
    """What both slots live through together: load, incidents, noise."""

    def __init__(self, scenario: Scenario, runs: int, rng: np.random.Generator) -> None:
        self.scenario, self.shape = scenario, (runs, LOOKS)
        self.per_minute = scenario.per_minute.values()
        self.noise = np.exp(scenario.shared_noise * rng.standard_normal(self.shape))
        self.incident = _incidents(scenario.incidents, self.shape, rng)

    def error_rates(self, behaviour: Behaviour) -> Numbers:
        """The error rate of one slot in every run and look."""
        worse = self.scenario.incidents
        factor = 1.0 if worse is None else np.where(self.incident, worse.error_factor, 1.0)
        return np.minimum(behaviour.errors.values() * factor * self.noise, MOST)


def _incidents(
    incidents: Incidents | None, shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.bool_]:
    within = np.zeros(shape, dtype=bool)
    if incidents is None:
        return within
    chance = rng.random(shape)
    for look in range(1, shape[1]):
        stays = chance[:, look] > 1 / incidents.mean_intervals
        within[:, look] = np.where(within[:, look - 1], stays, chance[:, look] < incidents.chance)
    return within


def _slot(
    around: _Around,
    behaviour: Behaviour,
    share: Numbers,
    drawn: tuple[np.random.SeedSequence, Collection[Metric]],
) -> SlotCounts:
    """One slot: served and failed requests are Poisson, which is what a random split makes them."""
    streams, metrics = drawn[0].spawn(3), drawn[1]
    rng = np.random.default_rng(streams[0])
    rates, offered = around.error_rates(behaviour), around.per_minute * share
    served = rng.poisson(offered * (1 - rates), around.shape)
    clumps = rng.poisson(offered * rates / around.scenario.clump_size, around.shape)
    errors = clumps * around.scenario.clump_size
    histogram = np.zeros((*around.shape, latency.BUCKET_COUNT), dtype=np.int32)
    if Metric.LATENCY in metrics:
        _draw_latency(histogram, around, behaviour, (served, np.random.default_rng(streams[1])))
    known = wrong = np.zeros((*around.shape, len(DELAY_EDGES)), dtype=np.int64)
    if Metric.OUTCOMES in metrics:
        known, wrong = _outcomes(around, behaviour, (served, np.random.default_rng(streams[2])))
    return SlotCounts(
        requests=served + errors,
        errors=errors,
        clients_with_errors=clumps,
        latency=histogram,
        known=known,
        wrong=wrong,
    )


def _draw_latency(
    histogram: NDArray[np.int32],
    around: _Around,
    behaviour: Behaviour,
    drawn: tuple[Counts, np.random.Generator],
) -> None:
    served, rng = drawn
    slowdown = behaviour.slowdown.values()
    worse = around.scenario.incidents
    regimes = np.stack(
        [
            behaviour.latency.chances(slowdown * factor)
            for factor in (1.0, 1.0 if worse is None else worse.slowdown)
        ]
    )
    for first in range(0, around.shape[0], RUNS_AT_ONCE):
        runs = slice(first, first + RUNS_AT_ONCE)
        chances = regimes[around.incident[runs].astype(int), np.arange(LOOKS)]
        histogram[runs] = rng.multinomial(served[runs], chances)


def _outcomes(
    around: _Around, behaviour: Behaviour, drawn: tuple[Counts, np.random.Generator]
) -> tuple[Counts, Counts]:
    served, rng = drawn
    rates = behaviour.outcomes.values()[:, None]
    when = around.scenario.delay.chances()
    labels = around.scenario.delay.outcomes is OutcomeKind.LABELS
    chances = np.broadcast_to(when if labels else rates * when, (LOOKS, len(when)))
    never = 1 - chances.sum(axis=1, keepdims=True)
    known = rng.multinomial(served, np.concatenate([chances, never], axis=1))[..., :-1]
    if labels:
        return known, rng.binomial(known, rates)
    if around.scenario.delay.outcomes is OutcomeKind.COMPLAINTS:
        return known, known
    return known, np.zeros_like(known)

"""Draws what a slot did: counts of one stretch of serving, as the observation record keeps them.

Requests are Poisson, which is what a random split makes of Poisson traffic; they do not depend on
each other. Clumps, sticky users and drifting rates are the benchmark's business (`bench/judge`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cli.simulation.behaviour import Behaviour
from tidegate.closing import matured_of, outcomes_of, window_intervals
from tidegate.observation import (
    DELAY_EDGES,
    MaturedCounts,
    Observation,
    ObservationKey,
    OutcomeCounts,
    last_delay,
)
from tidegate.plan import ReleasePlan


@dataclass(slots=True, kw_only=True)
class Sampler:
    """A slot's behaviour, how the plan closes outcomes, and the chance that decides."""

    behaviour: Behaviour
    plan: ReleasePlan
    rng: np.random.Generator
    _latency: NDArray[np.float64] = field(init=False)
    _known: NDArray[np.float64] = field(init=False)
    _window: int = field(init=False)
    _closes: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        """The chances are made ready once."""
        self._latency = whole(self.behaviour.latency)
        never = max(0.0, 1 - self.behaviour.known_share)
        self._known = whole((*self.behaviour.known, never))
        self._window = window_intervals(self.plan.outcome_window_seconds)
        self._closes = tuple(
            last_delay(bucket, window_intervals=self._window) for bucket in range(len(DELAY_EDGES))
        )

    def serve(
        self, key: ObservationKey, *, expected_requests: float, evidence: bool
    ) -> Iterator[tuple[int, Observation]]:
        """The increments of one stretch, each with the interval at whose end it is closed."""
        requests = int(self.rng.poisson(expected_requests))
        if requests == 0:
            return
        errors = int(self.rng.binomial(requests, min(1.0, self.behaviour.errors)))
        counter = Observation(
            key=key,
            requests=requests,
            errors=errors,
            clients_with_errors=errors,
            latency=buckets_of(self.rng.multinomial(requests - errors, self._latency)),
            outcomes=self._outcomes(requests - errors),
            evidence=evidence,
        )
        yield from self._closed(counter)

    def _closed(self, counter: Observation) -> Iterator[tuple[int, Observation]]:
        """The counter in the parts and at the intervals in which `tidegate.closing` closes it."""
        kind = self.plan.outcome_kind
        outcomes = outcomes_of(counter, kind=kind, window=self._window)
        prompt = {b: counts for b, counts in outcomes.items() if self._closes[b] == 0}
        yield counter.key.interval, replace(counter, outcomes=prompt)
        late = Observation(key=counter.key, evidence=counter.evidence)
        for bucket in outcomes.keys() - prompt.keys():
            closes = counter.key.interval + self._closes[bucket]
            yield closes, replace(late, outcomes={bucket: outcomes[bucket]})
        matured = matured_of(counter, kind=kind, window=self._window)
        if matured != MaturedCounts():
            yield counter.key.interval + self._window, replace(late, matured=matured)

    def _outcomes(self, answers: int) -> dict[int, OutcomeCounts]:
        known = buckets_of(self.rng.multinomial(answers, self._known)[:-1])
        return {
            bucket: OutcomeCounts(
                known=count, wrong=int(self.rng.binomial(count, self.behaviour.wrong))
            )
            for bucket, count in known.items()
        }


def whole(chances: tuple[float, ...]) -> NDArray[np.float64]:
    """Chances that add up to 1 as closely as numpy asks for."""
    values = np.asarray(chances, dtype=np.float64)
    return np.asarray(values / values.sum())


def buckets_of(drawn: NDArray[np.int64]) -> dict[int, int]:
    """Counts by bucket, those without any left out."""
    return {bucket: int(drawn[bucket]) for bucket in np.flatnonzero(drawn).tolist()}

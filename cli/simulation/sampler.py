"""Draws what a slot did: counts of one stretch of serving, as the observation record keeps them.

Requests are Poisson, which is what a random split makes of Poisson traffic; they do not depend on
each other. Clumps, sticky users and drifting rates are the benchmark's business (`bench/judge`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cli.simulation.behaviour import Behaviour
from tidegate.closing import window_intervals
from tidegate.observation import (
    DELAY_EDGES,
    Observation,
    ObservationKey,
    OutcomeCounts,
    last_delay,
)


@dataclass(slots=True, kw_only=True)
class Sampler:
    """A slot's behaviour and the chance that decides."""

    behaviour: Behaviour
    outcome_window_seconds: int
    rng: np.random.Generator
    _latency: NDArray[np.float64] = field(init=False)
    _known: NDArray[np.float64] = field(init=False)
    _closes: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        """The chances are made ready once."""
        self._latency = _whole(self.behaviour.latency)
        never = max(0.0, 1 - self.behaviour.known_share)
        self._known = _whole((*self.behaviour.known, never))
        window = window_intervals(self.outcome_window_seconds)
        self._closes = tuple(
            last_delay(bucket, window_intervals=window) for bucket in range(len(DELAY_EDGES))
        )

    def serve(
        self, key: ObservationKey, *, expected_requests: float, evidence: bool
    ) -> Iterator[tuple[int, Observation]]:
        """The increments of one stretch, each with the interval at whose end it is closed."""
        requests = int(self.rng.poisson(expected_requests))
        if requests == 0:
            return
        errors = int(self.rng.binomial(requests, min(1.0, self.behaviour.errors)))
        outcomes = self._outcomes(requests - errors)
        prompt = {b: counts for b, counts in outcomes.items() if self._closes[b] == 0}
        yield (
            key.interval,
            Observation(
                key=key,
                requests=requests,
                errors=errors,
                clients_with_errors=errors,
                latency=_counts(self.rng.multinomial(requests - errors, self._latency)),
                outcomes=prompt,
                evidence=evidence,
            ),
        )
        for bucket in outcomes.keys() - prompt.keys():
            late = Observation(key=key, outcomes={bucket: outcomes[bucket]}, evidence=evidence)
            yield key.interval + self._closes[bucket], late

    def _outcomes(self, answers: int) -> dict[int, OutcomeCounts]:
        known = _counts(self.rng.multinomial(answers, self._known)[:-1])
        return {
            bucket: OutcomeCounts(
                known=count, wrong=int(self.rng.binomial(count, self.behaviour.wrong))
            )
            for bucket, count in known.items()
        }


def _whole(chances: tuple[float, ...]) -> NDArray[np.float64]:
    """Chances that add up to 1 as closely as numpy asks for."""
    values = np.asarray(chances, dtype=np.float64)
    return np.asarray(values / values.sum())


def _counts(drawn: NDArray[np.int64]) -> dict[int, int]:
    return {bucket: int(drawn[bucket]) for bucket in np.flatnonzero(drawn).tolist()}

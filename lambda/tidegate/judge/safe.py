"""Evidence that the candidate is harmless up to a margin: an e-process against "worse by the margin".

The claim refused is "in every stratum the candidate's rate is at least the live one's plus the
margin". Each stratum is a bet on guessed rates, known before it, against the closest pair of rates
that the claim allows (Turner, Ly & Gruenwald, 2106.02693, the convex case; the proof that this is fair
is in docs/explanation/judge.md). Several guesses are bet on, each with a wealth of its own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.judge.hypergeometric import log_sum_exp
from tidegate.judge.strata import Table

BISECTIONS = 44
"""Halvings of an interval shorter than 1: the root is known to 1e-13."""

CAUTION: tuple[float, ...] = (0.0, 0.5)
"""The guesses bet on: how far each moves the candidate from the guessed rate to the margin's edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bet:
    """Rates bet on (`candidate`, `live`) and the closest ones that are worse by the margin."""

    candidate: float
    live: float
    null_candidate: float
    null_live: float

    def log_gain(self, table: Table) -> float:
        """ln of the factor by which this stratum multiplies the wealth."""
        return _log_gain(
            table.candidate_trials, table.candidate_events, self.candidate, self.null_candidate
        ) + _log_gain(table.live_trials, table.live_events, self.live, self.null_live)

    def growth(self, *, live_per_candidate: float) -> float:
        """Expected ln of the factor for each candidate trial, should the guess be right."""
        return _divergence(self.candidate, self.null_candidate) + live_per_candidate * _divergence(
            self.live, self.null_live
        )


def _log_gain(trials: int, events: int, rate: float, null: float) -> float:
    hits = events * math.log(rate / null) if events else 0.0
    misses = (trials - events) * math.log((1 - rate) / (1 - null)) if trials > events else 0.0
    return hits + misses


def _divergence(rate: float, null: float) -> float:
    return rate * math.log(rate / null) + (1 - rate) * math.log((1 - rate) / (1 - null))


def place_bet(
    rates: tuple[float, float], margin: float, *, candidate_trials: float, live_trials: float
) -> Bet | None:
    """The bet on guessed rates (candidate, live) in (0, 1), or None where they admit the harm.

    The closest pair worse by the margin minimises trials * divergence over both slots. Along
    `candidate = live + margin` that is convex, and its derivative is bisected.
    """
    candidate, live = rates
    if candidate - live >= margin:
        return None
    low, high = max(0.0, candidate - margin), min(live, 1 - margin)
    for _ in range(BISECTIONS):
        null = (low + high) / 2
        worse = null + margin
        pull = candidate_trials * (worse - candidate) / (worse * (1 - worse))
        if pull + live_trials * (null - live) / (null * (1 - null)) > 0:
            high = null
        else:
            low = null
    null = (low + high) / 2
    return Bet(candidate=candidate, live=live, null_candidate=null + margin, null_live=null)


def guesses(rates: tuple[float, float], margin: float) -> list[tuple[float, float]]:
    """The pairs of rates bet on: the guessed one, and more cautious ones nearer to the margin."""
    candidate, live = rates
    edge = min(live + margin, 1.0)
    return [(candidate + caution * (edge - candidate), live) for caution in CAUTION]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeState:
    """ln of the wealth of each guess."""

    log_wealth: tuple[float, ...] = (0.0,) * len(CAUTION)

    @property
    def log_evidence(self) -> float:
        """ln of the e-value: the mean wealth of the guesses."""
        return log_sum_exp(self.log_wealth) - math.log(len(self.log_wealth))

    def to_json(self) -> dict[str, Any]:
        """The state in JSON types; `from_json` reads it back."""
        return {"log_wealth": list(self.log_wealth)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SafeState":
        """The state that `to_json` wrote."""
        return cls(log_wealth=tuple(float(value) for value in data["log_wealth"]))


def update(
    state: SafeState, table: Table, *, rates: tuple[float, float], margin: float
) -> SafeState:
    """The state after one more stratum, bet on with rates guessed before it was seen."""
    if not table.comparable:
        return state
    wealth = []
    for value, guess in zip(state.log_wealth, guesses(rates, margin), strict=True):
        bet = place_bet(
            guess,
            margin,
            candidate_trials=table.candidate_trials,
            live_trials=table.live_trials,
        )
        wealth.append(value if bet is None else value + bet.log_gain(table))
    return SafeState(log_wealth=tuple(wealth))

"""What was counted of one metric so far, compared stratum by stratum.

Rates and differences here are Mantel-Haenszel: each stratum weighs candidate * live / both trials,
so that slots are compared at the same time even while shares and base rates move. They serve people
and the next bet; no verdict is read from them.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict

from tidegate.judge.strata import Table
from tidegate.untyped import Any
from tidegate.values import value

MEMORY_TRIALS = 2_000.0
"""Live trials after which the past counts half when the next live rate is guessed."""

PRIOR_TRIALS = 150.0
"""Pseudo-trials by which a guess of the candidate's rate is drawn towards the live one."""


@value
class Tally:
    """Sums over the comparable strata of one metric."""

    candidate_trials: int = 0
    candidate_events: int = 0
    live_trials: int = 0
    live_events: int = 0
    weight: float = 0.0
    candidate_score: float = 0.0
    live_score: float = 0.0
    candidate_scale: float = 0.0
    live_scale: float = 0.0
    recent_trials: float = 0.0
    recent_events: float = 0.0

    @property
    def candidate_rate(self) -> float | None:
        """The candidate's rate, compared at the same time; None without data."""
        return self.candidate_score / self.weight if self.weight > 0 else None

    @property
    def live_rate(self) -> float | None:
        """The live version's rate, compared at the same time; None without data."""
        return self.live_score / self.weight if self.weight > 0 else None

    @property
    def surprise(self) -> float:
        """How many standard deviations the candidate is worse, roughly: to choose what to show."""
        if self.weight <= 0:
            return 0.0
        rate = (self.candidate_score + self.live_score) / (2 * self.weight)
        spread = math.sqrt(self.weight * max(rate * (1 - rate), 1 / self.weight))
        return (self.candidate_score - self.live_score) / spread

    def plus(self, table: Table) -> "Tally":
        """This tally with one more comparable stratum."""
        if not table.comparable:
            return self
        candidate_scale = table.live_trials / table.trials
        live_scale = table.candidate_trials / table.trials
        fade = 0.5 if self.recent_trials > MEMORY_TRIALS else 1.0
        return Tally(
            candidate_trials=self.candidate_trials + table.candidate_trials,
            candidate_events=self.candidate_events + table.candidate_events,
            live_trials=self.live_trials + table.live_trials,
            live_events=self.live_events + table.live_events,
            weight=self.weight + table.candidate_trials * candidate_scale,
            candidate_score=self.candidate_score + table.candidate_events * candidate_scale,
            live_score=self.live_score + table.live_events * live_scale,
            candidate_scale=max(self.candidate_scale, candidate_scale),
            live_scale=max(self.live_scale, live_scale),
            recent_trials=self.recent_trials * fade + table.live_trials,
            recent_events=self.recent_events * fade + table.live_events,
        )

    def guess(self) -> tuple[float, float]:
        """Rates of candidate and live to expect next, both inside (0, 1)."""
        live = (self.recent_events + 0.5) / (self.recent_trials + 10.0)
        lead = (self.candidate_score - self.live_score) / (self.weight + PRIOR_TRIALS)
        return min(max(live + lead, live / 10), 1 - (1 - live) / 10), live

    def to_json(self) -> dict[str, Any]:
        """The tally in JSON types; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Tally":
        """The tally that `to_json` wrote."""
        return cls(
            candidate_trials=int(data["candidate_trials"]),
            candidate_events=int(data["candidate_events"]),
            live_trials=int(data["live_trials"]),
            live_events=int(data["live_events"]),
            weight=float(data["weight"]),
            candidate_score=float(data["candidate_score"]),
            live_score=float(data["live_score"]),
            candidate_scale=float(data["candidate_scale"]),
            live_scale=float(data["live_scale"]),
            recent_trials=float(data["recent_trials"]),
            recent_events=float(data["recent_events"]),
        )

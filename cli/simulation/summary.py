"""What many simulated releases say together: shares with their intervals, medians, exposure."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cli.simulation.behaviour import Behaviour
from cli.simulation.harms import Harm
from cli.simulation.release import End, Outcome, end_name
from tidegate.plan import Metric
from tidegate.strategies import Strategy

CONFIDENCE = 0.95
_BISECTIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, with the interval of the chance behind it (Clopper and Pearson, 1934)."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share itself."""
        return self.count / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """The chances that a count as far off as this one does not speak against, at 95 %."""
        tail = (1 - CONFIDENCE) / 2
        low = 0.0 if self.count == 0 else _chance(lambda p: 1 - self._below(self.count, p), tail)
        high = 1.0
        if self.count < self.of:
            high = 1 - _chance(lambda q: self._below(self.count + 1, 1 - q), tail)
        return low, high

    def _below(self, count: int, chance: float) -> float:
        """How likely fewer than so many are."""
        logs = (math.log(chance), math.log1p(-chance))
        return math.fsum(
            math.exp(_log_choose(self.of, k) + k * logs[0] + (self.of - k) * logs[1])
            for k in range(count)
        )

    def to_json(self) -> dict[str, Any]:
        """The share in JSON types."""
        return {"count": self.count, "of": self.of, "interval": list(self.interval)}


def _chance(tail_at: Callable[[float], float], tail: float) -> float:
    """Where a tail that rises with the chance has this size."""
    low, high = 1e-12, 1 - 1e-12
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if tail_at(middle) < tail:
            low = middle
        else:
            high = middle
    return low


def _log_choose(of: int, count: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """When the releases that ended one way did so: medians, None where none did."""

    minutes: float | None
    minutes_90: float | None
    candidate_requests: float | None

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], end: End) -> "Decided":
        """The figures of those that ended so."""
        ended = [outcome for outcome in outcomes if outcome.end is end]
        if not ended:
            return cls(minutes=None, minutes_90=None, candidate_requests=None)
        minutes = sorted(outcome.seconds / 60 for outcome in ended)
        return cls(
            minutes=statistics.median(minutes),
            minutes_90=minutes[math.ceil(0.9 * len(minutes)) - 1],
            candidate_requests=statistics.median(o.candidate_requests for o in ended),
        )

    def to_json(self) -> dict[str, Any]:
        """The figures in JSON types."""
        return {
            "minutes_median": self.minutes,
            "minutes_90": self.minutes_90,
            "candidate_requests_median": self.candidate_requests,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All runs with one candidate."""

    harm: Harm
    outcomes: tuple[Outcome, ...]
    strategy: Strategy
    bad_answers: float
    """Bad answers that users got because of the harm, in the mean: those the live version would
    not have given. Of a shadow users get none."""

    def share(self, end: End) -> Share:
        """How many ended so."""
        count = sum(outcome.end is end for outcome in self.outcomes)
        return Share(count=count, of=len(self.outcomes))

    def decided(self, end: End) -> Decided:
        """When they did."""
        return Decided.of(self.outcomes, end)

    @property
    def exposure(self) -> float:
        """Requests that the candidate served until the release ended, in the mean."""
        return statistics.fmean(outcome.candidate_requests for outcome in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """The row in JSON types."""
        return {
            "metric": None if self.harm.metric is None else self.harm.metric.value,
            "harm": self.harm.rung.value,
            "candidate": self.harm.words,
            "amount": self.harm.amount,
            "promotion_is_wrong": self.harm.forbidden,
            "rollback_is_wrong": self.harm.metric is None,
            "candidate_requests_mean": self.exposure,
            "bad_answers_mean": self.bad_answers,
            "blamed": dict(Counter(o.blamed for o in self.outcomes if o.blamed is not None)),
            **{
                end_name(end, self.strategy): {
                    **self.share(end).to_json(),
                    **self.decided(end).to_json(),
                }
                for end in End
            },
        }


def row_of(
    harm: Harm, outcomes: tuple[Outcome, ...], *, live: Behaviour, strategy: Strategy
) -> Row:
    """The runs with one candidate, taken together."""
    served = statistics.fmean(outcome.candidate_requests for outcome in outcomes)
    worse = 0.0 if strategy is Strategy.SHADOW else _worse(harm, live)
    return Row(harm=harm, outcomes=outcomes, strategy=strategy, bad_answers=served * worse)


def _worse(harm: Harm, live: Behaviour) -> float:
    """Bad answers a request that the live version would not have given."""
    if harm.metric is Metric.ERRORS:
        return harm.candidate.errors - live.errors
    return 0.0 if harm.metric is None else (1 - harm.candidate.errors) * harm.amount

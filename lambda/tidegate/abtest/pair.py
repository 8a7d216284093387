"""What is known of two arms: which is better, whether they are a tie, and by how much they differ.

A pair holds the first arm against the second. "Good" trials are those the objective wants.
"""

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields, replace
from typing import Any

from tidegate.abtest.bounds import Score, difference_bounds
from tidegate.abtest.contest import (
    Contest,
    ExactContest,
    Stakes,
    VilleContest,
    contest_from_json,
)
from tidegate.abtest.margins import Margins
from tidegate.abtest.plan import ABPlan
from tidegate.abtest.spending import Side
from tidegate.exact.law import packed, unpacked
from tidegate.judge.safe import place_bet
from tidegate.judge.strata import Table
from tidegate.judge.tally import Tally

_TALLY = tuple(item.name for item in fields(Tally))


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Evidence that one arm exceeds the other by less than the margin, as logarithms."""

    log_evidence: float = 0.0
    most: float = 0.0

    def plus(self, table: Table, *, rates: tuple[float, float], margin: float) -> "Within":
        """The evidence after one more stratum, bet on with rates guessed before it was seen."""
        bet = place_bet(
            rates, margin, candidate_trials=table.candidate_trials, live_trials=table.live_trials
        )
        if bet is None:
            return self
        now = self.log_evidence + bet.log_gain(table)
        return Within(log_evidence=now, most=max(self.most, now))

    def to_json(self) -> list[float]:
        """The evidence in JSON types; `from_json` reads it back."""
        return [self.log_evidence, self.most]

    @classmethod
    def from_json(cls, data: Any) -> "Within":
        """The evidence that `to_json` wrote."""
        return cls(log_evidence=float(data[0]), most=float(data[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Evidence about two arms, the first as "candidate" of the tally, the second as "live"."""

    first: str
    second: str
    contest: Contest
    first_within: Within = field(default_factory=Within)
    """Evidence that the first is better by less than the margin, if at all."""
    second_within: Within = field(default_factory=Within)
    tally: Tally = field(default_factory=Tally)

    @classmethod
    def initial(cls, plan: ABPlan, first: str, second: str) -> "Pair":
        """The pair before anything was seen."""
        return cls(
            first=first, second=second, contest=ExactContest() if plan.exact else VilleContest()
        )

    def compared(self, margins: Margins, goods: int, *, stakes: Stakes) -> "Pair":
        """The pair after one more stratum of the contest."""
        return replace(self, contest=self.contest.plus(margins, goods, stakes=stakes))

    def settled(self, table: Table, *, margin: float | None) -> "Pair":
        """The pair after one more stratum of outcomes that are known for good."""
        if not table.comparable:
            return self
        tallied = replace(self, tally=self.tally.plus(table))
        if margin is None:
            return tallied
        first, second = _guess(self.tally, margin)
        mirrored = Table(
            candidate_trials=table.live_trials,
            candidate_events=table.live_events,
            live_trials=table.candidate_trials,
            live_events=table.candidate_events,
        )
        return replace(
            tallied,
            first_within=self.first_within.plus(table, rates=(first, second), margin=margin),
            second_within=self.second_within.plus(mirrored, rates=(second, first), margin=margin),
        )

    @property
    def better(self) -> str | None:
        """The arm that is proven better."""
        if self.contest.ahead is None:
            return None
        return self.first if self.contest.ahead is Side.ABOVE else self.second

    def tied(self, *, level: float) -> bool:
        """Whether it is proven that neither arm is better by the margin."""
        return min(self.first_within.most, self.second_within.most) >= -math.log(level)

    @property
    def difference(self) -> float | None:
        """Rate of good trials of the first arm less that of the second, at the same times."""
        if self.tally.weight <= 0:
            return None
        return (self.tally.candidate_score - self.tally.live_score) / self.tally.weight

    def bounds(self) -> tuple[float, float] | None:
        """The anytime-valid interval of the difference, cut at 0 where one arm is proven better."""
        tally = self.tally
        if tally.weight <= 0:
            return None
        lower, upper = difference_bounds(
            Score(score=tally.candidate_score, weight=tally.weight, scale=tally.candidate_scale),
            Score(score=tally.live_score, weight=tally.weight, scale=tally.live_scale),
        )
        if self.contest.ahead is Side.ABOVE:
            return max(lower, 0.0), max(upper, 0.0)
        if self.contest.ahead is Side.BELOW:
            return min(lower, 0.0), min(upper, 0.0)
        return lower, upper

    def to_json(self) -> dict[str, Any]:
        """The pair in JSON types; `from_json` reads it back."""
        return {
            "first": self.first,
            "second": self.second,
            "contest": self.contest.to_json(),
            "first_within": self.first_within.to_json(),
            "second_within": self.second_within.to_json(),
            "tally": packed([float(value) for value in astuple(self.tally)]),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Pair":
        """The pair that `to_json` wrote."""
        return cls(
            first=data["first"],
            second=data["second"],
            contest=contest_from_json(data["contest"]),
            first_within=Within.from_json(data["first_within"]),
            second_within=Within.from_json(data["second_within"]),
            tally=Tally.from_json(dict(zip(_TALLY, unpacked(data["tally"]), strict=True))),
        )


def _guess(tally: Tally, margin: float) -> tuple[float, float]:
    """Rates of both arms to expect next, inside (0, 1), the lead drawn strongly towards none.

    As if leads were normal with a deviation of a quarter of the margin: a tie is about equal arms,
    and betting on leads as seen takes a third more requests to call one (simulated).
    """
    base = (tally.recent_events + 0.5) / (tally.recent_trials + 1.0)
    prior = base * (1 - base) / (margin / 4) ** 2
    lead = (tally.candidate_score - tally.live_score) / (tally.weight + prior)
    first = base + lead
    return min(max(first, base / 10), 1 - (1 - base) / 10), base

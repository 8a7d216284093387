"""Evidence that the candidate is not worse by the margin: an e-process against that claim.

The claim refused is "in every stratum the candidate's rate is at least the live one's plus the
margin". Each stratum is a bet on guessed rates, known before it, against the closest pair of rates
that the claim allows (Turner, Ly & Gruenwald, 2106.02693, the convex case; the proof that this is
fair is in docs/explanation/judge.md).
"""

import math

from tidegate.judge.strata import Table
from tidegate.values import value

BISECTIONS = 44
"""Halvings of an interval shorter than 1: the root is known to 1e-13."""


@value
class Bet:
    """Rates bet on (`candidate`, `live`) and the closest ones that are worse by the margin."""

    candidate: float
    live: float
    null_candidate: float
    null_live: float

    def log_gain(self, table: Table) -> float:
        """Natural logarithm of the factor by which this stratum multiplies the wealth."""
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


def update(
    log_evidence: float, table: Table, *, rates: tuple[float, float], margin: float
) -> float:
    """The evidence after one more stratum, bet on with rates guessed before it was seen.

    It is the natural logarithm of the wealth, which is the e-value: 0 at first.

    Nothing is bet where the guess itself admits the harm, or where one slot was not tried.
    """
    if not table.comparable:
        return log_evidence
    bet = place_bet(
        rates,
        margin,
        candidate_trials=table.candidate_trials,
        live_trials=table.live_trials,
    )
    if bet is None:
        return log_evidence
    return log_evidence + bet.log_gain(table)

"""What a stratum adds to the walks in which harm is looked for, and the law that it had.

Two kinds: events among trials (hypergeometric, exact) and scores of latencies. Laws and drifts are
made of the totals of both slots alone.
"""

import math
from collections.abc import Mapping, Sequence

from tidegate import latency
from tidegate.exact.counts import (
    LEFT_OUT,
    drawn,
    hypergeometric,
    labelled,
    scores_variance,
    variance,
)
from tidegate.exact.law import Law
from tidegate.exact.walk import CELLS, Increment
from tidegate.judge.strata import Table

MOST_WAYS = 1_500
"""Sums of so few draws are enumerated, by the square of their number times the number of scores:
a millisecond. More of them are labelled one by one, which is as good when there are many."""

LATE = "late"
"""The name of the drift of walks that look for a late turn for the worse."""


def of_events(tables: Sequence[Table], *, odds_ratio: float) -> Increment | None:
    """The candidate's events in these tables, None where they could not have fallen differently.

    The drift is what a candidate whose odds are `odds_ratio` times as high gains half of the time.
    """
    total: Increment | None = None
    for table in tables:
        if not table.informative:
            continue
        law = hypergeometric(table.candidate_trials, table.live_trials, table.events)
        one = Increment(
            value=table.candidate_events,
            law=law,
            variance=variance(table.candidate_trials, table.live_trials, table.events),
            drifts={LATE: midpoint(law, odds_ratio)},
        )
        total = one if total is None else total.plus(one)
    return total


def midpoint(law: Law, odds_ratio: float) -> float:
    """The events at which the likelihood ratio for this odds ratio is 1."""
    log_odds = math.log(odds_ratio)
    moment = math.fsum(
        chance * math.exp(log_odds * index) for index, chance in enumerate(law.chances)
    )
    return law.offset + math.log(moment) / log_odds


def of_scores(
    candidate: latency.Histogram,
    live: latency.Histogram,
    scores: Mapping[int, int],
    *,
    effect: float,
) -> Increment | None:
    """The candidate's summed scores, None where both slots' latencies have the same score.

    Latencies without a score are left out; how many of each slot are left counts as given.
    `effect` is in standard deviations of one score: the drift is half of what a candidate whose
    scores are higher by so much adds.
    """
    candidate = {bucket: count for bucket, count in candidate.items() if bucket in scores}
    live = {bucket: count for bucket, count in live.items() if bucket in scores}
    candidates, lives = sum(candidate.values()), sum(live.values())
    if not candidates or not lives:
        return None
    share = candidates / (candidates + lives)
    items = _by_score(candidate, live, scores)
    centre = round(sum(score * count for score, count in items.items()) / (candidates + lives))
    items = {score - centre: count for score, count in items.items()}
    spread = scores_variance(items, share)
    if spread == 0 or len(items) < 2:
        return None
    law, step, left_out = _law(items, candidates, lives)
    value = sum((scores[bucket] - centre) * count for bucket, count in candidate.items())
    one_score = math.sqrt(spread / (candidates * (1 - share)))
    middle = (law.mean + 0.5 * (step > 1)) * step
    return Increment(
        value=value // step,
        law=law,
        variance=spread,
        step=step,
        left_out=left_out,
        drifts={LATE: middle + effect / 2 * candidates * (1 - share) * one_score},
    )


def _law(items: Mapping[int, int], candidates: int, lives: int) -> tuple[Law, int, float]:
    """The law of the candidate's summed scores, its step, and a bound of what it leaves out."""
    if min(candidates, lives) ** 2 * len(items) <= MOST_WAYS:
        return drawn(items, candidates), 1, 0.0
    law, step = labelled(items, candidates / (candidates + lives), cells=2 * CELLS)
    return law, step, LEFT_OUT * len(items)


def _by_score(
    candidate: latency.Histogram, live: latency.Histogram, scores: Mapping[int, int]
) -> dict[int, int]:
    items: dict[int, int] = {}
    for histogram in (candidate, live):
        for bucket, count in histogram.items():
            items[scores[bucket]] = items.get(scores[bucket], 0) + count
    return items

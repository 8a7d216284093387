"""What a stratum adds to the walks in which harm is looked for, and the law that it had.

Two kinds: events among trials (hypergeometric, exact) and scores of latencies. Laws and drifts are
made of the totals of both slots alone.
"""

import math
from collections.abc import Mapping, Sequence

from tidegate import latency
from tidegate.exact.counts import (
    LEFT_OUT,
    hypergeometric,
    labelled,
    scores_variance,
    variance,
)
from tidegate.exact.law import Law
from tidegate.exact.walk import CELLS, Increment
from tidegate.judge.strata import Table

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
            drifts={LATE: _midpoint(law, odds_ratio)},
        )
        total = one if total is None else total.plus(one)
    return total


def _midpoint(law: Law, odds_ratio: float) -> float:
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

    `effect` is in standard deviations of one score: the drift is half of what a candidate whose
    scores are higher by so much adds.
    """
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
    law, step = labelled(items, share, cells=2 * CELLS)
    value = sum((scores[bucket] - centre) * count for bucket, count in candidate.items())
    one_score = math.sqrt(spread / (candidates * (1 - share)))
    middle = (law.mean + 0.5 * (step > 1)) * step
    return Increment(
        value=value // step,
        law=law,
        variance=spread,
        step=step,
        left_out=LEFT_OUT * len(items),
        drifts={LATE: middle + effect / 2 * candidates * (1 - share) * one_score},
    )


def _by_score(
    candidate: latency.Histogram, live: latency.Histogram, scores: Mapping[int, int]
) -> dict[int, int]:
    items: dict[int, int] = {}
    for histogram in (candidate, live):
        for bucket, count in histogram.items():
            items[scores[bucket]] = items.get(scores[bucket], 0) + count
    return items

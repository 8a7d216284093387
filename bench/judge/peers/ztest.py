"""The z-test of two means at 5 %, looked at every minute: what a dashboard with p-values does.

Two-sided at 1.96 as dashboards have it, a rollback where the candidate is the worse one; every
metric for itself, all counts since the start pooled, nothing corrected for looking often.
"""

import numpy as np

from bench.judge.peers.series import Pair, Sample, pairs, ratio
from bench.judge.recorded import Recorded
from bench.judge.rules import Decisions, Rule, first
from bench.judge.worlds import Numbers

CRITICAL = 1.959964


def worse_by(pair: Pair) -> tuple[Numbers, Numbers]:
    """How much worse the candidate's mean is so far, and that difference's pooled variance."""
    live, candidate = pair.live.so_far(), pair.candidate.so_far()
    difference = pair.worse * (candidate.mean - live.mean)
    spread = _variance(candidate.plus(live))
    return difference, spread * (
        ratio(np.ones_like(live.count), live.count)
        + ratio(np.ones_like(live.count), candidate.count)
    )


def _variance(both: Sample) -> Numbers:
    """Of single values, the difference between the slots being none: as under the hypothesis."""
    return np.maximum(ratio(both.squares, both.count) - both.mean**2, 0.0)


def decide(recorded: Recorded) -> Decisions:
    """The first look at which any metric is significantly worse."""
    significant = []
    for pair in pairs(recorded):
        difference, variance = worse_by(pair)
        significant.append((variance > 0) & (difference > CRITICAL * np.sqrt(variance)))
    return Decisions(rolled_back=first(np.logical_or.reduce(significant)))


PEEKED = Rule(
    name="z-test peeking",
    documented="the two-sample z-test of any textbook, 5 % two-sided a metric, at every look",
    decide=decide,
)

"""GrowthBook's sequential test: an asymptotic confidence sequence for the relative difference.

Written from its documentation and from gbstats 0.8.0 (SequentialTwoSidedTTest), which itself needs
numpy below 2 and pandas below 2 and so cannot be installed beside this project. Its documented
settings: confidence 95 % a metric, tuning parameter 5000, relative difference; no correction for
several metrics. Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, arXiv 2103.06476v7, (9) and (161).
"""

import math

import numpy as np

from bench.judge.peers.series import Pair, Sample, pairs, ratio
from bench.judge.recorded import Recorded
from bench.judge.rules import Decisions, Rule, first
from bench.judge.worlds import Numbers

ALPHA, TUNING = 0.05, 5_000

RHO_SQUARED = (-2 * math.log(ALPHA) + math.log(-2 * math.log(ALPHA) + 1)) / TUNING


def interval(pair: Pair) -> tuple[Numbers, Numbers]:
    """The relative difference and the half-width of its confidence sequence after each look.

    NaN where gbstats gives no result: no events in the live slot, or no variance in either.
    """
    live, candidate = pair.live.so_far(), pair.candidate.so_far()
    mean = np.where(live.mean > 0, live.mean, np.nan)
    spreads = _variance(live, pair), _variance(candidate, pair)
    variance = ratio(spreads[1], candidate.count) / mean**2
    variance += ratio(spreads[0], live.count) * candidate.mean**2 / mean**4
    variance[(spreads[0] <= 0) | (spreads[1] <= 0)] = np.nan
    grown = (live.count + candidate.count) * RHO_SQUARED
    width = ratio(2 * (grown + 1) * np.log(np.sqrt(grown + 1) / ALPHA), grown)
    return (candidate.mean - live.mean) / mean, np.sqrt(variance * width)


def _variance(sample: Sample, pair: Pair) -> Numbers:
    """ProportionStatistic and SampleMeanStatistic: 0 without enough values."""
    if pair.yes_or_no:
        return np.nan_to_num(sample.mean * (1 - sample.mean))
    return np.nan_to_num(ratio(sample.squares - sample.total * sample.mean, sample.count - 1))


def decide(recorded: Recorded) -> Decisions:
    """The first look at which a metric's interval lies wholly on the worse side."""
    excluded = []
    for pair in pairs(recorded):
        difference, width = interval(pair)
        excluded.append(pair.worse * difference > width)
    return Decisions(rolled_back=first(np.logical_or.reduce(excluded)))


SEQUENTIAL = Rule(
    name="GrowthBook sequential",
    documented=(
        "docs.growthbook.io/statistics/sequential; gbstats 0.8.0 frequentist/tests.py "
        "SequentialTwoSidedTTest (own code: gbstats needs numpy < 2); 95 % a metric, tuning 5000"
    ),
    decide=decide,
)

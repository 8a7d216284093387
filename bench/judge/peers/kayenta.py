"""Spinnaker's Kayenta: every hour a Mann-Whitney test on per-minute series of both slots.

A metric fails (NetflixACAJudge, MannWhitneyClassifier) where the lower end of the 98 % interval of
the Hodges-Lehmann shift lies above a quarter of the estimated shift. With three groups of one
metric each a single failure leaves a score of 67 of 100, below the marginal threshold of 75, and a
run below that fails the canary at once (WeightedSumScorer; Spinnaker's best practices: runs of one
hour, at least 50 points each).
"""

from statistics import NormalDist

import numpy as np

from bench.judge.peers.series import Pair, pairs, ratio
from bench.judge.recorded import Recorded
from bench.judge.rules import NEVER, Decisions, Flags, Rule
from bench.judge.worlds import LOOKS, Numbers

MINUTES = 60
CONFIDENCE, TOLERANCE = 0.98, 0.25

_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def high(candidate: Numbers, live: Numbers) -> Flags:
    """Whether the candidate's series is classified as high; NaN is no data. Shape (runs, n)."""
    present, others = ~np.isnan(candidate), ~np.isnan(live)
    n, m = present.sum(axis=1), others.sum(axis=1)
    shifts = candidate[:, :, None] - live[:, None, :]
    shifts = np.where(np.isnan(shifts), -np.inf, shifts).reshape(len(candidate), -1)
    shifts = np.sort(shifts, axis=1)[:, ::-1]
    middle = n * m / 2
    reach = _Z * _sigma(candidate, live) + 0.5
    estimate = _ranked(shifts, middle, n * m)
    lower = _ranked(shifts, middle + reach, n * m)
    told_apart = (n > 0) & (m > 0) & (reach > 0.5)
    return np.asarray(told_apart & (lower > TOLERANCE * np.abs(estimate)))


def _ranked(falling: Numbers, above: Numbers, pairs_in_all: Numbers) -> Numbers:
    """The shift that so many pairwise shifts lie above: where Kayenta's root finding ends."""
    place = np.clip(np.floor(above), 0, np.maximum(pairs_in_all - 1, 0)).astype(np.int64)
    return np.asarray(np.take_along_axis(falling, place[:, None], axis=1)[:, 0])


def _sigma(candidate: Numbers, live: Numbers) -> Numbers:
    """The rank sum's standard deviation, less for ties; 0 where all values of both are one."""
    n, m = (~np.isnan(candidate)).sum(axis=1), (~np.isnan(live)).sum(axis=1)
    all_of_them = np.maximum((n + m) * (n + m - 1), 1)
    variance = n * m / 12 * (n + m + 1 - (_ties(candidate) + _ties(live)) / all_of_them)
    both = np.concatenate([candidate, live], axis=1)
    varied = np.nanmax(both, axis=1, initial=-np.inf) > np.nanmin(both, axis=1, initial=np.inf)
    return np.where(varied, np.sqrt(np.maximum(variance, 0.0)), 0.0)


def _ties(values: Numbers) -> Numbers:
    """The sum of t^3 - t over groups of t equal values, one term of t^2 - 1 from each member."""
    equal = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    return np.asarray(np.where(equal > 0, equal**2 - 1, 0).sum(axis=1))


def decide(recorded: Recorded) -> Decisions:
    """The first run, at the end of each hour, in which a metric fails."""
    rolled_back = np.full(recorded.runs, NEVER)
    metrics = pairs(recorded)
    for end in range(LOOKS, 0, -MINUTES):
        hour = slice(end - MINUTES, end)
        failed = np.logical_or.reduce([_fails(pair, hour) for pair in metrics])
        rolled_back[failed] = end - 1
    return Decisions(rolled_back=rolled_back)


def _fails(pair: Pair, hour: slice) -> Flags:
    """Per-minute means; where less is worse, of the opposite sign."""
    candidate = ratio(pair.candidate.total[:, hour], pair.candidate.count[:, hour])
    live = ratio(pair.live.total[:, hour], pair.live.count[:, hour])
    return high(pair.worse * candidate, pair.worse * live)


HOURLY = Rule(
    name="Kayenta hourly",
    documented=(
        "spinnaker/kayenta kayenta-judge NetflixACAJudge, MannWhitneyClassifier (tolerance 0.25, "
        "confidence 0.98), WeightedSumScorer, at a69573b; spinnaker.io, Best practices for "
        "configuring canary: interval 1 hour, marginal 75, pass 95"
    ),
    decide=decide,
)

"""The mixture SPRT of always-valid inference, which Optimizely's Stats Engine was built on.

With normal means of difference d and variance V, and effects mixed over a normal law of standard
deviation tau, the likelihood ratio is sqrt(V / (V + tau^2)) exp(tau^2 d^2 / (2 V (V + tau^2))); it
may be looked at always and rejects at 1 / alpha (Johari, Koomen, Pekelis, Walsh 2017, section 4.4).
The paper leaves tau to experience: here it is 0.6 of the live mean so far. Of 0.1, 0.3, 0.6 and 1
that is the quickest one which harmless releases of little traffic tolerate; the pooled variance is
quicker than the paper's separate ones, and fails less where counts are tiny.
"""

import math

import numpy as np

from bench.judge.peers.series import Pair, pairs
from bench.judge.peers.ztest import worse_by
from bench.judge.recorded import Recorded
from bench.judge.rules import Decisions, Rule, first
from bench.judge.worlds import Numbers

ALPHA = 0.01
TAU = 0.6


def log_ratio(pair: Pair) -> Numbers:
    """The logarithm of the mixture likelihood ratio after each look; 0 without any variance."""
    difference, variance = worse_by(pair)
    usable = variance > 0
    v = np.where(usable, variance, 1.0)
    squared = (TAU * np.nan_to_num(pair.live.so_far().mean)) ** 2
    found = 0.5 * np.log(v / (v + squared))
    found += squared * difference**2 / (2 * v * (v + squared))
    return np.where(usable, found, 0.0)


def decide(recorded: Recorded) -> Decisions:
    """The first look at which any metric's ratio is reached with the candidate the worse one."""
    reached = []
    for pair in pairs(recorded):
        difference, _ = worse_by(pair)
        reached.append((difference > 0) & (log_ratio(pair) >= -math.log(ALPHA)))
    return Decisions(rolled_back=first(np.logical_or.reduce(reached)))


MSPRT = Rule(
    name="mSPRT 1 %",
    documented=(
        "Johari, Koomen, Pekelis, Walsh: Peeking at A/B tests (KDD 2017); Johari, Pekelis, Walsh: "
        "Always valid inference (arXiv 1512.04922); alpha 1 % a metric, pooled variance"
    ),
    decide=decide,
)

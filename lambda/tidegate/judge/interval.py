"""An anytime-valid interval for the difference of two rates, drawn for people only.

For rates that drift from stratum to stratum it covers the Mantel-Haenszel weighted means. Proof
sketch (whole in docs/explanation/judge.md): for each tilt t, exp(t * score) over its moment is a
martingale; the moment of a weight below the largest one, and of drifting rates, is bounded by that
of the largest weight and the mean rate, since ln E exp is convex in the weight and concave in the
rate.
"""

import math
from functools import lru_cache

from tidegate.judge.hypergeometric import log_sum_exp
from tidegate.judge.tally import Tally

TILTS: tuple[float, ...] = (0.15, 0.5, 1.6, 5.0, 15.0)
"""The tilts mixed over; signs are set by the side that is bounded."""

MISS = 0.04
"""Chance that the interval ever misses, over all looks; a fourth for each end of each slot."""

BISECTIONS = 13
"""Halvings: an end is known to a hundredth of a percentage point, on the safe side."""


def log_evidence_against(
    rate: float, *, score: float, trials: float, scale: float, side: float
) -> float:
    """Evidence, as a logarithm, that the mean rate is not this one or beyond it.

    On side 1 it is that the rate is higher, on side -1 that it is lower. `trials` is the weight of
    the score in units of `scale`, the largest weight of one trial.
    """
    return _log_evidence(rate, trials=trials, tilted=_tilted(score, scale=scale, side=side))


def _tilted(score: float, *, scale: float, side: float) -> list[tuple[float, float]]:
    """What each tilt makes of the score, and of a rate's moment: the same for all rates."""
    signs = [side * tilt for tilt in TILTS]
    return [(signed * score, math.expm1(signed * scale)) for signed in signs]


def _log_evidence(rate: float, *, trials: float, tilted: list[tuple[float, float]]) -> float:
    logs = [gain - trials * math.log1p(rate * swing) for gain, swing in tilted]
    return log_sum_exp(logs) - math.log(len(TILTS))


def rate_bounds(*, score: float, weight: float, scale: float) -> tuple[float, float]:
    """Lower and upper bound of the mean rate, each wrong ever with at most MISS / 4."""
    rate = score / weight
    trials, limit = weight / scale, math.log(4 / MISS)
    ends = []
    for side, outside in ((1.0, 0.0), (-1.0, 1.0)):
        tilted = _tilted(score, scale=scale, side=side)
        kept, out = rate, outside
        for _ in range(BISECTIONS):
            middle = (kept + out) / 2
            if _log_evidence(middle, trials=trials, tilted=tilted) >= limit:
                out = middle
            else:
                kept = middle
        ends.append(out)
    return ends[0], ends[1]


@lru_cache(maxsize=64)
def difference_bounds(tally: Tally) -> tuple[float, float] | None:
    """Bounds of the candidate's rate minus the live one's; None without data."""
    if tally.weight <= 0:
        return None
    candidate = rate_bounds(
        score=tally.candidate_score, weight=tally.weight, scale=tally.candidate_scale
    )
    live = rate_bounds(score=tally.live_score, weight=tally.weight, scale=tally.live_scale)
    return candidate[0] - live[1], candidate[1] - live[0]

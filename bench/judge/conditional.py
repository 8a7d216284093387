"""Log likelihood ratios given each stratum's totals, for a known effect, over whole arrays.

Given the trials of both slots and the events of both, only the random split decides how events fall
between the slots, and the base rate has dropped out. That is all a rule can use that does not know
the base level.
"""

import numpy as np

from bench.judge.recorded import Counts, Histograms
from bench.judge.worlds import Numbers

CELLS_AT_ONCE = 2_000_000
"""Array cells held in memory together."""

NEWTON_STEPS = 12


def binary(candidate: tuple[Counts, Counts], live: tuple[Counts, Counts], odds: Numbers) -> Numbers:
    """The log ratio of Fisher's noncentral hypergeometric law to the central one, summed exactly.

    Each slot is (trials, events); `odds` holds ln of the odds ratio and broadcasts against them.
    """
    shape = candidate[0].shape
    trials, events = candidate[0].ravel(), candidate[1].ravel()
    others, total = live[0].ravel(), events + live[1].ravel()
    log_odds = np.broadcast_to(odds, shape).ravel()
    lowest = np.maximum(0, total - others)
    support = np.minimum(total, trials) - lowest
    ratio = np.zeros(trials.shape)
    informative = np.flatnonzero((support > 0) & (log_odds != 0))
    order = informative[np.argsort(support[informative], kind="stable")]
    log_factorial = _log_factorials(int((trials + others).max(initial=1)))
    for part in _parts(order, support):
        x = lowest[part, None] + np.arange(support[part[-1]] + 1)
        above = x > np.minimum(total[part], trials[part])[:, None]
        x = np.where(above, lowest[part, None], x)
        weight = -(
            log_factorial[x]
            + log_factorial[trials[part, None] - x]
            + log_factorial[total[part, None] - x]
            + log_factorial[others[part, None] - total[part, None] + x]
        )
        weight[above] = -np.inf
        tilted = weight + log_odds[part, None] * x
        ratio[part] = log_odds[part] * events[part] + _log_sum(weight) - _log_sum(tilted)
    return ratio.reshape(shape)


def labels(candidate: Histograms, live: Histograms, log_ratios: Numbers) -> Numbers:
    """The log likelihood ratio of these labels under the density ratios, given all totals.

    Arrays are (..., buckets); which slot each latency of the stratum came from is the label. The
    normaliser, a coefficient of prod (1 + r z)^m, is taken by saddlepoint for both laws alike, so
    that most of its error cancels (Daniels 1954).
    """
    filled = np.flatnonzero((candidate + live).reshape(-1, candidate.shape[-1]).any(axis=0))
    candidate, live = candidate[..., filled], live[..., filled]
    trials, others = candidate.sum(axis=-1), live.sum(axis=-1)
    ratios = np.broadcast_to(log_ratios[..., filled], candidate.shape)
    result = np.zeros(trials.shape)
    usable = (trials > 0) & (others > 0) & (ratios != 0).any(axis=-1)
    mine, r = candidate[usable], ratios[usable]
    n, rest = trials[usable].astype(np.float64), others[usable].astype(np.float64)
    tilted = _log_coefficient((mine + live[usable]).astype(np.float64), r, n)
    central = -n * np.log(n / (n + rest)) - rest * np.log(rest / (n + rest))
    central -= 0.5 * np.log(2 * np.pi * n * rest / (n + rest))
    result[usable] = (mine * r).sum(axis=-1) - tilted + central
    return result


def _log_coefficient(m: Numbers, r: Numbers, n: Numbers) -> Numbers:
    """The logarithm of the coefficient of z^n in prod (1 + e^r z)^m, by saddlepoint."""
    total = m.sum(axis=-1)
    s = np.log(n / (total - n)) - (m * r).sum(axis=-1) / total
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-(r + s[:, None])))
        filled = m * chance
        slope = np.maximum((filled * (1 - chance)).sum(axis=-1), 1e-12)
        step = np.clip((filled.sum(axis=-1) - n) / slope, -1.5, 1.5)
        s = s - step
        if np.abs(step).max(initial=0.0) < 1e-6:
            break
    tilted = r + s[:, None]
    chance = 1 / (1 + np.exp(-tilted))
    # ln(1 + e^x) = x - ln(chance): the exponential was taken already.
    height = (m * (tilted - np.log(chance))).sum(axis=-1) - s * n
    spread = (m * chance * (1 - chance)).sum(axis=-1)
    return np.asarray(height - 0.5 * np.log(2 * np.pi * spread))


def _parts(order: Counts, support: Counts) -> list[Counts]:
    """Cuts strata, sorted by support, into parts of about equal memory."""
    cells = np.cumsum(support[order] + 1)
    if not order.size:
        return []
    cuts = np.searchsorted(cells, np.arange(CELLS_AT_ONCE, int(cells[-1]), CELLS_AT_ONCE))
    return [part for part in np.split(order, cuts) if part.size]


def _log_factorials(most: int) -> Numbers:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def _log_sum(values: Numbers) -> Numbers:
    top = values.max(axis=-1)
    return np.asarray(top + np.log(np.exp(values - top[:, None]).sum(axis=-1)))

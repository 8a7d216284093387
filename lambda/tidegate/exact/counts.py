"""The laws that counts follow while nothing tells two sides apart but a random split.

`hypergeometric` is exact given the totals of both sides. `labelled` is for sums of scores: every
item gets its side by a draw of its own.
"""

import math
from collections.abc import Callable, Mapping

from tidegate.exact.law import Law

NEGLIGIBLE = 1e-10
"""Chance, relative to the mode's, below which far tails are left out and booked by callers."""

LEFT_OUT = 4e-10
"""A bound of what NEGLIGIBLE leaves out of one law, both tails together."""

MANY_ITEMS = 30.0
"""Variance of the number of labelled items from which on their score is close to normal."""

DEVIATIONS = 6.2
"""Where a normal law is cut off: 3e-10 on either side."""


def variance(trials: int, other_trials: int, events: int) -> float:
    """Variance of the events of the first side; 0 where nothing could have fallen differently."""
    both = trials + other_trials
    if both < 2:
        return 0.0
    return events * trials * other_trials * (both - events) / (both * both * (both - 1))


def hypergeometric(trials: int, other_trials: int, events: int) -> Law:
    """The law of how many of the events fall on the first side, given the totals.

    Walks from the mode outwards, so that the time grows with the square root of the events.
    """
    slack = other_trials - events
    mode = (trials + 1) * (events + 1) // (trials + other_trials + 2)

    def up(x: int) -> float:
        return (trials - x) * (events - x) / ((x + 1) * (slack + x + 1))

    def down(x: int) -> float:
        return x * (slack + x) / ((trials - x + 1) * (events - x + 1))

    rising = _walk(mode, min(events, trials), up)
    falling = _walk(mode, max(0, -slack), down)
    return _normalised(mode, rising, falling)


def binomial(trials: int, share: float) -> Law:
    """The law of how many trials fall on the first side, each with chance `share` in (0, 1)."""
    odds = share / (1 - share)
    mode = min(trials, math.floor((trials + 1) * share))
    rising = _walk(mode, trials, lambda x: (trials - x) / (x + 1) * odds)
    falling = _walk(mode, 0, lambda x: x / ((trials - x + 1) * odds))
    return _normalised(mode, rising, falling)


def _walk(start: int, end: int, ratio: Callable[[int], float]) -> list[float]:
    """Chances from beyond the mode to one end, relative to the mode's."""
    weights: list[float] = []
    weight, step = 1.0, 1 if end > start else -1
    for x in range(start, end, step):
        weight *= ratio(x)
        if weight < NEGLIGIBLE:
            break
        weights.append(weight)
    return weights


def _normalised(mode: int, rising: list[float], falling: list[float]) -> Law:
    total = math.fsum(rising) + math.fsum(falling) + 1.0
    chances = tuple(weight / total for weight in (*reversed(falling), 1.0, *rising))
    return Law(offset=mode - len(falling), chances=chances)


def labelled(items: Mapping[int, int], share: float, *, cells: float) -> tuple[Law, int]:
    """The law of the summed scores on the first side, and the step of its lattice.

    `items` is how many items have each score; each of them is on the first side with chance `share`
    by a draw of its own. Given how many fell there in all, the sum varies no more than that once
    scores are centred at their mean, so this law errs to the wide side for other scores.

    Few items are added up exactly, in steps of 1. For MANY_ITEMS the law is normal, corrected for
    skew and kurtosis (Edgeworth), on a lattice with about `cells` steps to a standard deviation.
    """
    scored = {score: count for score, count in items.items() if score and count}
    if share * (1 - share) * sum(scored.values()) >= MANY_ITEMS:
        return _edgeworth(scored, share, cells)
    law = Law()
    for score, count in sorted(scored.items()):
        law, _ = law.plus(binomial(count, share).times(score)).trimmed(NEGLIGIBLE)
    return law, 1


def drawn(items: Mapping[int, int], chosen: int) -> Law:
    """The law of the summed scores of `chosen` items drawn at random, none of them twice.

    Exact; the time grows with the square of the smaller side.
    """
    total = sum(items.values())
    if 2 * chosen > total:
        rest = drawn(items, total - chosen)
        whole = sum(score * count for score, count in items.items())
        return rest.times(-1).moved(whole)
    lowest = min(items)
    ways: list[list[float]] = [[1.0]] + [[] for _ in range(chosen)]
    for score, count in sorted(items.items()):
        ways = _chosen_of(ways, score - lowest, count)
    all_ways = math.comb(total, chosen)
    chances = tuple(way / all_ways for way in ways[chosen])
    return Law(offset=chosen * lowest, chances=chances)


def _chosen_of(ways: list[list[float]], score: int, count: int) -> list[list[float]]:
    """Ways to have chosen so many with such a sum, when `count` items of one score are added."""
    following = [list(found) for found in ways]
    for before, found in enumerate(ways):
        if not found:
            continue
        for more in range(1, min(count, len(ways) - 1 - before) + 1):
            first, factor = more * score, math.comb(count, more)
            into = following[before + more]
            into.extend([0.0] * (first + len(found) - len(into)))
            into[first : first + len(found)] = [
                a + factor * b for a, b in zip(into[first : first + len(found)], found, strict=True)
            ]
    return following


def scores_variance(items: Mapping[int, int], share: float) -> float:
    """Variance of the summed scores on the first side."""
    return share * (1 - share) * sum(score * score * count for score, count in items.items())


def _edgeworth(items: Mapping[int, int], share: float, cells: float) -> tuple[Law, int]:
    spread = share * (1 - share)
    mean = share * sum(score * count for score, count in items.items())
    sigma = math.sqrt(scores_variance(items, share))
    third = sum(score**3 * count for score, count in items.items())
    fourth = sum(score**4 * count for score, count in items.items())
    skew = spread * (1 - 2 * share) * third / sigma**3
    kurtosis = spread * (1 - 6 * spread) * fourth / sigma**4
    step = power_of_two(sigma / cells)
    first, last = (math.floor((mean + side * DEVIATIONS * sigma) / step) for side in (-1, 1))
    # A cell holds the whole numbers from k * step to (k + 1) * step - 1.
    middle = (step - 1) / 2 - mean
    weights = [
        _density((k * step + middle) / sigma, skew, kurtosis) for k in range(first, last + 1)
    ]
    total = math.fsum(weights)
    return Law(offset=first, chances=tuple(weight / total for weight in weights)), step


def _density(z: float, skew: float, kurtosis: float) -> float:
    """The Edgeworth density, up to a factor; where the series turns negative, 0."""
    square = z * z
    third = z * (square - 3)
    fourth = square * (square - 6) + 3
    sixth = square * (square * (square - 15) + 45) - 15
    series = 1 + skew / 6 * third + kurtosis / 24 * fourth + skew * skew / 72 * sixth
    return max(0.0, series) * math.exp(-square / 2)


def power_of_two(number: float) -> int:
    """The largest power of two that is not above the number; 1 below 2."""
    return 1 << max(0, math.floor(math.log2(number))) if number > 1 else 1

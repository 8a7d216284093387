"""How a new version's answers compare with the live one's, on the same data set. Pure.

Answers are paired by record. Limits are held against confidence bounds, never against what was
just seen: too few records are `hold`, and the live version stays. Bounds take the records for a
random sample of those to come; what comes from elsewhere than this data set they say nothing of.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from heapq import heappush, heappushpop
from typing import Any

from tidegate.batch.plan import CompareTerms

ALPHA = 0.05
"""Chance that any of the bounds of one comparison is wrong, shared among them all."""

SAMPLE = 50_000
"""Pairs of scores that distributions are made of; of more pairs a random sample is taken."""

MOST_SLICES = 500
SHOWN_SLICES = 5
_HALVINGS = 60
_OTHER = "(other)"


class Takeover(StrEnum):
    """What a comparison says of a new version."""

    TAKE_OVER = "take-over"
    HOLD = "hold"
    """Too little evidence: the live version stays."""
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two answers to one record; None where a version failed on it."""

    key: str
    """What names the record: it draws whether the pair is in the sample."""
    live: float | str | None
    candidate: float | str | None
    slice: str = ""


@dataclass(slots=True)
class Share:
    """So many of so many agree."""

    agree: int = 0
    of: int = 0

    @property
    def share(self) -> float:
        """The share that agrees, 1 of nothing."""
        return 1.0 if self.of == 0 else self.agree / self.of


@dataclass(slots=True)
class Counted:
    """What was counted of the pairs; `sample` is a heap of the pairs with the smallest draws."""

    records: int = 0
    live_failed: int = 0
    candidate_failed: int = 0
    all: Share = field(default_factory=Share)
    slices: dict[str, Share] = field(default_factory=dict)
    sample: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, pair: Pair, tolerance: float) -> None:
        """The pair is counted."""
        self.records += 1
        self.live_failed += pair.live is None
        self.candidate_failed += pair.candidate is None
        if pair.live is None or pair.candidate is None:
            return
        agrees = _agree(pair.live, pair.candidate, tolerance)
        known = pair.slice in self.slices or len(self.slices) < MOST_SLICES
        name = pair.slice if known else _OTHER
        for share in (self.all, self.slices.setdefault(name, Share())):
            share.agree += agrees
            share.of += 1
        if not isinstance(pair.live, str) and not isinstance(pair.candidate, str):
            self._draw(pair.key, pair.live, pair.candidate)

    def _draw(self, key: str, live: float, candidate: float) -> None:
        """The pairs with the smallest hashes are a random sample, the same at every run."""
        draw = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") / 2**64
        entry = (-draw, live, candidate)
        if len(self.sample) < SAMPLE:
            heappush(self.sample, entry)
        else:
            heappushpop(self.sample, entry)


def _agree(live: float | str, candidate: float | str, tolerance: float) -> bool:
    if isinstance(live, str) or isinstance(candidate, str):
        return live == candidate
    return abs(live - candidate) <= tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was found, and what it says. Figures are in `figures`, JSON types."""

    verdict: Takeover
    reason: str
    figures: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The comparison in JSON types."""
        return {"verdict": self.verdict.value, "reason": self.reason, **self.figures}


def compared(counted: Counted, terms: CompareTerms, *, live: str, candidate: str) -> Comparison:
    """The verdict: refuse what is surely beyond a limit, take over what is surely within all."""
    bounds = 2 + max(1, len(counted.slices))
    alpha = ALPHA / bounds
    low, high = bounds_of(counted.all.agree, counted.all.of, alpha)
    shift, slack = shift_of(counted.sample, alpha)
    worst = worst_slices(counted.slices, alpha)
    figures = {
        "records": counted.records,
        "pairs": counted.all.of,
        "failed": {"live": counted.live_failed, "candidate": counted.candidate_failed},
        "agreement": {
            "share": counted.all.share,
            "from": low,
            "to": high,
            "at_least": terms.agreement,
            "tolerance": terms.tolerance,
        },
        "shift": {
            "largest": shift,
            "from": None if shift is None else max(0.0, shift - slack),
            "to": None if shift is None else min(1.0, shift + slack),
            "at_most": terms.shift,
            "sample": len(counted.sample),
        },
        "scores": _quantiles(counted.sample),
        "worst_slices": worst[:SHOWN_SLICES],
        "slices": len(counted.slices),
        "alpha": ALPHA,
    }
    verdict, reason = _judged(figures, worst, terms)
    told = f"{candidate} against {live} on {counted.records:,} records: {reason}"
    return Comparison(verdict=verdict, reason=told, figures=figures)


def _judged(
    figures: Mapping[str, Any], worst: Sequence[Mapping[str, Any]], terms: CompareTerms
) -> tuple[Takeover, str]:
    agreement, shift = figures["agreement"], figures["shift"]
    said = (
        f"{agreement['share']:.2%} of answers agree (surely {agreement['from']:.2%} to "
        f"{agreement['to']:.2%}, at least {terms.agreement:.2%} are wanted)"
    )
    if shift["largest"] is not None:
        said += (
            f", scores are shifted by {shift['largest']:.3f} (surely {shift['from']:.3f} to "
            f"{shift['to']:.3f}, at most {terms.shift:.3f})"
        )
    bad = [one for one in worst if one["to"] < terms.agreement]
    if agreement["to"] < terms.agreement:
        return Takeover.REFUSE, f"{said}: too few agree"
    if bad:
        where = f"{terms.slice} {bad[0]['slice']!r}: {bad[0]['share']:.2%} of {bad[0]['of']:,}"
        return Takeover.REFUSE, f"{said}: too few agree where {where}"
    if shift["largest"] is not None and shift["from"] > terms.shift:
        return Takeover.REFUSE, f"{said}: the distribution of scores is another one"
    if agreement["from"] < terms.agreement or (
        shift["largest"] is not None and shift["to"] > terms.shift
    ):
        return Takeover.HOLD, f"{said}: too few records to be sure"
    return Takeover.TAKE_OVER, f"{said}: within all limits"


def bounds_of(events: int, trials: int, alpha: float) -> tuple[float, float]:
    """Between which shares the true one is, but for a chance of `alpha` in all.

    Chernoff's bound with the exact Kullback-Leibler divergence (Hoeffding 1963, theorem 1): valid
    for any number of trials, a little wide for few.
    """
    if trials == 0:
        return 0.0, 1.0
    limit = math.log(2 / alpha) / trials
    seen = events / trials
    low = _furthest(seen, 0.0, lambda share: _divergence(seen, share) <= limit)
    high = _furthest(seen, 1.0, lambda share: _divergence(seen, share) <= limit)
    return low, high


def _furthest(start: float, end: float, holds: Callable[[float], bool]) -> float:
    inside, outside = start, end
    if holds(end):
        return end
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return outside


def _divergence(seen: float, share: float) -> float:
    """Kullback-Leibler divergence of two coins; infinite where the second rules out the first."""
    total = 0.0
    for part, of in ((seen, share), (1 - seen, 1 - share)):
        if part > 0:
            if of <= 0:
                return math.inf
            total += part * math.log(part / of)
    return total


def shift_of(
    sample: Sequence[tuple[float, float, float]], alpha: float
) -> tuple[float | None, float]:
    """The largest distance of the two distributions of scores, and by how much it may be wrong.

    The Kolmogorov-Smirnov distance; its error is that of either distribution (Massart 1990: more
    than sqrt(ln(2 / alpha) / 2n) with chance alpha), added. None where answers have no scores.
    """
    count = len(sample)
    if count == 0:
        return None, 0.0
    ours = sorted(live for _, live, _ in sample)
    theirs = sorted(candidate for _, _, candidate in sample)
    slack = 2 * math.sqrt(math.log(4 / alpha) / (2 * count))
    return _largest_gap(ours, theirs), slack


def _largest_gap(ours: Sequence[float], theirs: Sequence[float]) -> float:
    gap, at, other = 0.0, 0, 0
    count = len(ours)
    while at < count and other < count:
        value = min(ours[at], theirs[other])
        while at < count and ours[at] == value:
            at += 1
        while other < count and theirs[other] == value:
            other += 1
        gap = max(gap, abs(at - other) / count)
    return gap


def worst_slices(slices: Mapping[str, Share], alpha: float) -> list[dict[str, Any]]:
    """The slices, the surely worst first: by the share above which their agreement is not."""
    if len(slices) < 2:
        return []
    found = []
    for name, share in slices.items():
        low, high = bounds_of(share.agree, share.of, alpha)
        row = {"slice": name, "share": share.share, "of": share.of, "from": low, "to": high}
        found.append(row)
    return sorted(found, key=lambda row: (row["to"], row["slice"]))


def _quantiles(sample: Sequence[tuple[float, float, float]]) -> dict[str, list[float]]:
    """Scores that a tenth, a half and nine tenths are not above, of both versions."""
    if not sample:
        return {}
    shown = {}
    for name, position in (("live", 1), ("candidate", 2)):
        scores = sorted(entry[position] for entry in sample)
        shown[name] = [scores[int(q * (len(scores) - 1))] for q in (0.1, 0.5, 0.9)]
    return shown

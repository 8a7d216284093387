"""A shadow's pairs as people read them: how many, how they came out, and where they did worst.

Computed once from the view; terminal, report and console show parts of the same.
"""

from dataclasses import dataclass
from decimal import Decimal

from tidegate.observation import PairCounts
from tidegate.plan import Metric
from tidegate.shadow.join import HIGHEST_DECADE, LOWEST_DECADE
from tidegate.verdict import Claim
from tidegate.view import ReleaseView, SliceView
from tidegate.words import percent, thousands

COPIES = "copies of all requests"
"""What stands where other releases have their shares."""

_MOST, _NEARLY_ALL = 0.5, 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of so many pairs, and their share of all pairs (of 1)."""

    name: str
    pairs: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Pairs whose numbers lie at most so far apart, and the share of all such pairs (of 1)."""

    name: str
    pairs: int
    within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """The share of the answers that differ, its bounds at every look, and what the plan lets be.

    Bounds are None before the first look; `margin` is None where answers are not compared.
    """

    share: float | None
    lower: float | None
    upper: float | None
    margin: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsTold:
    """What there is to tell of a shadow's pairs."""

    pairs: int
    candidate_failed: int
    live_failed: int
    differing: Differing
    fates: tuple[Fate, ...]
    distances: tuple[Apart, ...]
    """How far numbers in the answers lie apart, the nearest first; empty where there are none."""
    slices: tuple[SliceView, ...]
    """Those in which most pairs differ or fail, without those in which none does."""


def pairs_of(view: ReleaseView) -> PairsTold | None:
    """What is known of the pairs; None for other releases, and before any was counted."""
    pairs = view.pairs
    if pairs is None or pairs.pairs == 0:
        return None
    return PairsTold(
        pairs=pairs.pairs,
        candidate_failed=pairs.candidate_only_error,
        live_failed=pairs.live_only_error,
        differing=_differing(view, pairs),
        fates=_fates(pairs),
        distances=_distances(pairs),
        slices=tuple(one for one in view.slices if one.bad > 0),
    )


def _fates(pairs: PairCounts) -> tuple[Fate, ...]:
    counts = {
        "both gave the same answer": pairs.agreed,
        "the answers differ": pairs.differed,
        "only the candidate failed": pairs.candidate_only_error,
        "only the live version failed": pairs.live_only_error,
    }
    return tuple(
        Fate(name=name, pairs=count, share=count / pairs.pairs) for name, count in counts.items()
    )


def _differing(view: ReleaseView, pairs: PairCounts) -> Differing:
    safe = [
        item
        for item in view.evidence
        if item.metric == Metric.AGREEMENT.value and item.claim is Claim.SAFE
    ]
    return Differing(
        share=None if pairs.answered == 0 else pairs.differed / pairs.answered,
        lower=safe[0].lower if safe else None,
        upper=safe[0].upper if safe else None,
        margin=view.margins.get(Metric.AGREEMENT.value),
    )


def _distances(pairs: PairCounts) -> tuple[Apart, ...]:
    compared, seen, found = sum(pairs.distances.values()), 0, []
    for bucket, count in sorted(pairs.distances.items()):
        seen += count
        found.append(Apart(name=_apart(bucket), pairs=count, within=seen / compared))
    return tuple(found)


def _apart(bucket: int) -> str:
    """A bucket of distances in words (`tidegate.shadow.join.distance_bucket`)."""
    if bucket == 0:
        return "not at all"
    decade = bucket - 1 + LOWEST_DECADE
    if decade > HIGHEST_DECADE:
        return f"more than {10**HIGHEST_DECADE:g}"
    return f"at most {Decimal(10) ** decade:f}"


def pairs_words(view: ReleaseView) -> str | None:
    """The pairs of a shadow in a sentence; None for other releases, and before any was counted."""
    told = pairs_of(view)
    if told is None:
        return None
    parts = (_counts(told), apart_words(told), worst_words(told))
    return "; ".join(part for part in parts if part is not None)


def _counts(told: PairsTold) -> str:
    return (
        f"{thousands(told.pairs)} pairs: {differing_words(told.differing)}, "
        f"{thousands(told.candidate_failed)} failed by the candidate alone, "
        f"{thousands(told.live_failed)} by the live version alone"
    )


def differing_words(differing: Differing) -> str:
    """How many of the answers differ, with the bounds that hold at every look."""
    told = f"{percent(differing.share)} of the answers differ"
    if differing.lower is None or differing.upper is None:
        return told
    return f"{told} (between {percent(differing.lower)} and {percent(differing.upper)})"


def apart_words(told: PairsTold) -> str | None:
    """How far numbers in the answers lie apart; None where there are none."""
    if not told.distances:
        return None
    most, nearly = (
        next(one for one in told.distances if one.within >= share) for share in (_MOST, _NEARLY_ALL)
    )
    parts = {one.name: f"{one.name} in {percent(one.within)}" for one in (most, nearly)}
    return f"numbers in them lie apart {', '.join(parts.values())}"


def worst_words(told: PairsTold) -> str | None:
    """Where most pairs differ or fail; None where they do nowhere."""
    if not told.slices:
        return None
    each = ", ".join(
        f"{one.name} {percent(one.bad / one.pairs)} of {one.pairs}" for one in told.slices
    )
    return f"most differ or fail in {each}"

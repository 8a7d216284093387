"""Joins what both variants answered to one request into counts of pairs.

Nothing of a request or an answer leaves this module but counts, distances in buckets and, where the
plan names one, values of the field that pairs are sliced by.
"""

import json
import math
from collections.abc import Iterable, Mapping

from tidegate.intervals import INTERVAL_SECONDS, interval_of
from tidegate.observation import PairCounts, SliceCounts
from tidegate.shadow.agreement import NOWHERE, compare, found_at
from tidegate.shadow.captures import Captured
from tidegate.shadow.pairing import Pairing
from tidegate.values import value

SLICES_KEPT = 20
"""Slices of one interval that are counted by name; pairs of others are counted together."""

OTHER_SLICES = "(other)"
SLICE_LETTERS = 40

APART_SECONDS = 300.0
"""How far the two halves of a pair may lie apart: SageMaker gives a model 60 s to answer, and does
not say how long a copy may wait. The lag of a shadow is no shorter."""

LOWEST_DECADE, HIGHEST_DECADE = -6, 3


def distance_bucket(distance: float) -> int:
    """0 for no distance at all, else 1 more for each decade above a millionth, up to a thousand."""
    if distance == 0:
        return 0
    decade = math.ceil(math.log10(distance) - 1e-12)
    return 1 + min(max(decade, LOWEST_DECADE), HIGHEST_DECADE + 1) - LOWEST_DECADE


@value
class Window:
    """The intervals that pairs are counted of, both ends included."""

    first: int
    last: int

    @property
    def reads_from(self) -> float:
        """From when on halves of its pairs may have been captured."""
        return self.first * INTERVAL_SECONDS - APART_SECONDS

    @property
    def reads_to(self) -> float:
        """Until when halves of its pairs may have been captured."""
        return (self.last + 1) * INTERVAL_SECONDS + APART_SECONDS

    def has(self, interval: int) -> bool:
        """Whether pairs of the interval are counted."""
        return self.first <= interval <= self.last


def pair_up(
    live: Iterable[Captured], candidate: Iterable[Captured], *, window: Window, pairing: Pairing
) -> dict[int, PairCounts]:
    """Interval of the window to its pairs, those without any included.

    A pair is of the interval in which the live version answered, or else the candidate. What is
    captured twice counts once. A request that neither has answered is in no capture, and so here
    never: it tells nothing of which is worse.
    """
    ours = {item.inference_id: item for item in live}
    theirs = {item.inference_id: item for item in candidate}
    found = {interval: PairCounts() for interval in range(window.first, window.last + 1)}
    sliced: dict[int, dict[str, SliceCounts]] = {interval: {} for interval in found}
    for name in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(name), theirs.get(name)
        known = one if one is not None else theirs[name]
        interval = interval_of(known.at)
        if not window.has(interval):
            continue
        pair = _pair(one, other, pairing)
        found[interval] += pair
        if pairing.slice is not None:
            _count(sliced[interval], _slice(known.request, pairing.slice), pair)
    return {
        interval: counts + PairCounts(slices=sliced[interval]) for interval, counts in found.items()
    }


def _pair(one: Captured | None, other: Captured | None, pairing: Pairing) -> PairCounts:
    if one is None:
        return PairCounts(live_only_error=1)
    if other is None:
        return PairCounts(candidate_only_error=1)
    found = compare(pairing, one.answer, other.answer)
    distances = {} if found.distance is None else {distance_bucket(found.distance): 1}
    if found.agreed:
        return PairCounts(agreed=1, distances=distances)
    return PairCounts(differed=1, distances=distances)


def _slice(request: bytes, pointer: str) -> str:
    found = found_at(request, pointer)
    if found is NOWHERE or isinstance(found, bytes):
        return OTHER_SLICES
    shown = found if isinstance(found, str) else json.dumps(found)
    return shown[:SLICE_LETTERS]


def _count(slices: dict[str, SliceCounts], name: str, pair: PairCounts) -> None:
    if name not in slices and len(slices) >= SLICES_KEPT:
        name = OTHER_SLICES
    slices[name] = slices.get(name, SliceCounts()) + SliceCounts(
        pairs=1, bad=pair.differed + pair.candidate_only_error
    )


def worst_slices(slices: Mapping[str, SliceCounts], *, most: int) -> list[tuple[str, SliceCounts]]:
    """The slices in which most of the pairs differ or fail, careful where there are few pairs.

    By the lower end of Wilson's interval at one standard deviation: to show, not to decide by.
    """
    ranked = sorted(slices.items(), key=lambda item: (-_surely_bad(item[1]), item[0]))
    return ranked[:most]


def _surely_bad(counts: SliceCounts) -> float:
    n, share = counts.pairs, counts.bad / counts.pairs
    spread = math.sqrt(share * (1 - share) / n + 1 / (4 * n * n))
    return (share + 1 / (2 * n) - spread) / (1 + 1 / n)

"""Rings: shares of a fleet's devices that get a new version in turn.

The shares of a plan's steps, and 100, are where rings end: steps of 1 and 10 percent make rings of
1, 9 and 90 percent. A ring is a static thing group; whoever is in it stays there.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from tidegate.errors import InvalidValueError

_EVERYTHING = 100


def ring_ends(shares: Iterable[int]) -> tuple[int, ...]:
    """Where rings end, in percent of the devices, for the shares of a plan's steps."""
    return tuple(sorted({*shares, _EVERYTHING}))


def widths(ends: Sequence[int]) -> tuple[int, ...]:
    """The percent of the devices that each ring has."""
    return tuple(end - start for start, end in pairwise((0, *ends)))


def shares_of(ends: Sequence[int], slots: Sequence[str]) -> dict[str, int]:
    """Percent of the devices by slot, of the slot that each ring was told to run."""
    found: dict[str, int] = {}
    for width, slot in zip(widths(ends), slots, strict=True):
        found[slot] = found.get(slot, 0) + width
    return found


def slots_for(ends: Sequence[int], shares: Mapping[str, int], *, outermost: str) -> tuple[str, ...]:
    """The slot that each ring must run for these shares.

    `outermost` is what the last ring runs now. It keeps the outer rings and the other slot has the
    inner ones, as far as its share goes. InvalidValueError for a share that is no ring's end.
    """
    wanted = {slot: share for slot, share in shares.items() if share > 0}
    if sum(wanted.values()) != _EVERYTHING or len(wanted) > 2:
        told = f"one slot or two and add up to 100, got {dict(shares)}"
        raise InvalidValueError([f"shares of an edge fleet are of {told}"])
    if len(wanted) == 1:
        return tuple(wanted) * len(ends)
    outer = outermost if outermost in wanted else max(wanted, key=lambda slot: wanted[slot])
    inner = next(slot for slot in wanted if slot != outer)
    if wanted[inner] not in ends:
        known = ", ".join(str(end) for end in ends)
        told = f"share {wanted[inner]} of slot {inner} is no ring's end"
        raise InvalidValueError([f"{told}, rings end at {known} percent"])
    return tuple(inner if end <= wanted[inner] else outer for end in ends)


def enrolled(things: Iterable[str], counts: Sequence[int], ends: Sequence[int]) -> dict[str, int]:
    """The ring, counted from 1, that each new thing goes into; `counts` is who is there, by ring.

    Rings up to any end hold that share of all devices, rounded up, so that the first ring is never
    empty where there is a device at all. Things are taken in the order of the hash of their names:
    which of those enrolled together are in an inner ring is as good as drawn, and repeatable.
    Nobody who is in a ring is moved.
    """
    now, found = list(counts), {}
    for thing in sorted(set(things), key=_drawn):
        total = sum(now) + 1
        ring = next(
            place
            for place, end in enumerate(ends)
            if sum(now[: place + 1]) < -(-total * end // _EVERYTHING)
        )
        now[ring] += 1
        found[thing] = ring + 1
    return found


def _drawn(thing: str) -> str:
    return hashlib.sha256(f"ring/{thing}".encode()).hexdigest()

"""Compares two answers to one request, at the place that the plan names.

Places in a document are JSON pointers (RFC 6901): `/label`, `/scores/0`; "" is the whole of it.
"""

import json
import math
from enum import Enum

from tidegate.shadow.pairing import Pairing
from tidegate.untyped import Any
from tidegate.values import value


class Nowhere(Enum):
    """What a pointer finds where there is nothing."""

    NOWHERE = "nowhere"


NOWHERE = Nowhere.NOWHERE


@value
class Agreement:
    """How two answers compare; `distance` is None where they are not of the same numbers."""

    agreed: bool
    distance: float | None


def compare(pairing: Pairing, live: bytes, candidate: bytes) -> Agreement:
    """Whether the candidate's answer says the same as the live one.

    Answers that have nothing at the pointer do not agree, even with one another: nothing was
    compared.
    """
    ours, theirs = found_at(live, pairing.answer), found_at(candidate, pairing.answer)
    if ours is NOWHERE or theirs is NOWHERE:
        return Agreement(agreed=False, distance=None)
    distance = _distance(ours, theirs)
    if distance is None:
        return Agreement(agreed=ours == theirs, distance=None)
    return Agreement(agreed=distance <= pairing.tolerance, distance=distance)


def found_at(document: bytes, pointer: str) -> Any:
    """What a JSON document has at a pointer; of other documents "" finds the text."""
    try:
        found = json.loads(document)
    except ValueError:
        return document.strip() if pointer == "" else NOWHERE
    for part in pointer.split("/")[1:]:
        found = _member(found, part.replace("~1", "/").replace("~0", "~"))
    return found


def _member(found: Any, name: str) -> Any:
    if isinstance(found, dict):
        return found.get(name, NOWHERE)
    if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
        return found[int(name)]
    return NOWHERE


def _distance(ours: Any, theirs: Any) -> float | None:
    """How far two numbers lie apart, of lists of them the two farthest; None for anything else."""
    if _is_number(ours) and _is_number(theirs):
        return _apart(ours, theirs)
    if not isinstance(ours, list) or not isinstance(theirs, list) or len(ours) != len(theirs):
        return None
    apart = [_distance(one, other) for one, other in zip(ours, theirs, strict=True)]
    known = [distance for distance in apart if distance is not None]
    return max(known) if known and len(known) == len(apart) else None


def _apart(ours: float, theirs: float) -> float | None:
    """The difference, None where it is no number: JSON as Python reads it has NaN and infinity."""
    try:
        apart = abs(float(ours) - float(theirs))
    except OverflowError:
        return None
    return apart if math.isfinite(apart) else None


def _is_number(found: Any) -> bool:
    return isinstance(found, (int, float)) and not isinstance(found, bool)

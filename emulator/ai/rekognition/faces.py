"""Faces that a picture says are on it, and what is measured of them.

No small maintained library recognises faces offline: those on PyPI fetch their models elsewhere.
So who is on a picture is recorded in the picture itself (a PNG text, a JPEG comment, under the name
`embedded-cloud-faces`), while brightness and sharpness are measured in its pixels. How similar two
faces are follows from who they are and how well they are seen, always in the same way.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.jsonapi import Json

ENGINE = "recorded+Pillow"
RECORD = "embedded-cloud-faces"
"""The name under which a picture has its faces, as a JSON list."""

SAME = 99.9
"""The similarity of two faces of one person that are both seen well."""
LEAST_SAME = 40.0
"""That of two faces of one person, however badly they are seen."""
MOST_OTHER = 35.0
"""The most of two persons of whom none is recorded to resemble the other."""
_GOOD = 40.0
"""Brightness and sharpness from which on they take nothing from a similarity."""
_A_POINT = 0.5
"""What each point under `_GOOD` takes."""
_A_DEGREE = 0.1
"""What each degree between two poses takes."""
_COVERED = 8.0
"""What sunglasses take, and anything else before a face."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a face is, in shares of the picture."""

    left: float
    top: float
    width: float
    height: float

    def shape(self) -> Json:
        """Rekognition's BoundingBox."""
        return {
            "Left": self.left,
            "Top": self.top,
            "Width": self.width,
            "Height": self.height,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """From 0 to 100, measured in the pixels of the face."""

    brightness: float
    sharpness: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Face:
    """One face on a picture; angles are degrees, confidences go from 0 to 100."""

    person: str
    place: Place
    confidence: float = 99.9
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    eyes_open: bool = True
    mouth_open: bool = False
    smile: bool = False
    eyeglasses: bool = False
    sunglasses: bool = False
    occluded: bool = False
    resembles: Mapping[str, float] = field(default_factory=dict)
    """Other persons, and the similarity with a face of theirs that is seen well."""
    quality: Quality = field(default_factory=lambda: Quality(brightness=0.0, sharpness=0.0))


_NUMBERS: Mapping[str, tuple[float, float]] = {
    "confidence": (0, 100),
    "yaw": (-180, 180),
    "pitch": (-180, 180),
    "roll": (-180, 180),
}
_FLAGS = ("eyes_open", "mouth_open", "smile", "eyeglasses", "sunglasses", "occluded")
_MEMBERS = ("person", "box", "resembles", *_NUMBERS, *_FLAGS)


def recorded(given: Any, measured: Callable[[Place], Quality]) -> Face:
    """The face of one entry of a picture's record; ValueError names all that is wrong with it."""
    if not isinstance(given, dict):
        raise ValueError(f"a face must be an object, got {given!r}")  # noqa: TRY004 - one error for bad records
    faults = list(_faults(given))
    if faults:
        raise ValueError("; ".join(faults))
    left, top, width, height = given["box"]
    place = Place(left=left, top=top, width=width, height=height)
    rest = {name: given[name] for name in (*_NUMBERS, *_FLAGS, "resembles") if name in given}
    return Face(person=given["person"], place=place, quality=measured(place), **rest)


def _faults(given: Mapping[str, Any]) -> list[str]:
    unknown = sorted(set(given) - set(_MEMBERS))
    faults = [f"unknown: {', '.join(unknown)}; allowed: {', '.join(_MEMBERS)}"] if unknown else []
    if not isinstance(given.get("person"), str) or not given["person"]:
        faults.append(f"person must be a name, got {given.get('person')!r}")
    if not _is_box(given.get("box")):
        faults.append(
            "box must be [left, top, width, height] in shares of the picture, "
            f"got {given.get('box')!r}"
        )
    for name, (low, high) in _NUMBERS.items():
        if name in given and not _is_between(given[name], low, high):
            faults.append(f"{name} must be from {low:g} to {high:g}, got {given[name]!r}")
    faults += [
        f"{name} must be true or false, got {given[name]!r}"
        for name in _FLAGS
        if name in given and not isinstance(given[name], bool)
    ]
    alike = given.get("resembles", {})
    if not (isinstance(alike, dict) and all(_is_between(v, 0, 100) for v in alike.values())):
        faults.append(f"resembles must give similarities from 0 to 100 by person, got {alike!r}")
    return faults


def _is_box(given: Any) -> bool:
    if not (isinstance(given, list) and len(given) == 4):
        return False
    if not all(_is_between(value, 0, 1) for value in given):
        return False
    left, top, width, height = given
    return bool(width > 0 and height > 0 and left + width <= 1 and top + height <= 1)


def _is_between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def similarity(one: Face, other: Face) -> float:
    """From 0 to 100, the same in both directions."""
    if one.person == other.person:
        return max(LEAST_SAME, SAME - _lost(one, other))
    recorded_likeness = max(
        one.resembles.get(other.person, 0.0), other.resembles.get(one.person, 0.0)
    )
    if recorded_likeness > 0:
        return max(0.0, recorded_likeness - _lost(one, other))
    names = "\n".join(sorted((one.person, other.person)))
    digest = hashlib.sha256(names.encode()).digest()
    return MOST_OTHER * int.from_bytes(digest[:4], "big") / 2**32


def _lost(one: Face, other: Face) -> float:
    turned = abs(one.yaw - other.yaw) + abs(one.pitch - other.pitch)
    return _A_DEGREE * turned + _hidden(one) + _hidden(other)


def _hidden(face: Face) -> float:
    """What is lost by how badly a face is seen."""
    short = max(0.0, _GOOD - face.quality.brightness) + max(0.0, _GOOD - face.quality.sharpness)
    return _A_POINT * short + _COVERED * (face.sunglasses + face.occluded)

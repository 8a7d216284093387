"""What Rekognition tells of a face, and which faces its quality filters leave out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emulator.ai.rekognition.faces import Face
from emulator.jsonapi import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """What a face must reach at least; `most_turned` is degrees of yaw or pitch."""

    brightness: float
    sharpness: float
    confidence: float
    most_turned: float
    least_side: float
    """Of the face, as a share of the picture."""


BARS: Mapping[str, Bar] = {
    "LOW": Bar(brightness=10, sharpness=5, confidence=50, most_turned=75, least_side=0.02),
    "MEDIUM": Bar(brightness=20, sharpness=10, confidence=80, most_turned=60, least_side=0.04),
    "AUTO": Bar(brightness=20, sharpness=10, confidence=80, most_turned=60, least_side=0.04),
    "HIGH": Bar(brightness=35, sharpness=25, confidence=95, most_turned=35, least_side=0.1),
}
"""AWS does not publish its own; NONE filters nothing."""

ALWAYS = frozenset({"BoundingBox", "Confidence", "Pose", "Quality"})
_BY_ATTRIBUTE = {
    "EYES_OPEN": "EyesOpen",
    "MOUTH_OPEN": "MouthOpen",
    "SMILE": "Smile",
    "EYEGLASSES": "Eyeglasses",
    "SUNGLASSES": "Sunglasses",
    "FACE_OCCLUDED": "FaceOccluded",
}


def reasons(face: Face, quality_filter: str) -> list[str]:
    """Why the filter leaves the face out, none if it does not."""
    bar = BARS.get(quality_filter)
    if bar is None:
        return []
    checks = {
        "EXTREME_POSE": max(abs(face.yaw), abs(face.pitch)) > bar.most_turned,
        "LOW_BRIGHTNESS": face.quality.brightness < bar.brightness,
        "LOW_SHARPNESS": face.quality.sharpness < bar.sharpness,
        "LOW_CONFIDENCE": face.confidence < bar.confidence,
        "SMALL_BOUNDING_BOX": min(face.place.width, face.place.height) < bar.least_side,
    }
    return [reason for reason, holds in checks.items() if holds]


def detail(face: Face, attributes: Sequence[str] = ()) -> Json:
    """FaceDetail with the attributes that were asked for and are known."""
    wanted = ALWAYS | {_BY_ATTRIBUTE[name] for name in attributes if name in _BY_ATTRIBUTE}
    if "ALL" in attributes:
        wanted |= set(_BY_ATTRIBUTE.values())
    return {name: value for name, value in _known(face).items() if name in wanted}


def compared(face: Face) -> Json:
    """ComparedFace."""
    known = _known(face)
    names = ("BoundingBox", "Confidence", "Pose", "Quality", "Smile")
    return {name: known[name] for name in names}


def _known(face: Face) -> Json:
    sure = {"Confidence": face.confidence}
    quality = {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness}
    return {
        "BoundingBox": face.place.shape(),
        "Confidence": face.confidence,
        "Pose": {"Roll": face.roll, "Yaw": face.yaw, "Pitch": face.pitch},
        "Quality": quality,
        "EyesOpen": {"Value": face.eyes_open, **sure},
        "MouthOpen": {"Value": face.mouth_open, **sure},
        "Smile": {"Value": face.smile, **sure},
        "Eyeglasses": {"Value": face.eyeglasses, **sure},
        "Sunglasses": {"Value": face.sunglasses, **sure},
        "FaceOccluded": {"Value": face.occluded, **sure},
    }

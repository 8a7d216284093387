"""Whether a face is live, seen well, and the employee's: rules over what Rekognition says. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.ai.rekognition.people import EXPIRED
from tidegate.ai.rekognition.settings import RekognitionSettings

NOT_LIVE = "not-live"
NO_FACE = "no-face"
MANY_FACES = "more-than-one-face"
DARK = "too-dark"
BLURRED = "not-sharp"
TURNED = "turned-away"
EYES = "eyes-closed"
COVERED = "face-covered"
NO_MATCH = "no-match"
SOMEBODY_ELSE = "somebody-else"
ATTRIBUTES = ("DEFAULT", "EYES_OPEN", "SUNGLASSES", "FACE_OCCLUDED")
"""What DetectFaces is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Why a face is not taken, nothing where it is, and the figures."""

    reasons: tuple[str, ...]
    figures: Mapping[str, float]

    def __add__(self, other: "Found") -> "Found":
        """Both together."""
        return Found(
            reasons=(*self.reasons, *other.reasons), figures={**self.figures, **other.figures}
        )


def liveness(results: Mapping[str, Any], settings: RekognitionSettings) -> Found:
    """Of a session that is over."""
    if results["Status"] == "EXPIRED":
        return Found(reasons=(EXPIRED,), figures={})
    confidence = float(results.get("Confidence", 0.0))
    alive = results["Status"] == "SUCCEEDED" and confidence >= settings.least_liveness
    return Found(reasons=() if alive else (NOT_LIVE,), figures={"liveness": confidence})


def quality(faces: Sequence[Mapping[str, Any]], settings: RekognitionSettings) -> Found:
    """Of the faces on a picture: there must be one, seen well."""
    if len(faces) != 1:
        return Found(reasons=(MANY_FACES if faces else NO_FACE,), figures={})
    (face,) = faces
    brightness = float(face["Quality"]["Brightness"])
    sharpness = float(face["Quality"]["Sharpness"])
    turned = max(abs(float(face["Pose"]["Yaw"])), abs(float(face["Pose"]["Pitch"])))
    rules = {
        DARK: brightness < settings.least_brightness,
        BLURRED: sharpness < settings.least_sharpness,
        TURNED: turned > settings.most_turned,
        EYES: not _holds(face, "EyesOpen", otherwise=True),
        COVERED: _holds(face, "Sunglasses") or _holds(face, "FaceOccluded"),
    }
    return Found(
        reasons=tuple(reason for reason, broken in rules.items() if broken),
        figures={"brightness": brightness, "sharpness": sharpness, "turned": turned},
    )


def _holds(face: Mapping[str, Any], name: str, *, otherwise: bool = False) -> bool:
    return bool(face.get(name, {}).get("Value", otherwise))


def match(matches: Sequence[Mapping[str, Any]], user: str, settings: RekognitionSettings) -> Found:
    """Whether the most similar of all employees is that one, and similar enough."""
    best = max(matches, key=lambda found: float(found["Similarity"]), default=None)
    if best is None or float(best["Similarity"]) < settings.least_similarity:
        return Found(reasons=(NO_MATCH,), figures={})
    figures = {"similarity": float(best["Similarity"])}
    own = best["User"]["UserId"] == user
    return Found(reasons=() if own else (SOMEBODY_ELSE,), figures=figures)

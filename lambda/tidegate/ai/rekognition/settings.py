"""Settings of a service that knows employees' faces, as one factor beside another.

Thresholds: Rekognition developer guide, "Using similarity thresholds to match faces" (99 where a
person's rights depend on it) and "Recommendations for usage of Face Liveness".
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.limits import Between, Length, Matches, TextFile

FACE = "face"
_FACTOR = Matches(pattern=r"[a-z][a-z0-9-]{0,39}", words="small letters, digits and hyphens")
_LEAST_CONSENT = 80


def _consent_faults(text: str) -> tuple[str, ...]:
    """Consent must say something."""
    if len(text.strip()) >= _LEAST_CONSENT:
        return ()
    return (f"has {len(text.strip())} characters: say what is kept, why and how long",)


@dataclass(frozen=True, slots=True, kw_only=True)
class RekognitionSettings:
    """Faces of employees, enrolled with consent, checked with liveness, beside another factor."""

    consent: Annotated[
        str | None,
        "A text file: what employees agree to. Another text is another version, which those who "
        "enrol from then on agree to.",
        TextFile(check=_consent_faults),
    ] = None
    first_factors: Annotated[
        tuple[Annotated[str, _FACTOR], ...],
        "Factors that an employee must have shown before; a face is none.",
        Length(least=1, most=20),
    ] = ("password", "passkey", "smartcard", "one-time-code")
    first_factor_minutes: Annotated[
        int, "How long ago that may have been.", Between(least=1, most=60)
    ] = 10
    least_similarity: Annotated[
        float, "Similarity from which on a face is the employee's.", Between(least=80, most=100)
    ] = 99.0
    least_liveness: Annotated[
        float, "Confidence from which on a face is live.", Between(least=50, most=100)
    ] = 90.0
    least_brightness: Annotated[float, "Of the face, 0 to 100.", Between(least=0, most=100)] = 30.0
    least_sharpness: Annotated[float, "Of the face, 0 to 100.", Between(least=0, most=100)] = 30.0
    most_turned: Annotated[
        float, "Degrees that a face may be turned or nodded.", Between(least=5, most=90)
    ] = 30.0
    most_failures: Annotated[
        int, "Faces rejected in a row before an employee is locked out.", Between(least=1, most=20)
    ] = 5
    lock_minutes: Annotated[int, "How long that lasts.", Between(least=1, most=1_440)] = 15
    retention_days: Annotated[
        int,
        "How long a face is kept; then it is deleted, and the employee enrols again.",
        Between(least=1, most=1_095),
    ] = 365
    audit_days: Annotated[
        int, "How long the audit trail is kept.", Between(least=30, most=3_650)
    ] = 400

    @property
    def consent_version(self) -> str:
        """The version of the text: 12 hexadecimal digits of its hash."""
        return hashlib.sha256((self.consent or "").encode()).hexdigest()[:12]


def faults(settings: RekognitionSettings) -> tuple[str, ...]:
    """Nobody is enrolled without a text, and a face is never the first factor."""
    found = []
    if settings.consent is None:
        found.append("consent is missing: a text file that says what employees agree to")
    if FACE in settings.first_factors:
        found.append("first_factors have face: it is checked beside another factor, never alone")
    if settings.audit_days < settings.retention_days:
        found.append(
            f"audit_days are {settings.audit_days}, fewer than the {settings.retention_days} of "
            "retention_days: the trail must outlive what it is about"
        )
    return tuple(found)

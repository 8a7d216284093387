"""What is known of an employee: a hash of the id, consent, state; and each check of a face. Pure.

The id itself is kept nowhere: whoever has it can find the records, nobody else whose they are.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from tidegate.ai.rekognition.settings import RekognitionSettings

DAY = 86_400
EXPIRED = "session-expired"
"""The reason of a session that ran out before the device finished it."""


class State(StrEnum):
    """Where an employee is: only `enrolled` has faces that may be confirmed.

    `enrolling` and `revoking`: faces are being added and deleted, or a function was killed then.
    """

    ABSENT = "absent"
    ENROLLING = "enrolling"
    ENROLLED = "enrolled"
    REVOKING = "revoking"
    REVOKED = "revoked"


class Purpose(StrEnum):
    """What a session is for."""

    ENROL = "enrol"
    AUTHENTICATE = "authenticate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """The record of one; moments are seconds since the epoch, `revision` rises with each write.

    `faces` are ids that are being deleted: a killed revocation goes on with them.
    """

    user: str
    state: State = State.ABSENT
    consent_version: str | None = None
    consented_at: float | None = None
    enrolled_at: float | None = None
    expires_at: float | None = None
    failures: int = 0
    locked_until: float = 0.0
    faces: tuple[str, ...] = ()
    revision: int = 0

    def changed(self, **changes: Any) -> "Employee":
        """The record with these changes, as the next revision."""
        return replace(self, revision=self.revision + 1, **changes)

    def is_enrolled(self, now: float) -> bool:
        """Whether a face may be confirmed."""
        return (
            self.state is State.ENROLLED and self.expires_at is not None and now < self.expires_at
        )

    def enrolled(self, session: "Session", settings: RekognitionSettings, now: float) -> "Employee":
        """Enrolled by that session, for as long as faces are kept."""
        return self.changed(
            state=State.ENROLLED,
            consent_version=session.consent_version,
            consented_at=session.created_at,
            enrolled_at=now,
            expires_at=now + DAY * settings.retention_days,
            failures=0,
            locked_until=0.0,
            faces=(),
        )

    def tried(
        self, settings: RekognitionSettings, now: float, *, reasons: tuple[str, ...]
    ) -> "Employee":
        """After a check: without reasons confirmed, else one failure more; too many of them lock.

        A session that was never finished is no failure.
        """
        if not reasons or reasons == (EXPIRED,):
            return self.changed(failures=self.failures if reasons else 0)
        failures = self.failures + 1
        if failures < settings.most_failures:
            return self.changed(failures=failures)
        return self.changed(failures=0, locked_until=now + 60 * settings.lock_minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A liveness session, what it is for, and the factor that was shown before it."""

    id: str
    user: str
    purpose: Purpose
    first_factor: str
    created_at: float
    consent_version: str | None = None
    over: bool = False
    revision: int = 0

    def ended(self) -> "Session":
        """Used: a session is checked once."""
        return replace(self, over=True, revision=self.revision + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An entry of the audit trail: what happened, and the figures that it was decided by."""

    at: float
    what: str
    session: str | None = None
    first_factor: str | None = None
    reasons: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    why: str | None = None


def user_of(service: str, employee: str) -> str:
    """The name of an employee at Rekognition and in every record: 40 hexadecimal digits."""
    return hashlib.sha256(f"{service}\0{employee.strip()}".encode()).hexdigest()[:40]

"""Enrolling and authenticating: a session's picture is checked once, and the trail says how."""

from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ProblemError, not_found
from tidegate.ai.rekognition.checks import Found, liveness, match, quality
from tidegate.ai.rekognition.faces import (
    add_face,
    faces_on,
    picture_in,
    results_of,
    users_like,
)
from tidegate.ai.rekognition.people import Employee, Event, Purpose, Session, State
from tidegate.ai.rekognition.sessions import OfSession, require_enrolled, settings_of
from tidegate.ai.rekognition.store import employee_of, save, session_of

CONFIRMED, REJECTED = "confirmed", "rejected"
NOT_TAKEN = "not-taken"
"""Rekognition's own filter left the face out."""
TAKEN = "enrolled-as-somebody-else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """Whether the face was enrolled; if not, why, and a new session may be begun."""

    enrolled: bool
    reasons: tuple[str, ...] = ()
    expires_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether the face is the employee's. It counts beside `first_factor`, never alone."""

    face: Annotated[str, "confirmed or rejected."]
    first_factor: str
    reasons: tuple[str, ...] = ()


def enrol(request: OfSession, ports: ServicePorts) -> Enrolled:
    """The employee is enrolled, if the face is live, seen well and nobody else's."""
    session = _open(request.session, Purpose.ENROL, ports)
    employee, now = employee_of(session.user, ports), ports.clock.now()
    if employee.is_enrolled(now) or employee.state is State.REVOKING:
        raise ProblemError("enrolled", "the employee is enrolled: revoke first", status=409)
    found, picture = _seen(session, ports)
    found = _unless_somebody_else(found, picture, session, ports)
    if not found.reasons and picture is not None:
        # Written before the face is: one whose enrolment was killed is found, and deleted.
        employee = employee.changed(state=State.ENROLLING, enrolled_at=now)
        save(employee, Event(at=now, what="enrolling", session=session.id), ports)
        if not add_face(session, picture, ports):
            found += Found(reasons=(NOT_TAKEN,), figures={})
    if found.reasons:
        state = State.ABSENT if employee.state is State.ENROLLING else employee.state
        after = employee.changed(state=state)
        _save(after, session, found, what="not-enrolled", ports=ports)
        return Enrolled(enrolled=False, reasons=found.reasons)
    after = employee.enrolled(session, settings_of(ports), now)
    _save(after, session, found, what="enrolled", ports=ports)
    return Enrolled(enrolled=True, expires_at=after.expires_at)


def _unless_somebody_else(
    found: Found, picture: bytes | None, session: Session, ports: ServicePorts
) -> Found:
    if found.reasons or picture is None:
        return found
    others = users_like(picture, settings_of(ports).least_similarity, ports)
    if any(one["User"]["UserId"] != session.user for one in others):
        return found + Found(reasons=(TAKEN,), figures={})
    return found


def authenticate(request: OfSession, ports: ServicePorts) -> Checked:
    """Confirmed, if the face is live, seen well and more the employee's than anybody's."""
    session = _open(request.session, Purpose.AUTHENTICATE, ports)
    employee, now = employee_of(session.user, ports), ports.clock.now()
    require_enrolled(employee, now)
    found, picture = _seen(session, ports)
    if not found.reasons and picture is not None:
        settings = settings_of(ports)
        users = users_like(picture, settings.least_similarity, ports)
        found += match(users, session.user, settings)
    after = employee.tried(settings_of(ports), now, reasons=found.reasons)
    said = REJECTED if found.reasons else CONFIRMED
    _save(after, session, found, what=said, ports=ports)
    ports.metrics.put("Rejected" if found.reasons else "Confirmed", 1)
    return Checked(face=said, first_factor=session.first_factor, reasons=found.reasons)


def _seen(session: Session, ports: ServicePorts) -> tuple[Found, bytes | None]:
    """Whether the face is live and seen well, and its picture."""
    settings, results = settings_of(ports), results_of(session, ports)
    found, picture = liveness(results, settings), picture_in(results)
    if found.reasons or picture is None:
        return found, None
    return found + quality(faces_on(picture, ports), settings), picture


def _open(id_: str, purpose: Purpose, ports: ServicePorts) -> Session:
    """The session, which was begun for that and not checked yet."""
    session = session_of(id_, ports)
    if session is None or session.purpose is not purpose:
        raise not_found(f"no session {id_} was begun to {purpose.value}, or it is forgotten")
    if session.over:
        message = "the session was checked already: begin another"
        raise ProblemError("session-over", message, status=409)
    return session


def _save(
    employee: Employee, session: Session, found: Found, *, what: str, ports: ServicePorts
) -> None:
    """All that a check came to: employee, trail, and a session that is over."""
    event = Event(
        at=ports.clock.now(),
        what=what,
        session=session.id,
        first_factor=session.first_factor,
        reasons=found.reasons,
        figures=found.figures,
    )
    save(employee, event, ports, session=session.ended())

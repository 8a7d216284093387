"""Faces are deleted: on request, when employees leave, when their time is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.limits import Length
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import invalid
from tidegate.ai.rekognition.faces import (
    delete_faces,
    delete_user,
    face_ids,
    nobodys_faces,
    users_of_page,
)
from tidegate.ai.rekognition.people import Employee, Event, State, user_of
from tidegate.ai.rekognition.sessions import EmployeeId
from tidegate.ai.rekognition.store import employee_of, save
from tidegate.ai.texts import text_of

PORTION = 50
"""Employees of one step: each takes a handful of calls, of the two minutes of a function."""
_MOST_BYTES = 5_000_000
_MOST_CHARACTERS = 200
_ENROLLING_SECONDS = 3_600
"""An enrolment that goes on longer was killed."""
LEFT, EXPIRED = "left the company", "retention is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """An employee's faces are to be deleted, now."""

    employee: EmployeeId
    why: Annotated[
        str, "Kept in the audit trail, such as 'consent withdrawn'.", Length(least=1, most=200)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """Nothing of the employee's face is kept any more; how many faces went now."""

    faces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leavers:
    """What came of a file of employees who left."""

    employees: int
    revoked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a night's sweep found."""

    expired: int
    nobodys: int


def revoke(request: Revoke, ports: ServicePorts) -> Revoked:
    """User and faces are gone from Rekognition, and the record says so."""
    employee = employee_of(user_of(ports.service, request.employee), ports)
    return Revoked(faces=delete(employee, request.why, ports))


def delete(employee: Employee, why: str, ports: ServicePorts) -> int:
    """How many faces were deleted. Killed at any line, the next try goes on where this one was.

    From the first write on nothing of the employee is confirmed.
    """
    now = ports.clock.now()
    if employee.state in {State.ABSENT, State.REVOKED}:
        leftover = face_ids(employee.user, ports)
        if leftover or employee.state is State.ABSENT:
            delete_user(employee.user, leftover, ports)
        return len(leftover)
    if employee.state is not State.REVOKING:
        ids = face_ids(employee.user, ports)
        employee = employee.changed(state=State.REVOKING, faces=ids)
        save(employee, Event(at=now, what="revoking", why=why), ports)
    delete_user(employee.user, employee.faces, ports)
    deleted = len(employee.faces)
    after = employee.changed(state=State.REVOKED, faces=(), expires_at=now)
    event = Event(at=ports.clock.now(), what="revoked", why=why, figures={"faces": deleted})
    save(after, event, ports)
    return deleted


def begin_leaving(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The first employees of the file."""
    return look_leaving(arrived, {"next": 0, "revoked": 0}, ports)


def look_leaving(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """The next ones; their faces are deleted."""
    ids = _ids(arrived, ports)
    first, revoked = int(state["next"]), int(state["revoked"])
    for id_ in ids[first : first + PORTION]:
        employee = employee_of(user_of(ports.service, id_), ports)
        revoked += employee.state not in {State.ABSENT, State.REVOKED}
        delete(employee, LEFT, ports)
    if first + PORTION < len(ids):
        return Waiting(state={"next": first + PORTION, "revoked": revoked}, seconds=0)
    return Done(result=Leavers(employees=len(ids), revoked=revoked))


def _ids(arrived: Arrived, ports: ServicePorts) -> tuple[str, ...]:
    """An id a line."""
    text = text_of(
        arrived, ports, most_bytes=_MOST_BYTES, advice="send parts", encoding="utf-8-sig"
    )
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    long = [number for number, line in lines if len(line) > _MOST_CHARACTERS]
    if long:
        numbers = ", ".join(str(number) for number in long[:20])
        raise invalid([f"lines {numbers}: an id has at most {_MOST_CHARACTERS} characters"])
    return tuple(dict.fromkeys(line for _, line in lines if line))


def begin_sweep(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The first users of the collection."""
    return look_sweep(arrived, {"step": "users", "expired": 0, "nobodys": 0}, ports)


def look_sweep(_arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """Expired employees first, then faces that belong to nobody: of enrolments that were killed."""
    token = state.get("token")
    expired, nobodys = int(state["expired"]), int(state["nobodys"])
    if state["step"] == "users":
        users, following = users_of_page(ports, token)
        expired += sum(_expire(user, ports) for user in users)
        step = "users" if following is not None else "faces"
    else:
        ids, following = nobodys_faces(ports, token)
        delete_faces(ids, ports)
        nobodys += len(ids)
        step = "faces"
        if following is None:
            return Done(result=Swept(expired=expired, nobodys=nobodys))
    told = {} if following is None else {"token": following}
    return Waiting(state={"step": step, "expired": expired, "nobodys": nobodys, **told}, seconds=0)


def _expire(user: str, ports: ServicePorts) -> bool:
    employee, now = employee_of(user, ports), ports.clock.now()
    ends = {
        State.ENROLLED: employee.expires_at,
        State.ENROLLING: (employee.enrolled_at or now) + _ENROLLING_SECONDS,
        State.REVOKING: now,
    }.get(employee.state)
    if ends is not None and now >= ends:
        delete(employee, EXPIRED, ports)
        return True
    return False

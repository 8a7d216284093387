"""Routes about employees: consent, a liveness session after another factor, state, trail.

Ids of employees come in bodies, never in paths: those stand in logs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from tidegate.ai.limits import Between, Length, Matches
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ProblemError, invalid
from tidegate.ai.rekognition.people import Employee, Event, Purpose, Session, State, user_of
from tidegate.ai.rekognition.settings import FACE, RekognitionSettings
from tidegate.ai.rekognition.store import begin_session, employee_of, events_of

SESSION_SECONDS = 180
"""How long Rekognition keeps a session (CreateFaceLivenessSession)."""
_AHEAD_SECONDS = 60
"""How far the clock of whoever checked the first factor may be ahead."""

EmployeeId = Annotated[
    str, "The employee's id in the company's own directory.", Length(least=1, most=200)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Asks without saying anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What employees agree to when they enrol, and its version."""

    version: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """A liveness session is to begin, for an employee who has just shown another factor."""

    employee: EmployeeId
    purpose: Annotated[Purpose, "enrol or authenticate."]
    first_factor: Annotated[str, "The factor that was shown and checked.", Length(least=1, most=40)]
    first_factor_at: Annotated[
        int, "When, in seconds since the epoch.", Between(least=0, most=99_999_999_999)
    ]
    consent_version: Annotated[
        str | None,
        "To enrol: the version of the text that the employee agreed to.",
        Length(most=40),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The session, for the device that films the face, until `expires_at`."""

    session: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSession:
    """Asks about a session that the device has finished."""

    session: Annotated[
        str,
        "The session's id.",
        Matches(pattern=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", words="a UUID"),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfEmployee:
    """Asks about an employee."""

    employee: EmployeeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where an employee is: absent, enrolling, enrolled, expired, revoking or revoked."""

    state: str
    consent_version: str | None = None
    consented_at: float | None = None
    enrolled_at: float | None = None
    expires_at: float | None = None
    locked_until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The latest entries of an employee's audit trail, the newest first, 100 at most."""

    events: tuple[Mapping[str, Any], ...]


def settings_of(ports: ServicePorts) -> RekognitionSettings:
    """The service's settings."""
    settings: RekognitionSettings = ports.settings
    return settings


def consent(_request: Nothing, ports: ServicePorts) -> Consent:
    """The text of today."""
    settings = settings_of(ports)
    return Consent(version=settings.consent_version, text=settings.consent or "")


def begin(request: Begin, ports: ServicePorts) -> Begun:
    """A session, if the first factor counts and the employee may be checked for that purpose."""
    now = ports.clock.now()
    _check_first_factor(request, settings_of(ports), now)
    employee = employee_of(user_of(ports.service, request.employee), ports)
    _check_purpose(request, employee, settings_of(ports), now)
    answer = ports.calls.call("rekognition", "CreateFaceLivenessSession")
    session = Session(
        id=answer["SessionId"],
        user=employee.user,
        purpose=request.purpose,
        first_factor=request.first_factor,
        created_at=now,
        consent_version=request.consent_version,
    )
    what = f"began-to-{request.purpose.value}"
    event = Event(at=now, what=what, session=session.id, first_factor=session.first_factor)
    begin_session(session, event, ports)
    return Begun(session=session.id, expires_at=int(now) + SESSION_SECONDS)


def _check_first_factor(request: Begin, settings: RekognitionSettings, now: float) -> None:
    """A face counts beside another factor only, that was shown just now."""
    faults = []
    if request.first_factor not in settings.first_factors:
        allowed = ", ".join(settings.first_factors)
        never = "; a face is never the only factor" if request.first_factor == FACE else ""
        faults.append(f"first_factor must be one of {allowed}{never}")
    age = now - request.first_factor_at
    if not -_AHEAD_SECONDS <= age <= 60 * settings.first_factor_minutes:
        faults.append(
            f"first_factor_at must be within the last {settings.first_factor_minutes} minutes"
        )
    if faults:
        raise invalid(faults)


def _check_purpose(
    request: Begin, employee: Employee, settings: RekognitionSettings, now: float
) -> None:
    if request.purpose is Purpose.AUTHENTICATE:
        require_enrolled(employee, now)
        return
    if employee.is_enrolled(now):
        raise ProblemError("enrolled", "the employee is enrolled: revoke first", status=409)
    if employee.state is State.REVOKING:
        message = "the employee's faces are being deleted: revoke again, then enrol"
        raise ProblemError("revoking", message, status=409)
    if request.consent_version != settings.consent_version:
        message = (
            "consent_version must be that of the text of today, which GET consent tells: "
            "nobody is enrolled without having agreed to it"
        )
        raise ProblemError("no-consent", message, status=422)


def require_enrolled(employee: Employee, now: float) -> None:
    """ProblemError where no face of the employee may be confirmed now."""
    if not employee.is_enrolled(now):
        message = "no face of the employee is enrolled, or it has expired: use another factor"
        raise ProblemError("not-enrolled", message, status=409)
    if now < employee.locked_until:
        wait = int(employee.locked_until - now) + 1
        message = "too many faces were rejected: use another factor"
        raise ProblemError("locked", message, status=423, retry_after=wait)


def status(request: OfEmployee, ports: ServicePorts) -> Status:
    """The state, without anything that could be compared with a face."""
    now, employee = ports.clock.now(), employee_of(user_of(ports.service, request.employee), ports)
    expired = employee.state is State.ENROLLED and not employee.is_enrolled(now)
    return Status(
        state="expired" if expired else employee.state.value,
        consent_version=employee.consent_version,
        consented_at=employee.consented_at,
        enrolled_at=employee.enrolled_at,
        expires_at=employee.expires_at,
        locked_until=employee.locked_until if employee.locked_until > now else None,
    )


def trail(request: OfEmployee, ports: ServicePorts) -> Trail:
    """What happened to an employee, and by which figures it was decided."""
    return Trail(events=events_of(user_of(ports.service, request.employee), ports))

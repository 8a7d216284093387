"""Faces of employees: beside another factor, with consent, and gone when they should be."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ai_fakes import FakeMetrics
from tests.unit.tidegate.ai.rekognition.face_world import (
    CONSENT,
    SETTINGS,
    FaceWorld,
    Killed,
    file_of,
)
from tidegate.ai.kind import Arrived, Done, Waiting
from tidegate.ai.problems import ProblemError
from tidegate.ai.rekognition.checking import Checked, authenticate, enrol
from tidegate.ai.rekognition.people import Purpose
from tidegate.ai.rekognition.revoking import (
    PORTION,
    Leavers,
    Revoke,
    begin_leaving,
    begin_sweep,
    look_leaving,
    look_sweep,
    revoke,
)
from tidegate.ai.rekognition.sessions import (
    Nothing,
    OfEmployee,
    OfSession,
    consent,
    status,
)
from tidegate.ai.rekognition.settings import RekognitionSettings, faults

DAY = 86_400


@pytest.fixture
def world() -> FaceWorld:
    """A service without employees."""
    return FaceWorld()


def problem(code: str, call: object) -> ProblemError:
    """The problem that a call ends in."""
    assert callable(call)
    with pytest.raises(ProblemError) as caught:
        call()
    assert caught.value.code == code, caught.value
    return caught.value


def test_an_employee_is_enrolled_and_confirmed_beside_the_first_factor(world: FaceWorld):
    """The answer names that factor; the trail has each step and its figures."""
    assert world.enrol("e-1", "ann").enrolled
    assert world.authenticate("e-1", "ann", yaw=4) == Checked(
        face="confirmed", first_factor="password"
    )
    assert world.trail("e-1") == [
        "began-to-enrol",
        "enrolling",
        "enrolled",
        "began-to-authenticate",
        "confirmed",
    ]
    assert world.kept() == (1, 1)


@pytest.mark.parametrize(
    ("looks", "reason"),
    [
        ({"face": "ben"}, "no-match"),
        ({"face": None}, "not-live"),
        ({"face": "ann", "live": 50.0}, "not-live"),
        ({"face": "ann", "light": 0.3}, "too-dark"),
        ({"face": "ann", "blur": 3}, "not-sharp"),
        ({"face": "ann", "yaw": 40}, "turned-away"),
        ({"face": "ann", "eyes_open": False}, "eyes-closed"),
        ({"face": "ann", "sunglasses": True}, "face-covered"),
        ({"face": "twin", "resembles": {"ann": 98.0}}, "no-match"),
        (
            {"face": "ann", "more": ({"person": "x", "box": [0.0, 0.0, 0.19, 0.3]},)},
            "more-than-one-face",
        ),
    ],
)
def test_a_face_is_rejected_with_the_reason(
    world: FaceWorld, looks: dict[str, object], reason: str
):
    """Another's, none, one that is not live, or that is not seen well."""
    world.enrol("e-1", "ann")
    found = world.authenticate("e-1", **looks)  # type: ignore[arg-type]
    assert (found.face, found.reasons) == ("rejected", (reason,))
    metrics = world.ports.metrics
    assert isinstance(metrics, FakeMetrics)
    assert (metrics.total("Rejected"), metrics.total("Confirmed")) == (1, 0)


def test_another_employee_is_not_confirmed_under_a_colleagues_id(world: FaceWorld):
    """The most similar of all employees must be the one who is named."""
    world.enrol("e-1", "ann")
    world.enrol("e-2", "ben")
    assert world.authenticate("e-1", "ben").reasons == ("somebody-else",)


def test_a_face_is_never_the_only_factor(world: FaceWorld):
    """A session needs another one, of those that count, shown just now."""
    world.enrol("e-1", "ann")
    alone = problem(
        "invalid-request",
        lambda: world.begun("e-1", Purpose.AUTHENTICATE, first_factor="face"),
    )
    assert "a face is never the only factor" in str(alone)
    now = int(world.ports.clock.now())
    for moment in (now - 601, now + 120):
        late = problem(
            "invalid-request",
            lambda at=moment: world.begun("e-1", Purpose.AUTHENTICATE, first_factor_at=at),
        )
        assert late.faults == ("first_factor_at must be within the last 10 minutes",)


def test_nobody_is_enrolled_without_consent(world: FaceWorld):
    """To the text of today; what was agreed to is kept."""
    told = consent(Nothing(), world.ports)
    assert (told.text, told.version) == (CONSENT, SETTINGS.consent_version)
    for version in (None, "0" * 12):
        problem(
            "no-consent",
            lambda v=version: world.begun("e-1", Purpose.ENROL, consent_version=v),
        )
    world.enrol("e-1", "ann")
    assert status(OfEmployee(employee="e-1"), world.ports).consent_version == told.version


def test_ids_of_employees_are_kept_nowhere(world: FaceWorld):
    """Not in the table, not at Rekognition."""
    world.enrol("ann.lee@example.com", "ann")
    assert "ann.lee" not in str(world.table.items)
    users = world.rekognition("ListUsers", {"CollectionId": "staff"})
    assert "ann.lee" not in str(users)


def test_a_face_is_enrolled_for_one_employee_only(world: FaceWorld):
    """Under a second id it is refused, and nothing of it stays."""
    world.enrol("e-1", "ann")
    assert world.enrol("e-2", "ann").reasons == ("enrolled-as-somebody-else",)
    assert world.kept() == (1, 1)
    problem("enrolled", lambda: world.begun("e-1", Purpose.ENROL))


def test_a_session_is_checked_once_and_for_its_purpose(world: FaceWorld):
    """Replayed, it confirms nothing."""
    world.enrol("e-1", "ann")
    session = world.filmed(world.begun("e-1", Purpose.AUTHENTICATE), "ann")
    problem("not-found", lambda: enrol(session, world.ports))
    authenticate(session, world.ports)
    problem("session-over", lambda: authenticate(session, world.ports))
    unknown = OfSession(session="00000000-0000-0000-0000-000000000000")
    problem("not-found", lambda: authenticate(unknown, world.ports))


def test_a_session_that_goes_on_is_asked_again_and_one_that_ran_out_is_no_failure(
    world: FaceWorld,
):
    """The first is not used up; the second is rejected without counting."""
    world.enrol("e-1", "ann")
    session = OfSession(session=world.begun("e-1", Purpose.AUTHENTICATE))
    problem("unfinished", lambda: authenticate(session, world.ports))
    world.town.moment += 200
    assert authenticate(session, world.ports).reasons == ("session-expired",)
    assert status(OfEmployee(employee="e-1"), world.ports).locked_until is None


def test_too_many_rejected_faces_lock_the_employee_for_a_while(world: FaceWorld):
    """Afterwards the own face is confirmed again."""
    world.enrol("e-1", "ann")
    for _ in range(5):
        world.authenticate("e-1", "ben")
    locked = problem("locked", lambda: world.begun("e-1", Purpose.AUTHENTICATE))
    assert locked.status == 423
    assert locked.retry_after is not None
    world.town.moment += 15 * 60
    assert world.authenticate("e-1", "ann").face == "confirmed"


def test_a_confirmed_face_forgets_the_failures_before_it(world: FaceWorld):
    """Only failures in a row lock."""
    world.enrol("e-1", "ann")
    for face in ("ben", "ben", "ben", "ben", "ann", "ben", "ben", "ben", "ben", "ann"):
        found = world.authenticate("e-1", face)
    assert found.face == "confirmed"


def test_revoking_deletes_the_face_at_once_and_keeps_why(world: FaceWorld):
    """Nothing of it is at Rekognition any more; the employee may enrol again."""
    world.enrol("e-1", "ann")
    assert revoke(Revoke(employee="e-1", why="consent withdrawn"), world.ports).faces == 1
    assert world.kept() == (0, 0)
    assert status(OfEmployee(employee="e-1"), world.ports).state == "revoked"
    assert world.trail("e-1")[-2:] == ["revoking", "revoked"]
    problem("not-enrolled", lambda: world.begun("e-1", Purpose.AUTHENTICATE))
    assert revoke(Revoke(employee="e-1", why="again"), world.ports).faces == 0
    assert world.enrol("e-1", "ann").enrolled


def test_revoking_while_a_session_goes_on_wins(world: FaceWorld):
    """The session then confirms nothing."""
    world.enrol("e-1", "ann")
    session = world.filmed(world.begun("e-1", Purpose.AUTHENTICATE), "ann")
    revoke(Revoke(employee="e-1", why="stolen"), world.ports)
    problem("not-enrolled", lambda: authenticate(session, world.ports))


def test_an_expired_face_confirms_nothing_and_is_swept_at_night(world: FaceWorld):
    """With faces that belong to nobody."""
    world.enrol("e-1", "ann")
    world.town.moment += 364 * DAY
    world.enrol("e-2", "ben")
    world.town.moment += 2 * DAY
    assert status(OfEmployee(employee="e-1"), world.ports).state == "expired"
    problem("not-enrolled", lambda: world.begun("e-1", Purpose.AUTHENTICATE))
    assert _swept(world) == (1, 0)
    assert world.kept() == (1, 1)
    assert world.authenticate("e-2", "ben").face == "confirmed"


NIGHT = Arrived(key="timer/sweep/2026-11-30", name="2026-11-30", size=0, work="0" * 32)


def _swept(world: FaceWorld) -> tuple[int, int]:
    """What a night's sweep deleted."""
    progress = begin_sweep(NIGHT, world.ports)
    while isinstance(progress, Waiting):
        progress = look_sweep(NIGHT, progress.state, world.ports)
    assert isinstance(progress, Done)
    return progress.result.expired, progress.result.nobodys


def test_employees_who_left_are_deleted_by_file(world: FaceWorld):
    """In portions; those who were never enrolled are counted as such."""
    world.enrol("e-1", "ann")
    world.enrol("e-2", "ben")
    others = [f"x-{number}" for number in range(PORTION)]
    arrived = file_of(world.ports, "\n".join(["e-1", "", *others, "e-1", "e-2 "]))
    first = begin_leaving(arrived, world.ports)
    assert isinstance(first, Waiting)
    second = look_leaving(arrived, first.state, world.ports)
    assert second == Done(result=Leavers(employees=PORTION + 2, revoked=2))
    assert world.kept() == (0, 0)


def test_a_file_that_is_no_list_of_ids_is_refused(world: FaceWorld):
    """With the lines."""
    wrong = problem(
        "invalid-request",
        lambda: begin_leaving(file_of(world.ports, "e-1\n" + "x" * 201), world.ports),
    )
    assert wrong.faults == ("lines 2: an id has at most 200 characters",)


@given(killed_at=st.integers(min_value=1, max_value=14))
def test_an_enrolment_that_is_killed_anywhere_is_finished_by_the_next_try(killed_at: int):
    """The session is still good; in the end the employee is confirmed."""
    world = FaceWorld()
    session = world.filmed(world.begun("e-1", Purpose.ENROL), "ann")
    world.made_calls, world.killed_at = 0, killed_at
    try:
        enrol(session, world.ports)
    except Killed:
        if status(OfEmployee(employee="e-1"), world.ports).state != "enrolled":
            assert enrol(session, world.ports).enrolled
    world.killed_at = None
    assert world.authenticate("e-1", "ann").face == "confirmed"
    assert world.trail("e-1").count("enrolled") == 1
    revoke(Revoke(employee="e-1", why="over"), world.ports)
    _swept(world)
    assert world.kept() == (0, 0)


@given(killed_at=st.integers(min_value=1, max_value=14))
def test_an_enrolment_that_is_killed_and_never_tried_again_leaves_no_face(killed_at: int):
    """The next night's sweep finds it."""
    world = FaceWorld()
    session = world.filmed(world.begun("e-1", Purpose.ENROL), "ann")
    world.made_calls, world.killed_at = 0, killed_at
    with contextlib.suppress(Killed):
        enrol(session, world.ports)
    world.killed_at = None
    if status(OfEmployee(employee="e-1"), world.ports).state != "enrolled":
        world.town.moment += DAY
        _swept(world)
        assert world.kept() == (0, 0)


@given(killed_at=st.integers(min_value=1, max_value=10))
def test_a_revocation_that_is_killed_anywhere_is_finished_by_the_next_try(killed_at: int):
    """From its first write on nothing is confirmed; in the end no face is left."""
    world = FaceWorld()
    world.enrol("e-1", "ann")
    world.made_calls, world.killed_at = 0, killed_at
    try:
        revoke(Revoke(employee="e-1", why="stolen"), world.ports)
    except Killed:
        revoke(Revoke(employee="e-1", why="stolen"), world.ports)
    world.killed_at = None
    assert world.kept() == (0, 0)
    assert status(OfEmployee(employee="e-1"), world.ports).state == "revoked"
    assert world.trail("e-1").count("revoked") == 1


def test_settings_say_what_is_wrong_with_them():
    """Consent, first factors, and a trail that outlives the faces."""
    wrong = RekognitionSettings(first_factors=("password", "face"), audit_days=100)
    assert [fault.partition(" ")[0] for fault in faults(wrong)] == [
        "consent",
        "first_factors",
        "audit_days",
    ]
    assert faults(SETTINGS) == ()

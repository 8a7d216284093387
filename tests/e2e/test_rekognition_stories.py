"""Employees' faces: enrolled with consent, confirmed beside a password, deleted in time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.services import Reply
from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, until
from tests.portraits import portrait

pytestmark = pytest.mark.accept

AI = Path(__file__).parents[2] / "examples" / "ai"
STAFF = f"""
  staff:
    kind: rekognition
    settings: {{ consent: {AI / "files" / "consent.txt"} }}
"""
ANN, BEN = ((AI / "samples" / f"{name}.png").read_bytes() for name in ("ann", "ben"))


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """The service, deployed."""
    folder = tmp_path_factory.mktemp("staff")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="gate", services=STAFF)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "gate-")


def begin(world: ServicesWorld, employee: str, purpose: str) -> str:
    """A session of an employee who has just given a password."""
    more = {}
    if purpose == "enrol":
        more = {"consent_version": world.ask("staff", "consent").required()["version"]}
    reply = world.ask(
        "staff",
        "begin",
        employee=employee,
        purpose=purpose,
        first_factor="password",
        first_factor_at=int(world.cloud.clock.now()),
        **more,
    )
    return str(reply.required()["session"])


def checked(
    world: ServicesWorld, employee: str, purpose: str, picture: bytes, *, live: float = 98.0
) -> dict[str, Any]:
    """What the service says of a face that a device has filmed."""
    session = begin(world, employee, purpose)
    world.cloud.end_liveness(session, confidence=live, image=picture)
    return world.ask("staff", purpose, session=session).required()


def state(world: ServicesWorld, employee: str) -> str:
    """Where an employee is."""
    return str(world.ask("staff", "status", employee=employee).required()["state"])


def events(world: ServicesWorld, employee: str) -> list[dict[str, Any]]:
    """The employee's trail, the oldest first."""
    found = world.ask("staff", "audit", employee=employee).required()["events"]
    return list(reversed(found))


def faces(world: ServicesWorld) -> int:
    """How many faces Rekognition keeps for the service."""
    told = world.client("rekognition").describe_collection(CollectionId="gate-test-staff-faces")
    return int(told["FaceCount"])


def test_an_employee_is_enrolled_confirmed_and_forgotten(world: ServicesWorld):
    """Her face is confirmed beside the password, a colleague's is not; withdrawn is gone."""
    assert checked(world, "e-1", "enrol", ANN)["enrolled"]
    assert checked(world, "e-1", "authenticate", portrait("ann", yaw=6)) == {
        "face": "confirmed",
        "first_factor": "password",
        "reasons": [],
    }
    assert checked(world, "e-1", "authenticate", BEN)["reasons"] == ["no-match"]
    assert checked(world, "e-1", "authenticate", ANN, live=40)["reasons"] == ["not-live"]
    assert world.ask("staff", "revoke", employee="e-1", why="consent withdrawn").status == 200
    assert (state(world, "e-1"), faces(world)) == ("revoked", 0)
    trail = events(world, "e-1")
    assert [event["what"] for event in trail if not event["what"].startswith("began")] == [
        "enrolling",
        "enrolled",
        "confirmed",
        "rejected",
        "rejected",
        "revoking",
        "revoked",
    ]
    assert trail[-1]["why"] == "consent withdrawn"
    confirmed = next(event for event in trail if event["what"] == "confirmed")
    assert confirmed["figures"]["similarity"] >= 99
    assert confirmed["first_factor"] == "password"


def test_a_face_alone_opens_nothing(world: ServicesWorld):
    """Nor does a session that was checked, or that is for something else."""
    now = int(world.cloud.clock.now())
    alone = world.ask(
        "staff",
        "begin",
        employee="e-2",
        purpose="enrol",
        first_factor="face",
        first_factor_at=now,
    )
    assert "a face is never the only factor" in json.dumps(alone.body)
    session = begin(world, "e-2", "enrol")
    assert world.ask("staff", "enrol", session=session).status == 409
    world.cloud.end_liveness(session, confidence=99, image=ANN)
    assert world.ask("staff", "authenticate", session=session).status == 404
    assert world.ask("staff", "enrol", session=session).required()["enrolled"]
    assert world.ask("staff", "enrol", session=session).status == 409
    world.ask("staff", "revoke", employee="e-2", why="over").required()


def test_throttles_are_waited_out(world: ServicesWorld):
    """Three calls of ten are throttled; the caller asks again where even waiting did not help."""
    world.cloud.set_faults("rekognition", Faults(throttled=0.3, seed=5))
    try:
        session = _patient(
            lambda: world.ask(
                "staff",
                "begin",
                employee="e-3",
                purpose="enrol",
                first_factor="passkey",
                first_factor_at=int(world.cloud.clock.now()),
                consent_version=world.ask("staff", "consent").required()["version"],
            )
        )["session"]
        world.cloud.end_liveness(session, confidence=99, image=ANN)
        enrolled = _patient(lambda: world.ask("staff", "enrol", session=session))
        assert enrolled["enrolled"]
        assert world.cloud.faults("rekognition")["throttled_calls"] > 0
    finally:
        world.cloud.set_faults("rekognition", Faults())
    world.ask("staff", "revoke", employee="e-3", why="over").required()


def _patient(ask: Any) -> dict[str, Any]:
    """The first answer that is none of a busy service."""

    def look() -> dict[str, Any] | None:
        reply: Reply = ask()
        return None if reply.status == 503 else reply.required()

    return until(look, seconds=30, what="an answer")


def test_who_left_is_forgotten_by_file(world: ServicesWorld, tmp_path: Path):
    """Also those who were never enrolled are counted."""
    assert checked(world, "e-4", "enrol", ANN)["enrolled"]
    path = tmp_path / "left-in-november.txt"
    path.write_text("e-4\ne-5\n")
    outcome = world.outcome("staff", world.send("staff", path))
    assert outcome["result"] == {"employees": 2, "revoked": 1}
    assert (state(world, "e-4"), faces(world)) == ("revoked", 0)


def test_the_night_deletes_faces_that_belong_to_nobody(world: ServicesWorld):
    """The sweep is a message of the timer's, like any work."""
    rekognition = world.client("rekognition")
    rekognition.index_faces(CollectionId="gate-test-staff-faces", Image={"Bytes": BEN})
    assert faces(world) == 1
    queue = world.stack("staff").physical_id("Work")
    message = {"tidegate": "timer", "name": "sweep", "at": "2026-11-30T02:30:00Z"}
    world.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(message))
    until(lambda: faces(world) == 0 or None, seconds=30, what="an empty collection")

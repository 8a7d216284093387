"""Least privilege of a service that knows employees' faces: collection, sessions, records."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, StoryFailedError
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld
from tests.portraits import portrait

pytestmark = pytest.mark.accept

CONSENT = Path(__file__).parents[2] / "examples" / "ai" / "files" / "consent.txt"
SERVICE = f"""
  staff:
    kind: rekognition
    requests_per_minute: 60000
    settings: {{ consent: {CONSENT} }}
"""
_PEOPLE = itertools.count()


def about(right: Right) -> bool:
    """What only this kind has."""
    return right.action.startswith("rekognition:") or right.resource == "Employees"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One service."""
    folder = tmp_path_factory.mktemp("face-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="facerights", services=SERVICE)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "facerights-")


def checked(world: ServicesWorld, role: ServiceRole, person: str, purpose: str) -> Any:
    """What the service says of that person's face, filmed after a password."""
    begun = role.ask(
        "begin",
        employee=person,
        purpose=purpose,
        first_factor="password",
        first_factor_at=int(world.cloud.clock.now()),
        consent_version=role.ask("consent", method="GET")["version"],
    )
    world.cloud.end_liveness(begun["session"], confidence=99, image=portrait(person))
    return role.ask(purpose, session=begun["session"])


def enrolled(world: ServicesWorld, role: ServiceRole) -> str:
    """Somebody who was not enrolled before."""
    person = f"person-{next(_PEOPLE)}"
    if not checked(world, role, person, "enrol")["enrolled"]:
        raise StoryFailedError(f"{person} was not enrolled")
    return person


def life(world: ServicesWorld, role: ServiceRole) -> None:
    """Enrolled, confirmed, revoked, all of it in the trail."""
    person = enrolled(world, role)
    if checked(world, role, person, "authenticate")["face"] != "confirmed":
        raise StoryFailedError("the own face was rejected")
    if role.ask("revoke", employee=person, why="over")["faces"] != 1:
        raise StoryFailedError("no face was deleted")
    if role.ask("audit", employee=person)["events"][0]["what"] != "revoked":
        raise StoryFailedError("the trail does not say so")


def leave(world: ServicesWorld, role: ServiceRole) -> None:
    """The faces of who left are deleted."""
    person = enrolled(world, ServiceRole(world, "staff", DOOR))
    found = role.done(role.put("leavers", "left.txt", person.encode()))
    if found["revoked"] != 1:
        raise StoryFailedError(str(found))


def sweep(_: ServicesWorld, role: ServiceRole) -> None:
    """A night's sweep begins."""
    message = {"tidegate": "timer", "name": "sweep", "at": f"night-{next(_PEOPLE)}"}
    if role.deliver(message):
        raise StoryFailedError("the sweep must be tried again")


def test_each_right_of_the_door_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """With its role intact every route answers; without any one right, one does not."""
    role = ServiceRole(world, "staff", DOOR)
    prover.prove("answer_ai_request_faces", role, {"life": life}, about=about)


def test_each_right_of_the_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """With its role intact faces are deleted; without any one right they are not."""
    role = ServiceRole(world, "staff", WORKER)
    with role.by_hand():
        prover.prove("do_ai_work_faces", role, {"leave": leave, "sweep": sweep}, about=about)

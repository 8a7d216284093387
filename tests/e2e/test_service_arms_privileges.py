"""Least privilege of a released service: to draw, to sign and to count miss each right."""

from collections.abc import Iterator

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, StoryFailedError
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld

pytestmark = pytest.mark.accept

WARY = """
  wary:
    kind: comprehend
    requests_per_minute: 60000
    settings: { languages: [en] }
    release: { strategy: canary }
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One released service."""
    folder = tmp_path_factory.mktemp("arm-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="armed", services=WARY)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "armed-")


def answer(world: ServicesWorld, role: ServiceRole) -> None:
    """An answer is signed, and counted in the stage's observations."""
    before = _counted(world)
    role.ask("redact", text="call +1 415 555 2671", language="en")
    if _counted(world) != before + 1:
        raise StoryFailedError("the answer was not counted")


def _counted(world: ServicesWorld) -> int:
    counters = world.where.deployed().counters
    return sum(seen.requests for seen in counters.read("steady/wary"))


def work(_: ServicesWorld, role: ServiceRole) -> None:
    """A file is worked on by the live settings."""
    role.done(role.put("posts", "a.jsonl", b'{"text": "good", "language": "en"}\n'))


def _of_releases(right: Right) -> bool:
    """What the stage's other stack holds: its tables, its secret."""
    return right.action.startswith(("dynamodb:", "secretsmanager:")) and right.resource != "Ledger"


def test_each_right_of_a_released_door_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Without any one right no answer is signed and counted."""
    role = ServiceRole(world, "wary", DOOR)
    prover.prove("answer_ai_request_arms", role, {"answer": answer}, about=_of_releases)


def test_each_right_of_a_released_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Without it nobody knows which settings are live."""
    role = ServiceRole(world, "wary", WORKER)
    with role.by_hand():
        prover.prove("do_ai_work_arms", role, {"work": work}, about=_of_releases)

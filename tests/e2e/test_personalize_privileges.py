"""Least privilege of a service that recommends: events, what it learns by, its data's role."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld, until

pytestmark = pytest.mark.accept

SAMPLES = Path(__file__).parents[2] / "examples" / "ai" / "samples"
SERVICE = """
  upsell:
    kind: personalize
    requests_per_minute: 60000
    settings: { item_fields: { CATEGORY: category, PRICE: number } }
"""


def about(right: Right) -> bool:
    """What only this kind has."""
    return right.action.startswith("personalize:") or right.resource == "DataRole"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One service, whose files have come."""
    folder = tmp_path_factory.mktemp("shop-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="shoprights", services=SERVICE)
    made.deploy()
    for table in ("interactions", "items"):
        key = made.send("upsell", SAMPLES / f"shop-{table}.csv", prefix=table)
        assert made.outcome("upsell", key)["status"] == "done"
    yield made
    remove_stacks(story_cloud, "shoprights-")


def run(_: ServicesWorld, role: ServiceRole) -> None:
    """Everything is imported, learnt from and asked for, a step at a time."""
    key = role.put("runs", "run.json", b"{}")
    if role.work_on(key):
        raise StoryFailedError("the run was not begun")

    def look() -> bool | None:
        if role.look_again(key):
            raise StoryFailedError("a step failed")
        return bool(role.results(key)) or None

    until(look, seconds=60, what=f"the end of {key}")
    (found,) = role.results(key)
    if found["status"] != "done" or found["result"]["users"] != 120:
        raise StoryFailedError(str(found))


def events(_: ServicesWorld, role: ServiceRole) -> None:
    """What a user did is taken."""
    role.ask("events", session="s", events=[{"type": "view", "item": "hats-1"}])


def test_each_right_of_the_door_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """It hands events on."""
    role = ServiceRole(world, "upsell", DOOR)
    prover.prove(f"{DOOR}_personalize", role, {"events": events}, about=about)


def test_each_right_of_the_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Its imports, trainings and batches, and the role that it passes."""
    role = ServiceRole(world, "upsell", WORKER)
    with role.by_hand():
        prover.prove(f"{WORKER}_personalize", role, {"run": run}, about=about)


def test_each_right_of_personalize_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """It lists and reads what is imported, and writes what it recommends."""
    worker = ServiceRole(world, "upsell", WORKER)
    role = DeployedRole(world=world, role_id="DataRole", stack=worker.stack)  # type: ignore[arg-type]

    def run_by_worker(_world: ServicesWorld, _role: DeployedRole) -> None:
        run(world, worker)

    with worker.by_hand():
        prover.prove("data_role", role, {"run": run_by_worker})

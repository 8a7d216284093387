"""Least privilege of labelling by Ground Truth: to begin jobs, and what these read and write."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.service_rights import WORKER, ServiceRole
from tests.e2e.services import ServicesWorld, until
from tidegate.ai.messages import work_id

pytestmark = pytest.mark.accept

LEGACY = """
  sorting:
    kind: labelling
    settings:
      task: text-class
      classes: [delivery, refund]
      engine: ground-truth
      enrolled: true
      work_team: arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/sorters
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """A service whose work team labels."""
    folder = tmp_path_factory.mktemp("team-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="teamrights", services=LEGACY)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "teamrights-")


def about(right: Right) -> bool:
    """What only this engine has."""
    return right.action.startswith("sagemaker:") or right.resource == "GroundTruthRole"


def label(world: ServicesWorld, role: ServiceRole) -> None:
    """A manifest becomes a job, whose people answer, and the job's manifest is the result."""
    key = role.put("items", "a.manifest", b'{"source": "Where is it?"}\n')
    if role.work_on(key):
        raise StoryFailedError("no job was begun")
    answers = f"jobs/{work_id(key, '1')}/input.manifest.answers"
    body = json.dumps({"answers": ["delivery"]}).encode()
    client(world, "s3").put_object(Bucket=role.bucket, Key=answers, Body=body)

    def look() -> list[dict[str, Any]] | None:
        if role.look_again(key):
            raise StoryFailedError("the job could not be looked at, or failed")
        return role.results(key) or None

    ((found),) = until(look, seconds=20, what=f"the end of {key}")
    if found["status"] != "done" or found["result"]["labelled"] != 1:
        raise StoryFailedError(str(found))


def test_each_right_of_the_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To begin a job, to pass its role, and to look at it."""
    role = ServiceRole(world, "sorting", WORKER)
    with role.by_hand():
        prover.prove(f"{WORKER}_ground_truth", role, {"label": label}, about=about)


def test_each_right_of_the_jobs_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """They read what people are shown, and write what they said."""
    worker = ServiceRole(world, "sorting", WORKER)
    role = DeployedRole(world=world, role_id="GroundTruthRole", stack=worker.stack)  # type: ignore[arg-type]

    def by_worker(_world: ServicesWorld, _role: DeployedRole) -> None:
        label(world, worker)

    with worker.by_hand():
        prover.prove("ground_truth_role", role, {"label": by_worker})

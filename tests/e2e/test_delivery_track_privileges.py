"""Least privilege of a delivery where a model has two tracks: its records are read back.

Rights that a delivery needs of any model are proven by the stories of one endpoint.
"""

from collections.abc import Iterator

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from stacks.access_stack import READER_ROLE
from stacks.project.names import access_stack_name
from tests.e2e.conftest import EVEN, TIME_SCALE
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, Role, Story
from tests.e2e.test_delivery_privileges import (
    deploy_is_told,
    evidence_is_gathered,
    opens_a_release,
    verifies,
)
from tests.e2e.track_world import TrackWorld
from tests.e2e.tracks import issuer

pytestmark = pytest.mark.accept

PIPELINE = """
pipeline:
  mode: deployment
  source: { s3: {} }
  stages: { staging: test, production: prod }
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrackWorld]:
    """A stage with two tracks that a pipeline delivers to."""
    with issuer() as tokens:
        made = TrackWorld(
            cloud=story_cloud,
            folder=tmp_path_factory.mktemp("ferried"),
            model="ferried",
            tokens=tokens,
            scale=TIME_SCALE,
        )
        stage = made.project_text[made.project_text.index("  test:") :].split("\n", 1)[0]
        prod = stage.replace("  test:", "  prod:").replace("domain: ", "domain: prod.")
        made.project_text = made.project_text.replace(stage, f"{stage}\n{prod}") + PIPELINE
        made.deploy(EVEN[0])
        yield made
        remove_stacks(story_cloud, f"{made.project}-")


def _is_of_records(right: Right) -> bool:
    return right.action.startswith("route53:")


def test_each_right_of_a_delivery_on_records_is_needed(world: TrackWorld, prover: Prover) -> None:
    """Of the functions, and of the role that builds read with while a second version waits."""
    _proves(prover, world, "follow_delivery", verifies)
    world.deploy(EVEN[1])
    _proves(prover, world, "open_delivery", opens_a_release)
    access = access_stack_name(world.project, "test")
    reader = DeployedRole(world=world, role_id=READER_ROLE, stack=access)
    read = {f"{s.__name__}_of_tracks": s for s in (deploy_is_told, evidence_is_gathered)}
    prover.prove("pipeline_read_records", reader, read, about=_is_of_records)


def _proves(prover: Prover, world: TrackWorld, package: str, story: Story) -> None:
    told = {f"{story.__name__}_of_tracks": story}
    role = Role(world=world, package=package)
    prover.prove(f"{package}_records", role, told, about=_is_of_records)

"""Least privilege of a review by CodeGuru Reviewer: one right less, and the build fails."""

from collections.abc import Iterator

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.light_pipelines import light_pipeline, run_again
from tests.e2e.light_sources import REVIEWING, light
from tests.e2e.pipelines import PipelineWorld
from tests.e2e.roles import DeployedRole, Prover

pytestmark = pytest.mark.accept

STACK = "viewed-pipeline"
REVIEW = "{ engine: codeguru-reviewer, fail_on: high, paths: [src] }"
SOURCE = light({"src/run.py": "print(1)\n"}, tidegate=REVIEWING)


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PipelineWorld]:
    """A pipeline of checks that take a moment, and a review by the service."""
    folder = tmp_path_factory.mktemp("viewed")
    with light_pipeline(story_cloud, folder, name="viewed", source=SOURCE, review=REVIEW) as made:
        yield made


def code_is_reviewed(world: PipelineWorld, _role: DeployedRole) -> None:
    """A change without a finding goes through checks and review."""
    run_again(world)


def test_each_right_of_a_review_by_the_service_is_needed(
    world: PipelineWorld, prover: Prover
) -> None:
    """What the build has beside the rights of every review's."""
    role = DeployedRole(world=world, role_id="ReviewBuildRole", stack=STACK)  # type: ignore[arg-type]
    prover.prove(
        "pipeline_stack_review_service",
        role,
        {code_is_reviewed.__name__: code_is_reviewed},
        about=lambda right: (
            right.action.startswith("codeguru-reviewer:") or right.resource == "ReviewCode objects"
        ),
    )

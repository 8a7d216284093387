"""Least privilege of what a pipeline reads where a model is trained, monitored and has a batch.

And where a service is released whose arms have resources of their own.

Rights that builds need of any model are proven by the stories of one endpoint.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cli.deployment import synth_request
from cli.exits import CommandError
from cli.monitors import drift_in
from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from stacks.access_stack import READER_ROLE
from stacks.project.names import access_stack_name
from tests.e2e.leaving import remove_stacks
from tests.e2e.monitors import look, monitor_of, monitored
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError
from tests.e2e.test_delivery_privileges import read_by
from tests.e2e.trainings import SECTION, run, write_code, write_data
from tests.e2e.world import V1, World

pytestmark = pytest.mark.accept

PIPELINE = """
pipeline:
  mode: deployment
  source: { s3: {} }
  stages: { staging: test, production: prod }
"""
BATCH = """
    batch:
      columns: [{ name: store, type: integer }]
      instance_type: ml.m5.large
"""


SHOP = Path(__file__).parents[2] / "examples" / "ai" / "files" / "shop.toml"
SERVICES = f"""
services:
  desk:
    kind: lex
    settings: {{ bot: {SHOP} }}
    release: {{ strategy: canary }}
"""


@pytest.fixture(scope="module")
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stage that a pipeline delivers to: a package is approved in it, and a monitor looked."""
    folder = tmp_path_factory.mktemp("read")
    made = monitored(World(cloud=story_cloud, folder=folder, model="well-read"))
    code = write_code(folder / "code")
    training = SECTION.replace("CODE", str(code)).replace("APPROVE", "automatically")
    text = made.project_text.replace("models:\n", "  prod: { region: us-east-1 }\nmodels:\n", 1)
    made.project_text = text.rstrip() + training.rstrip() + BATCH + SERVICES + PIPELINE
    made.deploy(V1)
    view = run(made, write_data(folder / "data", wrong_percent=1), token="well-read".ljust(32, "0"))
    assert view.status == "Succeeded", view.to_json()
    look(monitor_of(made))
    yield made
    remove_stacks(story_cloud, f"{made.project}-")


def deploy_knows_what_is_live_and_approved(world: World, role: DeployedRole) -> None:
    """The build that deploys synthesizes with batch, package and live settings."""
    place = read_by(world, role, "deploy-test")
    try:
        request = synth_request(place, output=world.folder / "never")
    except (ClientError, CommandError) as error:
        raise StoryFailedError(str(error)) from error
    if world.model not in request.batch_pointers or world.model not in request.packages:
        raise StoryFailedError(f"{request.batch_pointers}, {request.packages}")
    if "desk" not in request.live_settings:
        raise StoryFailedError(f"{request.live_settings}")


def evidence_has_drift(world: World, role: DeployedRole) -> None:
    """The build of the approval's evidence reads what the monitor said."""
    try:
        told = list(drift_in(read_by(world, role, "evidence")))
    except (ClientError, CommandError) as error:
        raise StoryFailedError(str(error)) from error
    if not told or "not looked at yet" in told[0]:
        raise StoryFailedError(str(told))


def _is_of_sections(right: Right) -> bool:
    """Whether only a model with these sections needs it."""
    mine = ("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "s3:")
    return right.action.startswith(mine)


def test_each_right_of_a_reader_of_sections_is_needed(world: World, prover: Prover) -> None:
    """The role that builds read a stage with."""
    access = access_stack_name(world.project, "test")
    role = DeployedRole(world=world, role_id=READER_ROLE, stack=access)
    stories = {s.__name__: s for s in (deploy_knows_what_is_live_and_approved, evidence_has_drift)}
    prover.prove("pipeline_read_sections", role, stories, about=_is_of_sections)

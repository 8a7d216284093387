"""The role of a pipeline that trains by a built-in algorithm: what it may beyond scripts."""

import json
import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from cli.options import Place
from cli.privileges.rights import Right
from cli.project import read_project
from cli.target import embedded_target
from cli.training import Training, training_of
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError
from tests.e2e.world import World, wait_for

pytestmark = pytest.mark.accept

FILE = """
project: rights
stages:
  dev: { region: us-east-1 }
models:
  asked:
    algorithm: kmeans
    algorithm_version: "1"
    hosting: { instance_type: ml.m5.large }
    training:
      code: code
      channels: { train: text/csv;label_size=0, test: text/csv;label_size=0 }
      hyperparameters: { feature_dim: 2, k: 2, local_lloyd_num_trials: 1 }
      require:
        - { metric: rows, at_least: 1, against_live: ignored }
  tuned:
    algorithm: kmeans
    algorithm_version: "1"
    hosting: { instance_type: ml.m5.large }
    training:
      code: code
      channels: { train: text/csv;label_size=0, test: text/csv;label_size=0 }
      hyperparameters: { feature_dim: 2, k: 2, local_lloyd_num_trials: 1 }
      tune:
        objective: test:msd
        ranges: { epochs: { least: 1, most: 9 } }
        most_jobs: 2
      require:
        - { metric: rows, at_least: 1, against_live: ignored }
"""
EVALUATE = """
import argparse, json, pathlib
options = argparse.ArgumentParser()
for name in ("model", "live", "test", "output"):
    options.add_argument("--" + name, type=pathlib.Path)
given = options.parse_args()
(file,) = given.model.rglob("*.out")
rows = len(file.read_text().splitlines())
(given.output / "evaluation.json").write_text(json.dumps({"metrics": {"rows": {"value": rows}}}))
"""
TRIES = 5
ROWS = "".join(f"{n % 7},{n % 11}\n" for n in range(60))


@pytest.fixture(scope="module")
def place(batch_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Both models, whose training is deployed."""
    folder = tmp_path_factory.mktemp("rights")
    (folder / "code").mkdir()
    (folder / "code" / "evaluate.py").write_text(EVALUATE)
    for channel in ("train", "test", "test/requests"):
        (folder / "data" / channel).mkdir(parents=True)
        (folder / "data" / channel / "rows.csv").write_text(ROWS)
    (folder / "tidegate.yaml").write_text(FILE)
    project = read_project(folder / "tidegate.yaml")
    made = Place(project=project, stage="dev", target=embedded_target(batch_cloud))
    made.deploy(assembly=folder / "cdk.out")
    yield made
    for stack in ("training-asked", "training-tuned", "release"):
        remove_stacks(batch_cloud, f"rights-dev-{stack}")


@pytest.fixture
def world(batch_cloud: EmbeddedCloud, place: Place) -> World:
    """What a role is looked up in."""
    return World(cloud=batch_cloud, folder=place.project.path.parent, model="asked")


def role(world: World, model: str) -> DeployedRole:
    """The role of a model's pipeline."""
    return DeployedRole(world=world, role_id="TrainingRole", stack=f"rights-dev-training-{model}")


def begun(world: World, place: Place, model: str) -> tuple[Training, str]:
    """A run over the data."""
    found = training_of(place, model)
    uri = found.upload(world.folder / "data")
    return found, found.runs.start({"InputData": uri}, token=uuid.uuid4().hex)


def trains(world: World, place: Place, model: str) -> None:
    """A run comes to a registered version."""
    found, arn = begun(world, place, model)
    wait_for(lambda: found.runs.view(arn).over, seconds=120, what=f"the end of {arn}")
    view = found.runs.view(arn)
    if view.status != "Succeeded":
        raise StoryFailedError(json.dumps(view.reasons))


def is_stopped(world: World, place: Place, model: str, step: str) -> str:
    """A run that is stopped in a step ends; the ARN of that step's job."""
    found, arn = begun(world, place, model)

    def reached() -> bool:
        view = found.runs.view(arn)
        return view.over or any(s.name == step and s.made for s in view.steps)

    wait_for(reached, seconds=120, what=f"{step} of {arn} has begun")
    try:
        found.runs.stop(arn)
    except ClientError as error:
        wait_for(lambda: found.runs.view(arn).over, seconds=120, what=f"the end of {arn}")
        raise StoryFailedError(str(error)) from error
    wait_for(lambda: found.runs.view(arn).over, seconds=120, what=f"the end of {arn}")
    view = found.runs.view(arn)
    if view.status != "Stopped":
        raise StoryFailedError(f"{view.status}: {view.reasons}")
    return next(str(s.made) for s in view.steps if s.name == step)


def asking_is_stopped_in_time(world: World, place: Place) -> None:
    """A run is stopped while a version is asked: a job that was faster proves nothing."""
    client = world.cloud.session().client("sagemaker")
    for _ in range(TRIES):
        name = is_stopped(world, place, "asked", "AskCandidate").rpartition("/")[2]
        if client.describe_transform_job(TransformJobName=name)["TransformJobStatus"] == "Stopped":
            return
    raise StoryFailedError(f"{TRIES} jobs were over before they could be stopped")


def test_every_right_to_ask_versions_is_needed(world: World, place: Place, prover: Prover):
    """Models and transform jobs: made, looked at, stopped."""

    def it_trains_and_asks(_world: World, _role: DeployedRole) -> None:
        trains(world, place, "asked")

    def asking_is_stopped(_world: World, _role: DeployedRole) -> None:
        asking_is_stopped_in_time(world, place)

    def about(right: Right) -> bool:
        asks = ("TransformJob", "sagemaker:CreateModel", "sagemaker:DescribeModel")
        return right.action.endswith(asks)

    stories = {each.__name__: each for each in (it_trains_and_asks, asking_is_stopped)}
    prover.prove("training_asking", role(world, "asked"), stories, about=about)


def test_every_right_to_tune_is_needed(world: World, place: Place, prover: Prover):
    """Tuning jobs: made, looked at, their training jobs listed, stopped."""

    def it_tunes(_world: World, _role: DeployedRole) -> None:
        trains(world, place, "tuned")

    def tuning_is_stopped(_world: World, _role: DeployedRole) -> None:
        is_stopped(world, place, "tuned", "Train")

    def about(right: Right) -> bool:
        return "HyperParameterTuning" in right.action

    stories = {each.__name__: each for each in (it_tunes, tuning_is_stopped)}
    prover.prove("training_tuning", role(world, "tuned"), stories, about=about)

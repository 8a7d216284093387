"""The roles of a training pipeline: each runs its stories, and misses every right taken away."""

import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.trainings import run, trained_text, training, write_code, write_data
from tests.e2e.world import V1, World, wait_for

pytestmark = pytest.mark.accept

SELDOM, SOON = "rate(30 days)", "rate(1 minute)"


@pytest.fixture(scope="module")
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A model that is deployed and can be trained."""
    folder = tmp_path_factory.mktemp("trained")
    made = World(cloud=story_cloud, folder=folder, model="trained")
    text = trained_text(write_code(folder / "training"))
    made.project_text = f"{text.rstrip()}\n      schedule: {SELDOM}\n"
    made.deploy(V1)
    yield made
    end_runs(made)
    remove_stacks(story_cloud, training_stack(made))
    remove_stacks(story_cloud, made.hosting_stack)


def training_stack(world: World) -> str:
    """The name of the stack that trains."""
    return f"{world.project}-test-training-{world.model}"


def it_trains_and_registers(world: World, role: DeployedRole) -> None:
    """A run comes to a registered version."""
    data = write_data(world.folder / "data", wrong_percent=4)
    view = run(world, data, token=uuid.uuid4().hex)
    if view.status != "Succeeded" or view.package is None:
        raise StoryFailedError(f"{view.status}: {view.reasons}")


def processing_is_stopped(world: World, role: DeployedRole) -> None:
    """A run that is stopped while it processes ends."""
    _stopped(world, "process", "Process")


def training_is_stopped(world: World, role: DeployedRole) -> None:
    """A run that is stopped while it trains ends."""
    _stopped(world, "train", "Train")


def _stopped(world: World, sleeps: str, step: str) -> None:
    found = training(world)
    data = write_data(world.folder / f"sleeps-{sleeps}", wrong_percent=4, sleeps=sleeps)
    arn = found.runs.start({"InputData": found.upload(data)}, token=uuid.uuid4().hex)

    def begun() -> bool:
        view = found.runs.view(arn)
        return view.over or any(s.name == step and s.made for s in view.steps)

    wait_for(begun, seconds=60, what=f"{step} of {arn} has begun")
    try:
        found.runs.stop(arn)
    except ClientError as error:
        raise StoryFailedError(str(error)) from error
    wait_for(lambda: found.runs.view(arn).over, seconds=60, what=f"{arn} is over")
    view = found.runs.view(arn)
    if view.status != "Stopped":
        raise StoryFailedError(f"{view.status}: {view.reasons}")


def end_runs(world: World) -> None:
    """No run is under way: a pipeline with one cannot be deleted."""
    runs = training(world).runs
    for arn in runs.arns():
        if not runs.view(arn).over:
            # It may end by itself in between.
            with suppress(ClientError):
                runs.stop(arn)
            wait_for(lambda arn=arn: runs.view(arn).over, seconds=60, what=f"{arn} is over")


def stop_what_runs(world: World) -> None:
    """Jobs that a story without a right could not stop."""
    client = world.cloud.session().client("sagemaker")
    for job in client.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]:
        client.stop_training_job(TrainingJobName=job["TrainingJobName"])
    for each in client.list_processing_jobs(StatusEquals="InProgress")["ProcessingJobSummaries"]:
        client.stop_processing_job(ProcessingJobName=each["ProcessingJobName"])


def test_every_right_of_the_pipeline_is_needed(world: World, prover: Prover):
    """Of the role that creates jobs and packages, and stops jobs."""
    role = DeployedRole(world=world, role_id="TrainingRole", stack=training_stack(world))
    stories = {
        story.__name__: story
        for story in (it_trains_and_registers, processing_is_stopped, training_is_stopped)
    }
    prover.prove("training_pipeline", role, stories, after=lambda: stop_what_runs(world))


def test_every_right_of_the_jobs_is_needed(world: World, prover: Prover):
    """Of the role that reads data, code and artifacts, and writes results."""
    role = DeployedRole(world=world, role_id="JobRole", stack=training_stack(world))
    stories = {it_trains_and_registers.__name__: it_trains_and_registers}
    prover.prove("training_jobs", role, stories)


def a_schedule_starts_a_run(world: World, role: DeployedRole) -> None:
    """What is due starts, by the right of the schedule's role."""
    found, before = training(world), set(training(world).runs.arns())
    _reschedule(world, role, SOON)
    try:
        wait_for(lambda: set(found.runs.arns()) - before, seconds=5, what="a run by schedule")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error
    finally:
        _reschedule(world, role, SELDOM)
        for arn in set(found.runs.arns()) - before:
            _ended(world, arn)


def _reschedule(world: World, role: DeployedRole, expression: str) -> None:
    """The deployed schedule comes as often as that."""
    scheduler, name = client(world, "scheduler"), role.physical_id("Schedule")
    told = scheduler.get_schedule(Name=name)
    kept = {member: told[member] for member in ("FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(Name=name, ScheduleExpression=expression, **kept)


def _ended(world: World, arn: str) -> None:
    runs = training(world).runs
    with suppress(ClientError):  # it is over already: there is no data to train on
        runs.stop(arn)
    wait_for(lambda: runs.view(arn).over, seconds=60, what=f"the end of {arn}")


def test_the_right_of_the_schedule_is_needed(world: World, prover: Prover):
    """Of the role that starts the pipeline when it is due."""
    role = DeployedRole(world=world, role_id="ScheduleRole", stack=training_stack(world))
    stories = {a_schedule_starts_a_run.__name__: a_schedule_starts_a_run}
    prover.prove("training_schedule", role, stories)

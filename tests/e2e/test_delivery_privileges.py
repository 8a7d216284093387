"""Least privilege of what a pipeline calls in a stage: the delivery machine and its functions."""

import contextlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.exits import CommandError
from cli.gathering import gather
from cli.options import Place
from cli.overview import model_statuses
from cli.roles import assumed
from cli.target import embedded_target
from emulator.server import EmbeddedCloud
from stacks.access_stack import READER_ROLE, RELEASE_ROLE
from stacks.project.names import access_stack_name, build_name, pipeline_name
from tests.e2e.leaving import remove_stacks
from tests.e2e.machines import Run, reaches, role_of
from tests.e2e.privileges import invoke
from tests.e2e.roles import DeployedRole, Prover, Role, StoryFailedError, client
from tests.e2e.world import BETTER, PROJECT, V1, World, wait_for
from tests.emulated_pipelines import STORE, Workshop, action, rule, stage, unless

pytestmark = pytest.mark.accept

PIPELINE = """
pipeline:
  mode: deployment
  source: { s3: {} }
  stages: { staging: test, production: prod }
  traffic: { MODEL: { file: requests.jsonl, requests_per_minute: 30 } }
"""


@pytest.fixture(scope="module")
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stage that a pipeline delivers to, with nothing that waits for a release."""
    folder = tmp_path_factory.mktemp("delivered")
    (folder / "requests.jsonl").write_text(json.dumps({"body": {"draw": 9_999}}) + "\n")
    text = PROJECT.replace("project: story", "project: delivered")
    text = text.replace("models:\n", "  prod: { region: us-east-1 }\nmodels:\n", 1) + PIPELINE
    made = World(cloud=story_cloud, folder=folder, model="delivered", project_text=text)
    made.deploy(V1)
    yield made
    remove_stacks(story_cloud, f"{made.project}-")


def a_delivery(**more: Any) -> dict[str, Any]:
    """An execution of a pipeline, as the delivery machine tells of it."""
    return {"delivery_id": uuid.uuid4().hex, "round": 1, "who": "a story", **more}


def standing(answer: dict[str, Any], wanted: str, *, why: str) -> dict[str, Any]:
    """The progress if it stands so and says why; StoryFailedError otherwise."""
    if answer["standing"] != wanted or why not in answer["reason"]:
        raise StoryFailedError(f"wanted {wanted} because {why}, got {answer}")
    return answer


def verifies(world: World, role: Role) -> None:
    """What is live is read back, and is what the pointer says."""
    standing(invoke(world, role, a_delivery()), "delivered", why="is live")


def misses_a_release(world: World, role: Role) -> None:
    """A release that was asked for and never began was refused."""
    told = a_delivery(started={world.model: "never-begun-1"}, started_at=_now(world))
    standing(invoke(world, role, told), "failed", why="was refused")


def opens_a_release(world: World, role: Role) -> None:
    """What waits is being released."""
    delivery = a_delivery()
    with _taken_back(world, delivery):
        standing(invoke(world, role, delivery), "open", why="was started")


def sends_requests(world: World, role: Role) -> None:
    """The requests of the project's file reach the model."""
    told = invoke(world, role, {"started_at": _now(world)})
    if told["sent"] == 0 or told.get("failed", 0) == told["sent"]:
        raise StoryFailedError(str(told))


def machine_opens_and_sends(world: World, role: DeployedRole) -> None:
    """A delivery is opened, and gets a round of traffic."""
    delivery = a_delivery(task="release")
    with _taken_back(world, delivery):
        reaches("DeliveryMachine", "Send", delivery)(world, role)


def machine_verifies(world: World, role: DeployedRole) -> None:
    """A delivery is looked at."""
    reaches("DeliveryMachine", "Verify", a_delivery(task="verify"))(world, role)


def machine_resumes(world: World, role: DeployedRole) -> None:
    """The pipeline's stage is asked for again, by the state that comes after seven days.

    Nobody can wait for it: it is run on its own, as it is deployed and by the machine's role.
    """
    states = client(world, "stepfunctions")
    known = states.describe_state_machine(stateMachineArn=world.physical_id("DeliveryMachine"))
    deployed = json.loads(known["definition"])["States"]
    alone = {"StartAt": "Resume", "States": {name: deployed[name] for name in _LAST_STATES}}
    made = states.create_state_machine(
        name=f"resume-{uuid.uuid4().hex[:8]}",
        definition=json.dumps(alone),
        roleArn=known["roleArn"],
    )["stateMachineArn"]
    pipeline = {"name": "delivered-pipeline", "stage": "Staging", "execution": str(uuid.uuid4())}
    started = states.start_execution(stateMachineArn=made, input=json.dumps({"pipeline": pipeline}))
    run = Run(client=states, arn=started["executionArn"])
    try:
        wait_for(lambda: run.outcome("Resume"), seconds=60, what="the outcome of Resume")
    finally:
        run.stop()
        states.delete_state_machine(stateMachineArn=made)


def pipeline_delivers(world: World, role: DeployedRole) -> None:
    """A pipeline looks at an alarm and waits for the delivery machine, both under this role."""
    workshop = Workshop(world.cloud)
    workshop.upload("source.zip", {"a": "b"})
    under = {"roleArn": _arn(world, role.name)}
    quiet = rule("AlarmIsOk", "CloudWatchAlarm", AlarmName=workshop.alarm("OK"), AlarmStates="OK")
    deliver = action(
        "Release",
        "Invoke",
        "StepFunctions",
        more=under,
        StateMachineArn=world.physical_id("DeliveryMachine"),
        Input=json.dumps(a_delivery(task="verify")),
    )
    name = workshop.pipeline(
        stage("Staging", deliver, beforeEntry=unless({**quiet, **under}, "FAIL")),
        role=_role_named(world, pipeline_name(world.project), "codepipeline.amazonaws.com"),
        key="source.zip",
    )
    execution = workshop.first(name)
    if workshop.ended(name, execution) != "Succeeded":
        told = workshop.stage_state(name, "Staging")
        raise StoryFailedError(f"{workshop.failures(name, execution)}, {told}")


def evidence_is_gathered(world: World, role: DeployedRole) -> None:
    """The build of the approval's evidence reads the stage under this role, as both of its ends."""
    try:
        place = read_by(world, role, "evidence")
        found = gather(place, place)
    except (ClientError, CommandError) as error:
        raise StoryFailedError(str(error)) from error
    if not found.releases or "no change" in found.summary():
        raise StoryFailedError(found.summary())


def deploy_is_told(world: World, role: DeployedRole) -> None:
    """The build that deploys the stage says, under this role, what serves afterwards."""
    try:
        statuses = model_statuses(read_by(world, role, "deploy-test").deployed())
    except (ClientError, CommandError) as error:
        raise StoryFailedError(str(error)) from error
    if not statuses:
        raise StoryFailedError("no model is deployed")


def read_by(world: World, role: DeployedRole, build: str) -> Place:
    """The stage as a build of the pipeline reads it under the role."""
    name = build_name(world.project, build)
    builder = _role_named(world, name, "codebuild.amazonaws.com")
    target = assumed(embedded_target(world.cloud), builder)
    return replace(world.place(V1), target=target).under(_arn(world, role.name))


def _role_named(world: World, name: str, service: str) -> str:
    """The ARN of a role of the pipeline's account, whose name the roles of a stage trust."""
    iam = client(world, "iam")
    principal = {"Service": service, "AWS": "*"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    may = {"Effect": "Allow", "Action": ["sts:AssumeRole", *STORE], "Resource": "*"}
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        iam.put_role_policy(
            RoleName=name, PolicyName="Take", PolicyDocument=json.dumps({"Statement": [may]})
        )
    return _arn(world, name)


def _arn(world: World, role: str) -> str:
    return f"arn:aws:iam::{world.cloud.account}:role/{role}"


_LAST_STATES = ("Resume", "Delivered")


def test_each_right_of_a_delivery_is_needed(world: World, prover: Prover) -> None:
    """Of functions, machine and the roles that a pipeline takes; then something waits."""
    follow = {story.__name__: story for story in (verifies, misses_a_release)}
    prover.prove("follow_delivery", Role(world=world, package="follow_delivery"), follow)
    send = {sends_requests.__name__: sends_requests}
    prover.prove("send_traffic", Role(world=world, package="send_traffic"), send)
    access = access_stack_name(world.project, "test")
    releaser = DeployedRole(world=world, role_id=RELEASE_ROLE, stack=access)
    prover.prove("pipeline_release", releaser, {pipeline_delivers.__name__: pipeline_delivers})
    world.deploy(BETTER)
    start = {opens_a_release.__name__: opens_a_release}
    prover.prove("open_delivery", Role(world=world, package="open_delivery"), start)
    machine = {
        story.__name__: story
        for story in (machine_opens_and_sends, machine_verifies, machine_resumes)
    }
    prover.prove("delivery_machine", role_of(world, "DeliveryMachine"), machine)
    reader = DeployedRole(world=world, role_id=READER_ROLE, stack=access)
    read = {story.__name__: story for story in (deploy_is_told, evidence_is_gathered)}
    prover.prove("pipeline_read", reader, read)


@contextmanager
def _taken_back(world: World, delivery: dict[str, Any]) -> Iterator[None]:
    """Whatever release the delivery starts inside is aborted, and over."""
    release_id = f"{world.model}-{delivery['delivery_id'][:8]}-1-1"
    deployed = world.deployed
    try:
        yield
    finally:
        if deployed.executions.running(release_id=release_id, epoch=1):
            world.until(release_id, lambda _: True)
            world.abort(release_id)
            world.finish(release_id)


def _now(world: World) -> float:
    return float(world.deployed.target.clock.now())

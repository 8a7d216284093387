"""Least privilege of a pipeline's own stack: pipeline, builds, trigger and the way back into it.

Tools, staging and production are in an account each, so that what leads across is proven too. Where
it does not matter what a build does, its source brings a `tidegate` that does next to nothing.
"""

import io
import json
import subprocess
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.sources import source_archive
from emulator.server import EmbeddedCloud
from tests.e2e.conftest import TIME_SCALE
from tests.e2e.light_sources import light
from tests.e2e.machines import Run
from tests.e2e.pipelines import ACCOUNTS, PipelineWorld, cloud_of_three
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.world import V1, wait_for
from tests.emulated_pipelines import stage

pytestmark = pytest.mark.accept

STACK = "proven-pipeline"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    """A cloud of three accounts."""
    with cloud_of_three(tmp_path_factory.mktemp("cloud"), time_scale=TIME_SCALE) as made:
        yield made


@pytest.fixture(scope="module")
def world(cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> PipelineWorld:
    """A pipeline and its stages, in which nothing waits for a release."""
    made = PipelineWorld(
        cloud=cloud,
        folder=tmp_path_factory.mktemp("proven") / "source",
        name="proven",
        mode="delivery",
        accounts=ACCOUNTS,
        review="{}",
    )
    made.install(V1, "staging", "prod")
    with listening(made):
        started_by_upload(made)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneBuild:
    """A pipeline with one of the builds, and all else of the real one: source, store and role."""

    world: PipelineWorld
    pipeline: str
    project: str

    @classmethod
    def of(cls, world: PipelineWorld, build: str) -> "LoneBuild":
        """The pipeline is there."""
        asked = client(world, "codepipeline")
        real = asked.get_pipeline(name=STACK)["pipeline"]
        name, project = f"{STACK}-{build}", resource(world, f"{build}Build")
        source, actions = real["stages"][0], [a for s in real["stages"] for a in s["actions"]]
        (run,) = [a for a in actions if a["configuration"].get("ProjectName") == project]
        alone = {**run, "inputArtifacts": source["actions"][0]["outputArtifacts"], "runOrder": 1}
        kept = {key: real[key] for key in ("roleArn", "artifactStore", "pipelineType")}
        stages = [source, stage("Run", alone)]
        asked.create_pipeline(pipeline={**kept, "name": name, "stages": stages})
        return cls(world=world, pipeline=name, project=project)

    def build_runs(self, _world: PipelineWorld, _role: DeployedRole) -> None:
        """It gets its source, logs what it does and hands on what it made."""
        asked, name = client(self.world, "codepipeline"), self.pipeline
        execution = asked.start_pipeline_execution(name=name)["pipelineExecutionId"]

        def status() -> str | None:
            told = asked.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)
            found = str(told["pipelineExecution"]["status"])
            return None if found == "InProgress" else found

        ended = wait_for(status, seconds=120, what=f"the end of {self.pipeline}")
        if ended != "Succeeded":
            raise StoryFailedError(f"{self.pipeline} {ended}: {self.log()}")
        if not self.log():
            raise StoryFailedError(f"{self.pipeline} logged nothing")

    def build_works_in_the_stages(self, world: PipelineWorld, role: DeployedRole) -> None:
        """The real command line in it reaches the stages, in their accounts, by their roles."""
        with source_of(world, source_archive(world.folder)):
            self.build_runs(world, role)

    def log(self) -> str:
        """What its newest build logged."""
        built = client(self.world, "codebuild")
        newest = built.list_builds_for_project(projectName=self.project)["ids"][0]
        place = built.batch_get_builds(ids=[newest])["builds"][0]["logs"]
        logs, message = client(self.world, "logs"), ""
        with suppress(logs.exceptions.ResourceNotFoundException):
            told = logs.get_log_events(
                logGroupName=place["groupName"], logStreamName=place["streamName"]
            )
            message = "".join(event["message"] for event in told["events"])
        return message


@contextmanager
def listening(world: PipelineWorld) -> Iterator[None]:
    """Uploads start the pipeline while the block runs, and only then: stories start it by hand."""
    rule, events = resource(world, "SourceUploaded"), client(world, "events")
    events.enable_rule(Name=rule)
    try:
        yield
    finally:
        events.disable_rule(Name=rule)


@contextmanager
def source_of(world: PipelineWorld, content: bytes) -> Iterator[None]:
    """The newest source is this one while the block runs."""
    put_source(world, content)
    try:
        yield
    finally:
        put_source(world, light())


def put_source(world: PipelineWorld, content: bytes) -> None:
    """It is uploaded."""
    bucket = resource(world, "Sources")
    client(world, "s3").put_object(Bucket=bucket, Key="source.zip", Body=content)


def started_by_upload(world: PipelineWorld) -> None:
    """An upload of the light source starts an execution, which is rejected at its approval.

    AssertionError if it starts none.
    """
    before = world.pipeline.view().execution
    put_source(world, light())

    def newer() -> str | None:
        execution = world.pipeline.view().execution
        return None if execution == before else execution

    started = wait_for(newer, seconds=20, what="the start of the pipeline")
    view = world.rest(str(started))
    assert view.waiting is not None, json.dumps(view.to_json())
    world.pipeline.decide(*view.waiting, status="Rejected", why="only the source was wanted")
    world.rest(str(started))


def pipeline_delivers(world: PipelineWorld, role: DeployedRole) -> None:
    """A change goes from its source through approval into production."""
    started = client(world, "codepipeline").start_pipeline_execution(name=STACK)
    execution = started["pipelineExecutionId"]
    view = world.rest(execution)
    if view.waiting is not None:
        world.pipeline.decide(*view.waiting, status="Approved", why="a story")
        view = world.rest(execution)
    if view.status != "Succeeded":
        raise StoryFailedError(json.dumps(view.to_json()))


def upload_starts(world: PipelineWorld, role: DeployedRole) -> None:
    """What is uploaded starts the pipeline."""
    try:
        with listening(world):
            started_by_upload(world)
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error


def machine_resumes(world: PipelineWorld, role: DeployedRole) -> None:
    """A delivery machine in staging's account asks for the pipeline's stage again."""
    states = client(world, "stepfunctions", ACCOUNTS.staging)
    name = "proven-staging-delivery"
    arn = f"arn:aws:states:{world.cloud.region}:{ACCOUNTS.staging}:stateMachine:{name}"
    known = states.describe_state_machine(stateMachineArn=arn)
    deployed = json.loads(known["definition"])["States"]
    last = {each: deployed[each] for each in ("Resume", "Delivered")}
    made = states.create_state_machine(
        name=f"resume-{uuid.uuid4().hex[:8]}",
        definition=json.dumps({"StartAt": "Resume", "States": last}),
        roleArn=known["roleArn"],
    )["stateMachineArn"]
    pipeline = {"name": STACK, "stage": "Staging", "execution": str(uuid.uuid4())}
    started = states.start_execution(stateMachineArn=made, input=json.dumps({"pipeline": pipeline}))
    run = Run(client=states, arn=started["executionArn"])
    try:
        wait_for(lambda: run.outcome("Resume"), seconds=60, what="the outcome of Resume")
    finally:
        run.stop()
        states.delete_state_machine(stateMachineArn=made)


def resource(world: PipelineWorld, logical_id: str) -> str:
    """What a resource of the pipeline's stack is called."""
    told = client(world, "cloudformation").describe_stack_resource(
        StackName=STACK, LogicalResourceId=logical_id
    )
    return str(told["StackResourceDetail"]["PhysicalResourceId"])


def a_commit_is_taken(world: PipelineWorld, role: DeployedRole) -> None:
    """The newest commit goes through the checks."""
    asked, name = client(world, "codepipeline"), "linked-pipeline"
    execution = asked.start_pipeline_execution(name=name)["pipelineExecutionId"]
    view = world.rest(execution)
    if view.status != "Succeeded":
        raise StoryFailedError(json.dumps(view.to_json()))


@pytest.fixture(scope="module")
def linked(cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> PipelineWorld:
    """A pipeline whose source is a repository, reached by a connection."""
    folder = tmp_path_factory.mktemp("linked")
    repository(folder / "acme" / "models")
    connections = cloud.session().client("codeconnections")
    made = connections.create_connection(ConnectionName="git", ProviderType="GitHub")
    arn = made["ConnectionArn"]
    finished = [{"Key": "embedded-cloud:repositories", "Value": str(folder)}]
    connections.tag_resource(ResourceArn=arn, Tags=finished)
    source = f"{{ repository: {{ connection: '{arn}', name: acme/models }} }}"
    world = PipelineWorld(
        cloud=cloud,
        folder=folder / "source",
        name="linked",
        mode="integration",
        accounts=ACCOUNTS,
        source=source,
    )
    world.install(V1)
    return world


def repository(folder: Path) -> None:
    """A Git repository with a light source as its only commit."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(light())) as archive:
        archive.extract("Makefile", folder)
        (folder / "tools" / "bin").mkdir(parents=True)
        (folder / "tools" / "bin" / "tidegate").write_bytes(archive.read("tools/bin/tidegate"))
    (folder / "tools" / "bin" / "tidegate").chmod(0o755)
    (folder / ".venv").symlink_to("tools")
    who = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)


def test_a_connection_is_used_by_right(linked: PipelineWorld, prover: Prover) -> None:
    """Of a pipeline whose source is a repository, what the others have not."""
    role = DeployedRole(world=linked, role_id="PipelineRole", stack="linked-pipeline")
    prover.prove(
        "pipeline_stack_connection",
        role,
        {a_commit_is_taken.__name__: a_commit_is_taken},
        about=lambda right: right.action.endswith(":UseConnection"),
    )


def test_a_machine_elsewhere_takes_the_way_back(world: PipelineWorld, prover: Prover) -> None:
    """Of the delivery machine of a stage in another account, what the others have not."""
    role = DeployedRole(
        world=world,
        role_id="DeliveryMachineRole",
        stack="proven-staging-release",
        account=ACCOUNTS.staging,
    )
    prover.prove(
        "delivery_machine_elsewhere",
        role,
        {machine_resumes.__name__: machine_resumes},
        about=lambda right: right.action == "sts:AssumeRole",
    )


def test_each_right_of_a_pipeline_is_needed(world: PipelineWorld, prover: Prover) -> None:
    """Of the pipeline itself, of its builds, and of what leads into it."""
    for name, story in (
        ("Pipeline", pipeline_delivers),
        ("Trigger", upload_starts),
        ("Resume", machine_resumes),
    ):
        role = DeployedRole(world=world, role_id=f"{name}Role", stack=STACK)
        prover.prove(f"pipeline_stack_{name.lower()}", role, {story.__name__: story})


@pytest.mark.parametrize("build", ["Checks", "Review", "DeployStaging", "Evidence"])
def test_each_right_of_a_build_is_needed(world: PipelineWorld, prover: Prover, build: str) -> None:
    """The build that deploys production has the rights of the one that deploys staging."""
    role = DeployedRole(world=world, role_id=f"{build}BuildRole", stack=STACK)
    alone = LoneBuild.of(world, build)
    stories = [alone.build_runs]
    if build in ("DeployStaging", "Evidence"):
        stories.append(alone.build_works_in_the_stages)
    named = {story.__name__: story for story in stories}
    prover.prove(f"pipeline_stack_{build.lower()}", role, named)

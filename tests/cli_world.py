"""A deployed project of fakes for the command line, and a terminal that records what it says."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
from typer.testing import CliRunner

from cli.deployed import Deployed
from cli.deployment import StackDone
from cli.executions import Ending
from cli.exits import CommandError
from cli.frontdoor import Reply
from cli.main import app
from cli.options import PLACES, On, Place
from cli.project import Project
from cli.signing import slot_token
from cli.target import Target
from emulator.clock import CloudClock
from tests.fakes import FakeKeys
from tests.release_world import ReleaseWorld
from tests.samples import MODEL, declaration
from tidegate import deploy
from tidegate.pointer import Declaration

BODY = b'{"features": {}}'


@dataclass
class FakeEndings:
    """Executions that ended, as a test says."""

    endings: dict[tuple[str, int], Ending] = field(default_factory=dict)
    every: Ending | None = None

    def ending(self, *, release_id: str, epoch: int) -> Ending | None:
        """How the execution ended."""
        return self.endings.get((release_id, epoch), self.every)


@dataclass
class FakeDoor:
    """A front door that answers what a test says and keeps what it was told."""

    reply: Reply = field(
        default_factory=lambda: Reply(
            status=200,
            body=b'{"label": "late"}',
            content_type="application/json",
            prediction_id="id-1",
            slot="blue",
            version="v1",
        )
    )
    outcome_status: int = 202
    answers: list[Reply] = field(default_factory=list)
    fetched: list[tuple[str, str]] = field(default_factory=list)
    asked: list[tuple[str, bytes, str, str]] = field(default_factory=list)
    slot_tokens: list[str] = field(default_factory=list)
    target_models: list[str] = field(default_factory=list)
    outcomes: list[tuple[str, bool]] = field(default_factory=list)
    failure: Exception | None = None

    def predict(
        self,
        model: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        user: str = "",
        slot_token: str = "",
        target_model: str = "",
    ) -> Reply:
        """Answer."""
        self.asked.append((model, body, content_type, user))
        self.target_models.append(target_model)
        self.slot_tokens.append(slot_token)
        if self.failure is not None:
            raise self.failure
        return self.reply

    def answer(self, model: str, prediction_id: str) -> Reply:
        """What a test put there, one after the other, the last one for good."""
        self.fetched.append((model, prediction_id))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Take the outcome."""
        self.outcomes.append((prediction_id, wrong))
        return self.outcome_status


@dataclass(frozen=True, slots=True, kw_only=True)
class FakePlace(Place):
    """A place whose project is deployed on fakes."""

    world: "CliWorld"

    def deployed(self) -> Deployed:
        """The fakes."""
        if not self.world.is_deployed:
            raise CommandError("nothing is deployed")
        return self.world.deployed()

    def deploy(self, *, assembly: Path, progress: Any = None) -> tuple[StackDone, ...]:
        """Keep which project file was deployed."""
        self.world.deployments.append(self.project.path)
        self.world.on_deploy(self.world)
        return (StackDone(name="demo-dev-release", change="updated", seconds=0.5),)

    def slot_token(self, model: str, slot: str) -> str:
        """Signed with a key for tests."""
        return slot_token(
            self.deployed(), FakeKeys(), model=model, slot=slot, clock=self.world.release.clock
        )

    def front_door(self) -> FakeDoor:
        """The fake door."""
        return self.world.door


@dataclass
class CliWorld:
    """The command line in a folder of its own, before a release world."""

    release: ReleaseWorld = field(default_factory=ReleaseWorld.deployed)
    endings: FakeEndings = field(default_factory=FakeEndings)
    door: FakeDoor = field(default_factory=FakeDoor)
    is_deployed: bool = True
    deployments: list[Path] = field(default_factory=list)
    on_deploy: Callable[["CliWorld"], None] = lambda _: None
    project_file: Path = Path("tidegate.yaml")

    def target(self) -> Target:
        """A cloud on which the world's clock is right."""
        return Target(
            session=boto3.Session(region_name="eu-west-1"),
            endpoint_url="http://127.0.0.1:1",
            region="eu-west-1",
            clock=CloudClock(wall=self.release.clock.now),
            environment={},
            embedded=True,
        )

    def deployed(self) -> Deployed:
        """The ports of the world."""
        return Deployed(
            target=self.target(),
            project="demo",
            stage="dev",
            outputs={"ApiUrl": "http://127.0.0.1:1/"},
            store=self.release.store,
            looks=self.release.looks,
            counters=self.release.counters,
            endpoints=self.release.endpoints,
            records=self.release.records,
            executions=self.release.executions,
            endings=self.endings,
        )

    def place(self, project_file: Path, stage: str | None, on: On) -> Place:
        """The place that commands get."""
        path = project_file if project_file.is_absolute() else self.project_file
        project = Project(path=path, name="demo", stages=("dev",), regions={"dev": "eu-west-1"})
        return FakePlace(
            project=project,
            stage=project.stage(stage),
            target=self.target(),
            world=self,
        )

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> "Said":
        """Run a command; what it said."""
        token = PLACES.set(self.place)
        try:
            result = CliRunner().invoke(app, list(arguments), input=stdin)
        finally:
            PLACES.reset(token)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(code=result.exit_code, out=result.stdout, err=result.stderr)

    def declare(self, **versions: str) -> Declaration:
        """Another deploy was verified: versions by slot."""
        before = self.release.store.declaration(MODEL)
        assert before is not None
        declared = replace(declaration(**versions), plan=before.plan)
        deploy.verify(
            store=self.release.store,
            traffic=self.release.moving,
            clock=self.release.clock,
            declaration=declared,
        )
        return declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one document on standard output; ValueError when there is more or less."""
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        """The documents on standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

"""AI services on an embedded cloud, for stories: deployed, asked and sent files as users do it."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from typer.testing import CliRunner

from cli.deployment import deploy_stacks
from cli.main import app
from cli.options import PLACES, Place
from cli.project import read_project
from cli.services import Reply, Service, service_of
from cli.target import embedded_target
from emulator.ai.faults import Faults, FaultSource
from emulator.server import EmbeddedCloud

T = TypeVar("T")
_PAUSE = threading.Event()
PROJECT = """
project: PROJECT
stages:
  test: { region: us-east-1, data_on_destroy: deleteSTAGE }
services:
"""


@dataclass(slots=True, kw_only=True)
class ServicesWorld:
    """A project of AI services. `services` is the section of that name, indented by two.

    `stage` is what else its stage says.
    """

    cloud: EmbeddedCloud
    folder: Path
    project: str
    services: str
    more: str = ""
    stage: str = ""
    _place: Place | None = field(default=None, repr=False)

    def deploy(self) -> None:
        """As `tidegate deploy` does."""
        path = self.folder / f"{self.project}.yaml"
        stage = f", {self.stage}" if self.stage else ""
        begin = PROJECT.replace("PROJECT", self.project).replace("STAGE", stage)
        path.write_text(begin + self.services + self.more)
        project = read_project(path)
        self._place = Place(project=project, stage="test", target=embedded_target(self.cloud))
        deploy_stacks(self._place, assembly=self.folder / "cdk.out")

    @property
    def where(self) -> Place:
        """The place as last deployed."""
        assert self._place is not None
        return self._place

    def stack(self, name: str) -> "ServiceStackOf":
        """The stack of a service, to be broken."""
        stack = f"{self.project}-test-ai-{name}"
        return ServiceStackOf(cloud=self.cloud, folder=self.folder, name=stack)

    def tidegate(self, *words: str) -> "Said":
        """A command of the command line on this project."""
        token = PLACES.set(lambda *_: self.where)
        try:
            done = CliRunner().invoke(app, list(words))
        finally:
            PLACES.reset(token)
        return Said(code=done.exit_code, out=done.stdout, err=done.stderr)

    def client(self, service: str) -> Any:
        """A client of the cloud's administrator."""
        factory: Any = self.cloud.session().client
        return factory(service)

    def service(self, name: str) -> Service:
        """A deployed service."""
        return service_of(self.where, name)

    def ask(self, name: str, route: str, **fields: Any) -> Reply:
        """What a route answers."""
        service = self.service(name)
        return service.ask(service.route(route), fields)

    def send(self, name: str, path: Path, *, prefix: str | None = None) -> str:
        """The file is on its way; its key."""
        service = self.service(name)
        return service.send(path.name, path.read_bytes(), service.arrival(path.name, prefix))

    def outcome(self, name: str, key: str, *, seconds: float = 60) -> dict[str, Any]:
        """What became of a file."""
        service = self.service(name)
        return until(lambda: service.outcome(key), seconds=seconds, what=f"the end of {key}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStackOf:
    """A deployed stack of a service."""

    cloud: EmbeddedCloud
    folder: Path
    name: str

    def physical_id(self, logical_id: str) -> str:
        """What a resource of the stack is called."""
        told = (
            self.cloud.session()
            .client("cloudformation")
            .describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        )
        return str(told["StackResourceDetail"]["PhysicalResourceId"])


def until(look: Callable[[], T | None], *, seconds: float, what: str) -> T:
    """The first thing that is not None."""
    for _ in range(int(seconds / 0.1)):
        found = look()
        if found is not None:
            return found
        _PAUSE.wait(0.1)
    raise AssertionError(f"waited {seconds} s for {what}")


def two_failing_jobs() -> dict[str, Any]:
    """Faults by which two of the first four jobs that start fail, and none of the 16 after them.

    What fails three times is a dead letter, rightly, and on which file or run a failure falls
    depends on who is faster: two are never too many for one.
    """
    share = 0.1

    def fails(seed: int) -> list[bool]:
        source = FaultSource()
        source.set(Faults(failed_jobs=share, seed=seed))
        return [source.fate().fails for _ in range(20)]

    drawn = ((seed, fails(seed)) for seed in itertools.count())
    found = next(seed for seed, jobs in drawn if sum(jobs) == sum(jobs[:4]) == 2)
    return {"failed_jobs": share, "seed": found}

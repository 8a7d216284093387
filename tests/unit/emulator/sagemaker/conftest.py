"""A control plane on fakes: fleets without processes, artifacts without S3, a clock in hand."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.api import ControlPlane
from emulator.sagemaker.automl.operations import AUTOML
from emulator.sagemaker.builder import Builder
from emulator.sagemaker.endpoint_configs import EndpointConfigOperations
from emulator.sagemaker.endpoints import EndpointOperations
from emulator.sagemaker.jobs.job import Job, Result
from emulator.sagemaker.jobs.kind import Progress
from emulator.sagemaker.jobs.operations import JobOperations, Office
from emulator.sagemaker.jobs.plugin import Jobs
from emulator.sagemaker.jobs.processing.kind import PROCESSING
from emulator.sagemaker.jobs.script import Controls
from emulator.sagemaker.jobs.training.kind import TRAINING
from emulator.sagemaker.labelling.operations import LABELLING
from emulator.sagemaker.models import ModelOperations
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.notebooks.configs import ConfigOperations
from emulator.sagemaker.notebooks.jupyter import Running
from emulator.sagemaker.notebooks.operations import NotebookOperations
from emulator.sagemaker.notebooks.table import Notebooks
from emulator.sagemaker.pipelines.engine import Engine
from emulator.sagemaker.pipelines.operations import PipelineOperations
from emulator.sagemaker.pipelines.steps import Steps
from emulator.sagemaker.ports import FleetSpec, FleetUnhealthyError
from emulator.sagemaker.registry.operations import Registry
from emulator.sagemaker.state import Endpoint
from emulator.sagemaker.store import Store
from emulator.sagemaker.tags import TagOperations
from emulator.sagemaker.transform.job import TransformJob
from emulator.sagemaker.transform.operations import TransformOperations
from emulator.sagemaker.transform.recipe import Recipe
from emulator.sagemaker.transitions import Transitions
from emulator.sagemaker.tuning.operations import KIND as TUNING
from emulator.sagemaker.tuning.operations import TuningOperations
from emulator.sagemaker.tuning.running import TuningRunner
from emulator.seams.events import Event

THREADS = ThreadPoolExecutor(2)
TENANT = Tenant("123456789012", "eu-west-1")
ROLE = "arn:aws:iam::123456789012:role/exec"


async def _nothing() -> None:
    """A job that has nothing to do."""


class FakeFleet:
    """A fleet that is healthy when its world says so."""

    def __init__(self, spec: FleetSpec, world: "World") -> None:
        self.spec = spec
        self.instance_count = spec.instance_count
        self.closed = False
        self.world = world

    async def wait_healthy(self) -> None:
        """Fleet.wait_healthy."""
        await asyncio.sleep(0)
        if self.spec.model.name in self.world.sick_models:
            raise FleetUnhealthyError(f"{self.spec.variant} is sick")
        if self.spec.model.name in self.world.broken_models:
            raise RuntimeError("a bug of the data plane")

    async def resize(self, instance_count: int) -> None:
        """Fleet.resize."""
        await asyncio.sleep(0)
        sick = self.spec.model.name in self.world.sick_models
        if instance_count > self.world.capacity or (sick and instance_count > self.instance_count):
            raise FleetUnhealthyError("no capacity")
        self.instance_count = instance_count

    async def close(self, *, drain_seconds: float) -> None:
        """Fleet.close."""
        await asyncio.sleep(0)
        self.closed = True


class Programs:
    """Runs of jobs without processes: a job does what `behaviour` says of its name."""

    def __init__(self) -> None:
        self.behaviour: dict[str, Callable[[Progress, Controls], Result]] = {}

    def run(self, tenant: Tenant, job: Job, progress: Progress, controls: Controls) -> Result:
        """Runs.run: done at once unless told otherwise."""
        return self.behaviour.get(job.name, lambda _progress, _controls: Result())(
            progress, controls
        )


class NoServers:
    """Nothing of Jupyter is installed."""

    async def start(self, _tenant: Tenant, _name: str, _role: str) -> Running | None:
        """No server."""
        return None


@dataclass
class World:
    """The control plane's surroundings, all in memory; `pauses` are the cloud seconds waited."""

    programs: Programs = field(default_factory=Programs)
    sick_models: set[str] = field(default_factory=set)
    broken_models: set[str] = field(default_factory=set)
    firing: set[str] = field(default_factory=set)
    alarms: set[str] = field(default_factory=set)
    scaled: set[str] = field(default_factory=set)
    unreadable: dict[str, Exception] = field(default_factory=dict)
    trusted: bool = True
    capacity: int = 100
    fleets: list[FakeFleet] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    announced: list[Event] = field(default_factory=list)
    on_pause: Callable[["World"], None] = lambda _world: None
    store: Store = field(default_factory=Store)
    jobs: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    job_news: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    async def create(self, spec: FleetSpec) -> FakeFleet:
        """Fleets.create."""
        fleet = FakeFleet(spec, self)
        self.fleets.append(fleet)
        return fleet

    async def check(self, tenant: Tenant, url: str, role_arn: str) -> None:
        """Artifacts.check."""
        if url in self.unreadable:
            raise self.unreadable[url]

    async def check_prefix(self, tenant: Tenant, url: str, role_arn: str) -> None:
        """Artifacts.check_prefix."""
        await self.check(tenant, url, role_arn)

    async def fetch(self, tenant: Tenant, url: str, role_arn: str) -> Path:
        """Artifacts.fetch."""
        await self.check(tenant, url, role_arn)
        return Path("/nowhere/model.tar.gz")

    async def pause(self, seconds: float) -> None:
        """Transitions' pause: takes no time, remembers how long it would have been."""
        self.pauses.append(seconds)
        self.on_pause(self)
        await asyncio.sleep(0)

    def now(self) -> float:
        """A clock that never stands still."""
        return 1_000_000.0 + len(self.pauses)

    async def run(
        self, tenant: Tenant, job: TransformJob, recipe: Recipe, *, started: Callable[[], None]
    ) -> None:
        """Runs.run: a job is what `jobs` says of its name, done at once without a word of it."""
        await asyncio.sleep(0)
        started()
        await self.jobs.get(job.name, _nothing)()

    def announce_job(self, tenant: Tenant, job: TransformJob, tags: Mapping[str, str]) -> None:
        """TransformOperations' announce: remembers it."""
        self.job_news.append((job.name, job.status.value, dict(tags)))

    @property
    def open_fleets(self) -> list[FakeFleet]:
        """Fleets whose processes would run."""
        return [fleet for fleet in self.fleets if not fleet.closed]

    def plane(self) -> ControlPlane:
        """A control plane in this world."""
        transitions = Transitions(
            store=self.store,
            builder=Builder(fleets=self, artifacts=self, now=self.now),
            pause=self.pause,
            now=self.now,
            firing_alarms=lambda _, names: tuple(n for n in names if n in self.firing),
        )
        jobs = self._jobs()
        return ControlPlane(
            models=ModelOperations(
                store=self.store, artifacts=self, trusts=lambda _: self.trusted, now=self.now
            ),
            configs=EndpointConfigOperations(store=self.store, now=self.now),
            endpoints=EndpointOperations(
                store=self.store,
                transitions=transitions,
                now=self.now,
                known_alarms=lambda _: frozenset(self.alarms),
                scaled_variants=lambda _, __: frozenset(self.scaled),
            ),
            transforms=TransformOperations(
                store=self.store, runner=self, announce=self.announce_job, now=self.now
            ),
            jobs=jobs,
            pipelines=self._pipelines(jobs),
            tags=TagOperations(store=self.store),
            registry=Registry(
                store=self.store,
                now=self.now,
                announce=lambda _, event: self.announced.append(event),
            ),
            notebooks=Notebooks(
                instances=NotebookOperations(
                    store=self.store,
                    servers=NoServers(),
                    trusts=lambda _: self.trusted,
                    pause=asyncio.sleep,
                    now=self.now,
                ),
                configs=ConfigOperations(store=self.store, now=self.now),
            ),
        )

    def _jobs(self) -> Jobs:
        office = Office(
            store=self.store,
            trusts=lambda _: self.trusted,
            announce=lambda _kind, _tenant, job, _tags: self.job_news.append(
                (job.name, job.transitions[-1].status, {})
            ),
            publish=lambda _tenant, _job, _measured: None,
            now=self.now,
            threads=THREADS,
        )
        training = JobOperations(kind=TRAINING, office=office, runner=self.programs)
        tuner = TuningRunner(training=training, loop=asyncio.get_running_loop)
        return Jobs(
            training=training,
            processing=JobOperations(kind=PROCESSING, office=office, runner=self.programs),
            automl=JobOperations(kind=AUTOML, office=office, runner=self.programs),
            tuning=TuningOperations(
                jobs=JobOperations(kind=TUNING, office=office, runner=tuner), training=training
            ),
            labelling=JobOperations(kind=LABELLING, office=office, runner=self.programs),
        )

    def _pipelines(self, jobs: Jobs) -> PipelineOperations:
        ended = {"TrainingJob": jobs.training.ended, "ProcessingJob": jobs.processing.ended}
        steps = Steps(session_of=_no_session, ended=ended, threads=THREADS)
        return PipelineOperations(
            store=self.store,
            engine=Engine(
                store=self.store,
                steps=steps,
                tell=lambda _, event: self.announced.append(event),
                now=self.now,
            ),
            trusts=lambda _: self.trusted,
            read_object=lambda _role, _region, location: str(location),
            now=self.now,
        )


def _no_session(role_arn: str) -> Any:
    raise AssertionError(f"nobody may act as {role_arn} here")


class Story:
    """Calls operations one after another and lets each transition end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plane = world.plane()

    async def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """The answer of one operation."""
        return await self.plane.call(TENANT, operation, request)

    async def settled(self, name: str = "e") -> Endpoint | None:
        """The endpoint after its transition, its background work included."""
        endpoint = await self.plane.endpoints.settled(TENANT, name)
        await asyncio.gather(*self.plane.endpoints.running)
        return endpoint

    async def model(self, name: str) -> None:
        """A model exists."""
        container = {"Image": "image:1", "ModelDataUrl": f"s3://models/{name}.tar.gz"}
        await self.call(
            "CreateModel", ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container
        )

    async def config(
        self,
        name: str,
        variants: Mapping[str, tuple[str, float, int]],
        *,
        instance_type: str = "ml.m5.large",
    ) -> None:
        """A configuration exists; a variant is its model, weight and instance count."""
        listed = [
            {
                "VariantName": variant,
                "ModelName": model,
                "InstanceType": instance_type,
                "InitialInstanceCount": count,
                "InitialVariantWeight": weight,
            }
            for variant, (model, weight, count) in variants.items()
        ]
        await self.call("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=listed)

    async def endpoint(self) -> None:
        """Endpoint `e` serves `v1` in both slots; configuration `next` has `v2` in green."""
        for model in ("v1", "v2"):
            await self.model(model)
        await self.config("first", {"blue": ("v1", 1.0, 2), "green": ("v1", 0.0, 2)})
        await self.config("next", {"blue": ("v1", 1.0, 2), "green": ("v2", 0.0, 2)})
        await self.call("CreateEndpoint", EndpointName="e", EndpointConfigName="first")
        await self.settled()

    async def described(self) -> dict[str, Any]:
        """DescribeEndpoint of `e`."""
        return await self.call("DescribeEndpoint", EndpointName="e")


@pytest.fixture
def world() -> World:
    """Fresh surroundings."""
    return World()


@pytest.fixture
def story(world: World) -> Story:
    """A control plane in those surroundings."""
    return Story(world)


@pytest.fixture(scope="session")
def make_story() -> Callable[[], Story]:
    """Makes control planes in fresh surroundings, one for each example of a property."""
    return lambda: Story(World())

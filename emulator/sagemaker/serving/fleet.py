"""The processes of one variant: health, dispatching, replacing, resizing, draining.

Requests go to the instance with the fewest under way. A fleet answers with what the container
answered; what an error means to the caller is `invoke`'s business.
"""

import asyncio
import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from emulator.sagemaker.ports import FleetSpec, FleetUnhealthyError, ModelSpec
from emulator.sagemaker.serving.chains import start_chain
from emulator.sagemaker.serving.containers import Container, start_container
from emulator.sagemaker.serving.environments import DEFAULT_FOLDER
from emulator.sagemaker.serving.interface import FleetClosedError, LogSink
from emulator.sagemaker.serving.logs import LogStream, endpoint_log
from emulator.sagemaker.serving.places import Place, ping_failure
from emulator.sagemaker.serving.runners import refuse_many_models, runner_for
from emulator.sagemaker.serving.targets import Launched, MultiModel
from emulator.sagemaker.serving.wire import Answer
from emulator.sagemaker.serving.zygotes import Zygotes

MODEL_SECONDS = 60.0
"""SageMaker's limit for one invocation (InvokeEndpoint, API reference), in wall seconds."""
RESIZE_DRAIN_SECONDS = 60.0


class NoInstanceError(ConnectionError):
    """No instance of the fleet is healthy at this moment."""


class InvocationTimeoutError(Exception):
    """The container did not answer within SageMaker's limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetSettings:
    """What all fleets of one cloud share."""

    directory: Path
    """Where artifacts are unpacked; belongs to the fleets and is deleted with them."""
    log_sink: LogSink
    now: Callable[[], float]
    wall_seconds: Callable[[float], float]
    """How long a stretch of the cloud's seconds takes on the wall's clock."""
    model_seconds: float = MODEL_SECONDS
    frameworks: Path = DEFAULT_FOLDER
    """Where the environments of frameworks are that are not installed beside the cloud."""


class ModelFleet:
    """The running processes of one variant."""

    def __init__(self, spec: FleetSpec, settings: FleetSettings, zygotes: Zygotes) -> None:
        self.spec = spec
        self._settings = settings
        self._zygotes = zygotes
        self._closed = False
        self._turn = itertools.count()
        own_limit = spec.invocation_timeout_seconds
        self._invocation_seconds = settings.model_seconds if own_limit is None else own_limit
        self._places: list[Place] = [self._place() for _ in range(spec.instance_count)]

    @property
    def execution_role_arn(self) -> str | None:
        """The role that the model's containers, and what is written for them, run as."""
        return self.spec.execution_role_arn

    @property
    def closed(self) -> bool:
        """Whether the fleet takes no request any more."""
        return self._closed

    @property
    def instance_count(self) -> int:
        """How many instances serve now."""
        return sum(place.healthy for place in self._places)

    @property
    def instance_pids(self) -> tuple[int, ...]:
        """The process ids of the instances that are alive, for reports of memory."""
        launched = [place.container for place in self._places]
        alive = [each for each in launched if each is not None and each.alive]
        return tuple(pid for each in alive for pid in each.pids)

    async def wait_healthy(self) -> None:
        """Every instance answers `/ping`; FleetUnhealthyError with AWS's reason if one does not."""
        await self._wait_healthy(self._places)

    async def resize(self, instance_count: int) -> None:
        """That many healthy instances serve; those taken away finish their requests first."""
        if self._closed:
            raise FleetClosedError(f"the fleet of variant {self.spec.variant} is closed")
        missing = instance_count - len(self._places)
        added = [self._place() for _ in range(missing)]
        self._places += added
        try:
            await self._wait_healthy(added)
        except FleetUnhealthyError:
            await self._retire(added, 0.0)
            raise
        self._places.sort(key=lambda place: place.healthy, reverse=True)
        await self._retire(self._places[instance_count:], RESIZE_DRAIN_SECONDS)

    async def close(self, *, drain_seconds: float) -> None:
        """No process is left; requests under way had `drain_seconds` of the wall to finish."""
        self._closed = True
        await self._retire(list(self._places), drain_seconds)

    async def invoke(self, request: bytes) -> Answer:
        """The container's answer.

        FleetClosedError, NoInstanceError, InvocationTimeoutError or ConnectionError when there is
        none. The instance is chosen before anything is awaited, so a fleet that is closed after a
        request reached it still answers that request.
        """
        while True:
            place = self._least_busy()
            try:
                return await self._exchange(place, request)
            except ConnectionRefusedError:
                continue  # it never saw the request, so another instance may have it

    async def _exchange(self, place: Place, request: bytes) -> Answer:
        container = place.take()
        try:
            async with asyncio.timeout(self._invocation_seconds):
                return await container.exchange(request)
        except TimeoutError as error:
            raise InvocationTimeoutError from error
        except ConnectionError:
            place.suspect()
            raise
        finally:
            place.give_back()

    def _least_busy(self) -> Place:
        if self._closed:
            raise FleetClosedError(f"the fleet of variant {self.spec.variant} is closed")
        healthy = [place for place in self._places if place.healthy]
        if not healthy:
            raise NoInstanceError(f"no instance of variant {self.spec.variant} is healthy")
        start = next(self._turn) % len(healthy)  # equally busy ones take turns
        return min(healthy[start:] + healthy[:start], key=lambda place: place.outstanding)

    def _place(self) -> Place:
        return Place(self.spec.variant, self._launch)

    async def _launch(self, instance: str) -> Launched:
        models = self.spec.model.containers
        if len(models) > 1:
            return await start_chain([partial(self._started, instance, model) for model in models])
        container, targets = await self._started(instance, models[0]), models[0].targets
        return container if targets is None else MultiModel(container, targets)

    async def _started(self, instance: str, model: ModelSpec) -> Container:
        """One container of an instance; those of a pipeline have a folder and a log each."""
        spec, settings = self.spec, self._settings
        place = endpoint_log(spec, instance) if spec.log_place is None else spec.log_place
        alone = len(spec.model.containers) == 1
        log = LogStream(
            tenant=spec.tenant,
            group=place.group,
            name=place.stream if alone else f"{place.stream}/{model.hostname}",
            sink=settings.log_sink,
            now=settings.now,
        )
        home = settings.directory / spec.endpoint / spec.variant / instance
        if not alone:
            home /= model.hostname
        return await start_container(spec, model, home=home, zygotes=self._zygotes, log=log)

    async def _wait_healthy(self, places: list[Place]) -> None:
        if not places:
            return
        limit = self._settings.wall_seconds(self.spec.startup_timeout_seconds)
        waiting = asyncio.gather(*(asyncio.shield(place.first_healthy) for place in places))
        try:
            await asyncio.wait_for(waiting, limit)
        except TimeoutError as error:
            raise FleetUnhealthyError(ping_failure(self.spec.variant)) from error
        except asyncio.CancelledError as error:
            if self._closed:
                raise FleetUnhealthyError("the fleet was closed while it started") from error
            raise

    async def _retire(self, places: list[Place], drain_seconds: float) -> None:
        await asyncio.gather(*(place.retire(drain_seconds) for place in places))
        self._places = [place for place in self._places if place not in places]


class ModelFleets:
    """Starts fleets and knows all that run, so that none outlives the cloud."""

    def __init__(self, settings: FleetSettings) -> None:
        self.settings = settings
        self._zygotes = Zygotes(settings.frameworks)
        self._fleets: list[ModelFleet] = []

    async def create(self, spec: FleetSpec) -> ModelFleet:
        """The processes are being started; UnknownImageError if the image can't be played."""
        return self.start(spec)

    def start(self, spec: FleetSpec) -> ModelFleet:
        """As `create`, without a turn of the event loop.

        FleetUnhealthyError where the image can be played, but not with several models.
        """
        for model in spec.model.containers:
            runner = runner_for(model.image, model.environment)
            if model.targets is not None:
                refuse_many_models(runner)
        fleet = ModelFleet(spec, self.settings, self._zygotes)
        self._fleets = [known for known in self._fleets if not known.closed] + [fleet]
        return fleet

    async def close(self) -> None:
        """No process of any fleet is left."""
        fleets, self._fleets = self._fleets, []
        await asyncio.gather(*(fleet.close(drain_seconds=0.0) for fleet in fleets))
        await self._zygotes.close()
        await asyncio.to_thread(shutil.rmtree, self.settings.directory, ignore_errors=True)

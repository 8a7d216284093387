"""The processes of a serverless variant: started when requests come, ended when none do.

An environment is one process that answers one request at a time, as SageMaker's serverless
endpoints do; there are at most as many as the variant's maximum concurrency. How long AWS keeps an
idle one is not published: here it is `IDLE_SECONDS` of the cloud's clock.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emulator.sagemaker.ports import FleetSpec, FleetUnhealthyError, OnDemand
from emulator.sagemaker.serving.fleet import FleetSettings, ModelFleet, ModelFleets
from emulator.sagemaker.serving.interface import FleetClosedError

IDLE_SECONDS = 600.0
"""After so long without a request an environment ends; assumed."""

START_SECONDS = 60.0
"""How long, on the wall's clock, an environment may take to start; AWS publishes no limit.

On a fast clock, processes start no faster, and a serverless variant cannot ask for more time.
"""

StartOne = Callable[[], ModelFleet]


class ConcurrencyExceededError(Exception):
    """As many requests are under way as the variant may have at once."""


@dataclass(slots=True, eq=False)
class Environment:
    """One process, for one request at a time. `setup_seconds` is None but for its first request."""

    fleet: ModelFleet
    busy: bool = True
    setup_seconds: float | None = None
    idle: asyncio.TimerHandle | None = field(default=None, repr=False)


class ServerlessFleet:
    """The environments of one variant; one is started at creation, to see that it can be."""

    def __init__(
        self, spec: FleetSpec, limits: OnDemand, settings: FleetSettings, *, start: StartOne
    ) -> None:
        self.spec = spec
        self.limits = limits
        self._settings = settings
        self._start = start
        self._closed = False
        self._environments: list[Environment] = []
        self._ending: set[asyncio.Task[None]] = set()
        for _ in range(max(1, limits.provisioned)):
            self._environments.append(Environment(fleet=start()))

    @property
    def execution_role_arn(self) -> str | None:
        """The role that the model's containers run as."""
        return self.spec.execution_role_arn

    @property
    def closed(self) -> bool:
        """Whether the fleet takes no request any more."""
        return self._closed

    @property
    def instance_count(self) -> int:
        """How many environments are warm now."""
        return sum(one.fleet.instance_count for one in self._environments)

    @property
    def instance_pids(self) -> tuple[int, ...]:
        """The process ids of the environments that are alive."""
        return tuple(pid for one in self._environments for pid in one.fleet.instance_pids)

    @property
    def utilization(self) -> float:
        """Requests under way, over those that may be."""
        return self._busy / self.limits.max_concurrency

    @property
    def provisioned_utilization(self) -> float | None:
        """Requests under way, over the provisioned environments; None where none are."""
        return None if self.limits.provisioned == 0 else self._busy / self.limits.provisioned

    @property
    def _busy(self) -> int:
        return sum(one.busy for one in self._environments)

    async def wait_healthy(self) -> None:
        """Every environment started so far answers `/ping`; FleetUnhealthyError if one does not."""
        first = tuple(self._environments)
        await asyncio.gather(*(one.fleet.wait_healthy() for one in first))
        for one in first:
            self.give_back(one)

    async def resize(self, instance_count: int) -> None:
        """Nothing changes: requests decide how many environments there are."""

    async def lease(self) -> Environment:
        """An environment for one request, started if none is idle; `give_back` ends the request.

        ConcurrencyExceededError beyond the maximum, FleetClosedError of a fleet that takes none,
        FleetUnhealthyError where a new environment does not come up.
        """
        if self._closed:
            raise FleetClosedError(f"the fleet of variant {self.spec.variant} is closed")
        warm = next((one for one in self._environments if not one.busy), None)
        if warm is not None:
            return await self._taken(warm)
        if len(self._environments) >= self.limits.max_concurrency:
            raise ConcurrencyExceededError
        return await self._started()

    def give_back(self, one: Environment) -> None:
        """The request is over; without another the environment ends after its time."""
        one.busy, one.setup_seconds = False, None
        if self._closed:
            return
        pause = self._settings.wall_seconds(IDLE_SECONDS)
        one.idle = asyncio.get_running_loop().call_later(pause, self._let_go, one)

    async def close(self, *, drain_seconds: float) -> None:
        """No process is left; requests under way had `drain_seconds` of the wall to finish."""
        self._closed = True
        for one in self._environments:
            _awake(one)
        await asyncio.gather(
            *(one.fleet.close(drain_seconds=drain_seconds) for one in self._environments),
            *self._ending,
        )
        self._environments = []

    async def _taken(self, one: Environment) -> Environment:
        _awake(one)
        one.busy = True
        if one.fleet.instance_count > 0:
            return one
        self._end(one)  # its process has died: the request gets a new one
        return await self._started()

    async def _started(self) -> Environment:
        began, one = time.perf_counter(), Environment(fleet=self._start())
        self._environments.append(one)
        try:
            await one.fleet.wait_healthy()
        except BaseException as error:
            self._end(one)
            if self._closed and isinstance(error, FleetUnhealthyError):
                raise FleetClosedError("the fleet was closed while it started") from error
            raise
        one.setup_seconds = time.perf_counter() - began
        return one

    def _let_go(self, one: Environment) -> None:
        if not one.busy and len(self._environments) > self.limits.provisioned:
            self._end(one)

    def _end(self, one: Environment) -> None:
        _awake(one)
        self._environments = [other for other in self._environments if other is not one]
        task = asyncio.get_running_loop().create_task(one.fleet.close(drain_seconds=0.0))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _awake(one: Environment) -> None:
    if one.idle is not None:
        one.idle.cancel()
        one.idle = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFleets:
    """Starts the fleets of endpoints: of instances, or of environments where that is asked."""

    fleets: ModelFleets

    async def create(self, spec: FleetSpec) -> ModelFleet | ServerlessFleet:
        """The processes are being started; UnknownImageError if the image can't be played."""
        if spec.on_demand is None:
            return await self.fleets.create(spec)
        settings = self.fleets.settings
        one = replace(
            spec,
            instance_count=1,
            on_demand=None,
            startup_timeout_seconds=START_SECONDS / settings.wall_seconds(1.0),
        )
        return ServerlessFleet(spec, spec.on_demand, settings, start=lambda: self.fleets.start(one))

"""What instances do: user data is interpreted, its unit's container is a real process.

While an instance starts its container the cloud's time waits for it: no instance is given up
because this machine is busy.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from emulator.ec2.cloudconfig import CloudConfig, UserDataError, parsed
from emulator.ec2.units import Container, service_of
from emulator.loadbalancing.messages import HttpRequest, HttpResponse
from emulator.sagemaker.artifacts import Artifacts
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import FleetSpec, FleetUnhealthyError, LogPlace, ModelSpec
from emulator.sagemaker.serving.fleet import InvocationTimeoutError, ModelFleet, ModelFleets
from emulator.sagemaker.serving.interface import FleetClosedError, UnknownImageError
from emulator.sagemaker.serving.wire import render

_log = logging.getLogger(__name__)

STARTUP_SECONDS = 3_600.0
"""After which a container that never was healthy is told of; the unit goes on starting it."""
UNIT_LOG = "/var/log/journal"
"""Where a container writes whose unit names no log group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """An instance to start: who owns it, its role, and the data of its launch template."""

    tenant: Tenant
    instance_id: str
    group: str
    role_arn: str | None
    data: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Machine:
    """A started instance; `said` is what its console would show."""

    launch: Launch
    fleets: dict[int, ModelFleet] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """All instances of one cloud, by id."""

    fleets: ModelFleets
    artifacts: Artifacts
    wall_seconds: Callable[[float], float]
    working: Callable[[], AbstractContextManager[None]]
    """Inside, the cloud's time waits for the work (`Timekeeper.working`)."""
    running: dict[str, Machine] = field(default_factory=dict)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def start(self, launch: Launch) -> None:
        """The instance runs, and does what its user data says."""
        machine = Machine(launch=launch)
        self.running[launch.instance_id] = machine
        self._in_background(self._boot(machine))

    def runs(self, instance_id: str) -> bool:
        """Whether there is such an instance."""
        return instance_id in self.running

    def end(self, instance_id: str, *, drain_seconds: float) -> None:
        """The instance takes nothing new; what is under way has that long, of the cloud's time."""
        machine = self.running.pop(instance_id, None)
        if machine is not None:
            wall = self.wall_seconds(drain_seconds)
            self._in_background(_shut_down(machine, drain_seconds=wall))

    async def exchange(self, instance_id: str, port: int, request: HttpRequest) -> HttpResponse:
        """What the instance answers at a port; ConnectionError where nothing listens there."""
        machine = self.running.get(instance_id)
        fleet = None if machine is None else machine.fleets.get(port)
        if fleet is None:
            raise ConnectionRefusedError(f"{instance_id}:{port} refuses connections")
        query = f"?{request.query}" if request.query else ""
        headers = {name: value for name, value in request.headers if name != "host"}
        sent = render(request.method, f"{request.path}{query}", headers, request.body)
        try:
            answer = await fleet.invoke(sent)
        except FleetClosedError as error:
            raise ConnectionResetError(str(error)) from error
        except InvocationTimeoutError as error:
            raise TimeoutError from error
        return HttpResponse(
            status=answer.status, headers=tuple(answer.headers.items()), body=answer.body
        )

    async def close(self) -> None:
        """No instance runs, and no process of one."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.running.clear()
        await self.fleets.close()

    def _in_background(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _boot(self, machine: Machine) -> None:
        launch = machine.launch
        try:
            config = parsed(str(launch.data.get("UserData", "")))
            machine.said += [f"not run by the embedded cloud: {each}" for each in config.not_run]
            with self.working():
                await self._start_units(machine, config)
        except (
            FleetUnhealthyError,
            SageMakerError,
            UnknownImageError,
            UserDataError,
            ValueError,
        ) as error:
            machine.said.append(str(error))
            _log.warning("instance %s serves nothing: %s", launch.instance_id, error)

    async def _start_units(self, machine: Machine, config: CloudConfig) -> None:
        for unit in config.started_units:
            service = service_of(unit, config.files)
            machine.said += [f"not run by the embedded cloud: {each}" for each in service.not_run]
            if service.container is not None:
                fleet = self.fleets.start(await self._spec(machine.launch, service.container))
                if machine.launch.instance_id not in self.running:
                    await fleet.close(drain_seconds=0.0)
                    return
                machine.fleets[service.container.port] = fleet
                await fleet.wait_healthy()

    async def _spec(self, launch: Launch, container: Container) -> FleetSpec:
        path = None
        if container.artifact is not None:
            if launch.role_arn is None:
                raise UserDataError("Unable to locate credentials: the instance has no profile")
            url = container.artifact
            path = await self.artifacts.fetch(launch.tenant, url, launch.role_arn)
        model = ModelSpec(
            name=launch.group,
            image=container.image,
            environment=container.environment,
            model_data_path=path,
            model_data_url="" if container.artifact is None else container.artifact,
        )
        log = UNIT_LOG if container.log_group is None else container.log_group
        return FleetSpec(
            endpoint=launch.group,
            variant=launch.instance_id,
            config="",
            model=model,
            instance_count=1,
            execution_role_arn=launch.role_arn,
            tenant=launch.tenant,
            startup_timeout_seconds=STARTUP_SECONDS,
            log_place=LogPlace(group=log, stream=launch.instance_id),
        )


async def _shut_down(machine: Machine, *, drain_seconds: float) -> None:
    fleets, machine.fleets = machine.fleets, {}
    await asyncio.gather(*(fleet.close(drain_seconds=drain_seconds) for fleet in fleets.values()))

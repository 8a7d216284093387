"""Puts our CloudWatch into the running cloud, and its timer on the event loop."""

import asyncio
import contextlib
import logging

from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.cloudwatch.alarms import SHORTEST_GRID_SECONDS
from emulator.cloudwatch.resources import register_alarms
from emulator.cloudwatch.service import CloudWatch
from emulator.runtime import Runtime
from emulator.seams import cloudwatch as seam
from emulator.seams import logs

_log = logging.getLogger(__name__)

TICK_BOUNDS_SECONDS = (0.1, 1.0)
"""The timer's shortest and longest pause, on the wall's clock."""
PRUNE_EVERY_TICKS = 600

_installed: dict[int, CloudWatch] = {}


def install_metrics(runtime: Runtime) -> None:
    """Metrics, queries and alarms of ministack's CloudWatch are ours."""
    service = CloudWatch(now=runtime.clock.now)
    _installed[id(runtime)] = service
    seam.install(service, runtime.clock.now)
    logs.listen(service.publish_embedded)
    register_alarms(RESOURCE_TYPES, bundled_catalogue())
    shortest, longest = TICK_BOUNDS_SECONDS
    pause = min(longest, max(shortest, runtime.clock.wall_seconds(SHORTEST_GRID_SECONDS)))
    timers: list[asyncio.Task[None]] = []

    async def start() -> None:
        timers.append(asyncio.get_running_loop().create_task(_tick(service, pause)))

    async def stop() -> None:
        for timer in timers:
            timer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await timer

    runtime.on_start(start)
    runtime.on_stop(stop)


def installed(runtime: Runtime) -> CloudWatch:
    """The CloudWatch of that cloud, for the plugins that publish metrics."""
    return _installed[id(runtime)]


async def _tick(service: CloudWatch, pause_seconds: float) -> None:
    ticks = 0
    while True:
        await asyncio.sleep(pause_seconds)
        ticks += 1
        service.evaluate_all()
        if ticks % PRUNE_EVERY_TICKS == 0:
            service.store.prune(service.now())

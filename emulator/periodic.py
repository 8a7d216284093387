"""What happens again and again while the cloud runs, however fast its clock is."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from emulator.runtime import Runtime

_log = logging.getLogger(__name__)


def keep_doing(
    runtime: Runtime,
    work: Callable[[], Awaitable[None]],
    *,
    every_cloud_seconds: float,
    pause_bounds: tuple[float, float],
) -> None:
    """From the cloud's start to its end the work is done, at first at once.

    The pause between is so many seconds of the cloud's clock, within bounds in seconds of the
    wall's. A round that fails is logged and is not the last one.
    """
    shortest, longest = pause_bounds
    pause = min(longest, max(shortest, runtime.clock.wall_seconds(every_cloud_seconds)))
    tasks: list[asyncio.Task[None]] = []

    async def for_ever() -> None:
        while True:
            try:
                await work()
            except Exception:  # noqa: BLE001 - one broken round must not end all that follow
                _log.exception("%s failed", work.__qualname__)
            await asyncio.sleep(pause)

    async def start() -> None:
        tasks.append(asyncio.get_running_loop().create_task(for_ever()))

    async def stop() -> None:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    runtime.on_start(start)
    runtime.on_stop(stop)

"""Schedules fire: rules with a rate or cron, and schedules of EventBridge Scheduler.

They are due by the cloud's clock, so that a nightly run comes every night of a cloud whose days are
short. A moment that was missed while targets were waited for is fired once, later. Knows nothing of
ministack.
"""

import asyncio

from emulator.periodic import keep_doing
from emulator.runtime import Runtime

LOOK_SECONDS = 10.0
"""The cloud's seconds between two looks, within the bounds of a pause in the wall's."""
_PAUSES = (0.25, 10.0)


def install(runtime: Runtime) -> None:
    """What is due is fired from the start of the cloud to its end."""
    from emulator.seams import schedules as seam  # noqa: PLC0415 - imports ministack

    seam.attach(runtime.clock.now)

    async def look() -> None:
        await asyncio.to_thread(seam.fire_due)

    keep_doing(runtime, look, every_cloud_seconds=LOOK_SECONDS, pause_bounds=_PAUSES)

"""Copies of requests on their way to shadow variants: nobody waits for them, nothing of them hurts.

What becomes of a copy is in metrics and captures. More than LARGEST_CROWD at once are not sent:
SageMaker does not say what it does with a shadow that cannot keep up; here the copy is dropped and
the server's log says how many were.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

_log = logging.getLogger(__name__)

LARGEST_CROWD = 256


@dataclass(kw_only=True, slots=True)
class Copies:
    """The copies under way."""

    largest_crowd: int = LARGEST_CROWD
    dropped: int = 0
    _running: set[asyncio.Task[Any]] = field(default_factory=set)

    def send(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """The copy is on its way, or dropped; returns at once."""
        if len(self._running) >= self.largest_crowd:
            self.dropped += 1
            return
        task = asyncio.get_running_loop().create_task(_quietly(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def settle(self) -> None:
        """Every copy that was sent has come to its end."""
        while self._running:
            await asyncio.wait(tuple(self._running))

    async def close(self) -> None:
        """No copy is under way any more."""
        if self.dropped > 0:
            _log.warning("%d copies to shadow variants were dropped", self.dropped)
        for task in tuple(self._running):
            task.cancel()
        await self.settle()


async def _quietly(work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """The work is done; whatever went wrong is in the server's log, and the caller's request is."""
    try:
        await work()
    except Exception:  # noqa: BLE001 - a shadow must never touch what is served
        _log.info("a copy to a shadow variant was not answered", exc_info=True)

"""A place of a fleet: one instance, replaced when its container dies.

SageMaker replaces an instance whose container is gone; so does a place, with a growing pause
between attempts. A container that never was healthy is given up, with the reason, so that an
endpoint fails instead of trying for ever.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from emulator.sagemaker.ports import FleetUnhealthyError
from emulator.sagemaker.serving.targets import Launched
from emulator.sagemaker.serving.zygotes import ZygoteDiedError

_log = logging.getLogger(__name__)

PING_INTERVAL_SECONDS = 0.02
REFUSING_SECONDS = 1.0
"""Answers to /ping that are not 200 for so long mean that the model can't be loaded.

SageMaker goes on asking until the startup timeout; a container that answers, and refuses each time,
is given up earlier here. One that does not answer yet has the whole timeout.
"""
DEATHS_TO_GIVE_UP = 3
"""So many containers in a row that died before they were healthy."""
BACKOFF_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 10.0

Launch = Callable[[str], Awaitable[Launched]]
"""Starts the container, or the containers, of the instance with the given id."""


def ping_failure(variant: str) -> str:
    """AWS's reason for an endpoint whose container does not become healthy."""
    return (
        f"The primary container for production variant {variant} did not pass the ping health "
        "check. Please check CloudWatch logs for this endpoint."
    )


class Place:
    """One instance of a fleet; `healthy` and `outstanding` are what dispatching looks at."""

    def __init__(self, variant: str, launch: Launch) -> None:
        self.container: Launched | None = None
        self.healthy = False
        self.outstanding = 0
        self._variant = variant
        self._launch = launch
        self._retired = False
        self._suspicion = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.first_healthy: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep())

    def take(self) -> Launched:
        """One more request is under way; call `give_back` when it is answered."""
        assert self.container is not None  # noqa: S101 - only a healthy place is dispatched to
        self.outstanding += 1
        self._idle.clear()
        return self.container

    def give_back(self) -> None:
        """One request fewer is under way."""
        self.outstanding -= 1
        if self.outstanding == 0:
            self._idle.set()

    def suspect(self) -> None:
        """A request could not reach the container: it gets no other until it answers a ping."""
        self.healthy = False
        self._suspicion.set()

    async def retire(self, drain_seconds: float) -> None:
        """The place takes nothing new, finishes what is under way, and is gone."""
        self._retired = True
        self.healthy = False
        if self.container is not None and self.container.alive:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(drain_seconds):
                    await self._idle.wait()
        self._keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._keeper
        if not self.first_healthy.done():
            self.first_healthy.cancel()

    async def _keep(self) -> None:
        try:
            await self._serve_until_given_up()
        except FleetUnhealthyError as error:
            self._give_up(error)
        except Exception as error:  # noqa: BLE001 - the place must say so, not vanish
            _log.exception("an instance of variant %s failed", self._variant)
            self._give_up(FleetUnhealthyError(f"{ping_failure(self._variant)} ({error})"))

    async def _serve_until_given_up(self) -> None:
        deaths, pause = 0, BACKOFF_SECONDS
        while True:
            try:
                was_healthy = await self._live_once()
            except ZygoteDiedError:
                was_healthy = False
            if was_healthy:
                deaths, pause = 0, BACKOFF_SECONDS
            deaths += 1
            if not self.first_healthy.done() and deaths >= DEATHS_TO_GIVE_UP:
                raise FleetUnhealthyError(ping_failure(self._variant))
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_BACKOFF_SECONDS)

    async def _live_once(self) -> bool:
        """One container from start to end; whether it ever was healthy."""
        container = await self._launch(f"i-{secrets.token_hex(8)}")
        try:
            self.container = container
            if not await self._becomes_healthy(container):
                return False
            if not self.first_healthy.done():
                self.first_healthy.set_result(None)
            with contextlib.suppress(FleetUnhealthyError):  # it served, so it is replaced instead
                while await self._serves_until_suspected(container):
                    self._suspicion.clear()
                    if not await self._becomes_healthy(container):
                        break
            return True
        finally:
            self.healthy = False
            await asyncio.shield(container.end())

    async def _serves_until_suspected(self, container: Launched) -> bool:
        """True when a request could not reach it, False when it has ended."""
        self.healthy = not self._retired
        suspicion = asyncio.create_task(self._suspicion.wait())
        either: list[asyncio.Future[Any]] = [container.ended, suspicion]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            suspicion.cancel()
            self.healthy = False
        return container.alive

    async def _becomes_healthy(self, container: Launched) -> bool:
        """True at the first 200; False when it died; FleetUnhealthyError when it only refuses."""
        loop = asyncio.get_running_loop()
        refusing_since: float | None = None
        while container.alive:
            status = await container.ping()
            if status == 200:
                return True
            if status is None:
                refusing_since = None
            elif refusing_since is None:
                refusing_since = loop.time()
            elif loop.time() - refusing_since >= REFUSING_SECONDS:
                raise FleetUnhealthyError(ping_failure(self._variant))
            await asyncio.wait([container.ended], timeout=PING_INTERVAL_SECONDS)
        return False

    def _give_up(self, error: FleetUnhealthyError) -> None:
        if self.first_healthy.done():
            _log.error("an instance of variant %s is not replaced: %s", self._variant, error)
            return
        self.first_healthy.set_exception(error)
        self.first_healthy.exception()  # retrieved: the fleet may be closed before it asks

"""What the AI services of one cloud are given: time, events, and clients that act for somebody."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.config import Config

from emulator.cloudformation import recorded
from emulator.cloudformation.generic import RecordedResource
from emulator.runtime import Credentials, Runtime
from emulator.seams import callers
from emulator.seams.events import Event, Outbox
from emulator.seams.services import Request
from emulator.seams.trust import allows, trusts_service

Tenant = tuple[str, str]
"""Account and region."""
ClientOf = Callable[[str], Any]
"""The name of a service -> a boto3 client of it that acts for somebody; it may block."""

_MOST_CLIENTS = 64
_ATTEMPTS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One cloud, as its AI services see it; moments are Unix seconds of the cloud's clock."""

    now: Callable[[], float]
    pause: Callable[[float], Awaitable[None]]
    """So many seconds of the cloud's have passed, on the event loop."""
    working: Callable[[], contextlib.AbstractContextManager[None]]
    """Inside, the cloud's time waits for the work (`Timekeeper.working`)."""
    go_on: Callable[[Coroutine[Any, Any, None]], None]
    """The coroutine runs on the event loop from now on; callable from any thread."""
    clients_of_caller: Callable[[Request], ClientOf]
    """Clients with the rights of who sent the request, in its region."""
    clients_of_role: Callable[[str, str], ClientOf]
    """(role ARN, region) -> clients that act as the role."""
    trusts: Callable[[str, str], bool]
    """(role ARN, `transcribe.amazonaws.com`) -> whether the role lets the service assume it."""
    publish: Callable[[Tenant, Event], None]
    """EventBridge of the tenant will be told, in the order of the calls."""
    allows: Callable[[str, str, str], bool] = lambda _role, _action, _resource: False
    """(role ARN, action, resource) -> whether the role may do it."""
    recorded: Callable[[], Sequence[RecordedResource]] = tuple
    """What stacks declare of types that have no behaviour here."""


def site_of(runtime: Runtime) -> Site:
    """The site of a running cloud; what goes on ends with the cloud."""
    clients = _client_maker(runtime)
    going: set[asyncio.Task[None]] = set()
    outbox = Outbox("ai-events")

    def go_on(work: Coroutine[Any, Any, None]) -> None:
        if runtime.loop is None:
            work.close()
            raise RuntimeError("the embedded cloud has not started yet")
        runtime.loop.call_soon_threadsafe(_kept, work, going)

    async def stop() -> None:
        outbox.close()
        for task in tuple(going):
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    runtime.on_stop(stop)
    return Site(
        now=runtime.clock.now,
        pause=runtime.keeper.pause,
        working=runtime.keeper.working,
        go_on=go_on,
        clients_of_caller=lambda request: _clients(
            clients, callers.credentials_of(request), request.region
        ),
        clients_of_role=lambda role, region: _clients(
            clients, runtime.role_credentials(role, "ai-services"), region
        ),
        trusts=trusts_service,
        publish=lambda tenant, event: outbox.send(*tenant, event),
        allows=allows,
        recorded=lambda: recorded(runtime),
    )


def _kept(work: Coroutine[Any, Any, None], going: set[asyncio.Task[None]]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    going.add(task)
    task.add_done_callback(going.discard)


_MakeClient = Callable[[Credentials, str, str], Any]
"""(keys, region, service) -> a client."""


def _client_maker(runtime: Runtime) -> _MakeClient:
    @lru_cache(maxsize=_MOST_CLIENTS)
    def made(credentials: Credentials, region: str, service: str) -> Any:
        session: Any = credentials.session(endpoint_url=runtime.endpoint_url, region=region)
        config = Config(retries={"max_attempts": _ATTEMPTS, "mode": "standard"}, connect_timeout=5)
        return session.client(service, config=config)

    return made


def _clients(made: _MakeClient, credentials: Credentials, region: str) -> ClientOf:
    return lambda service: made(credentials, region, service)

"""Sites for tests of AI services: time passes at once, events and clients are seen."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.faults import FaultSource
from emulator.ai.frame import Call
from emulator.ai.site import ClientOf, Site, Tenant
from emulator.seams.events import Event

TENANT: Tenant = ("111122223333", "us-east-1")


def no_client(service: str) -> Any:
    """Nothing of the test may reach another service."""
    raise AssertionError(f"no client of {service} was expected")


@dataclass(kw_only=True, slots=True)
class Town:
    """A site whose clock goes on only by pauses, what went on in it, and whom it was told."""

    moment: float = 1_000.0
    published: list[tuple[Tenant, Event]] = field(default_factory=list)
    waiting: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    client: ClientOf = no_client

    def site(self) -> Site:
        """What a service of the town is given."""
        return Site(
            now=lambda: self.moment,
            pause=self._pause,
            working=contextlib.nullcontext,
            go_on=self.waiting.append,
            clients_of_caller=lambda _request: self.client,
            clients_of_role=lambda _role, _region: self.client,
            trusts=lambda _role, _service: True,
            publish=lambda tenant, event: self.published.append((tenant, event)),
        )

    def run(self) -> None:
        """Everything that waits has gone on to its end."""
        while self.waiting:
            asyncio.run(_to_the_end(self.waiting.pop(0)))

    def call(self, request: dict[str, Any], faults: FaultSource | None = None) -> Call:
        """A call of an operation by somebody of the town."""
        source = FaultSource() if faults is None else faults
        return Call(
            request=request,
            fails_item=source.fails_item,
            fate=source.fate,
            tenant=TENANT,
            client=self.client,
        )

    async def _pause(self, seconds: float) -> None:
        self.moment += seconds


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    await work


def client_of(**clients: Any) -> Callable[[str], Any]:
    """These clients, by the names of their services."""
    return lambda service: clients[service]

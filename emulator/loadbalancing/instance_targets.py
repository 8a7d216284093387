"""Requests to instances: as HTTP/1.1, with what a load balancer adds and without what it keeps.

Statuses where no answer comes: user guide, "Troubleshoot your Application Load Balancers".
"""

import asyncio
from typing import Protocol

from emulator.loadbalancing.messages import HttpRequest, HttpResponse, Refusal
from emulator.loadbalancing.store import Entry, Json

TARGET_SECONDS = 60.0
"""The idle timeout of a load balancer (its default), on the wall's clock."""
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
)


class Instances(Protocol):
    """The instances of this cloud as targets."""

    async def exchange(self, instance_id: str, port: int, request: HttpRequest) -> HttpResponse:
        """What the instance answers; ConnectionError where nothing listens or it broke off."""


class _NoInstances:
    """A cloud in which nothing starts instances."""

    async def exchange(self, instance_id: str, port: int, request: HttpRequest) -> HttpResponse:
        """Nothing listens."""
        raise ConnectionRefusedError(f"{instance_id}:{port} {request.path}")


NO_INSTANCES: Instances = _NoInstances()


async def forwarded(instances: Instances, target: Json, request: HttpRequest) -> HttpResponse:
    """The instance's answer; Refusal (502 or 504) where there is none."""
    sent = HttpRequest(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=_without_hops(request.headers),
        body=request.body,
        client=request.client,
        protocol=request.protocol,
        port=request.port,
    )
    try:
        async with asyncio.timeout(TARGET_SECONDS):
            answer = await instances.exchange(target["Id"], target["Port"], sent)
    except TimeoutError as error:
        raise Refusal(504, f"{target['Id']} did not answer in time") from error
    except ConnectionError as error:
        raise Refusal(502, f"{target['Id']} gave no answer: {error}") from error
    return HttpResponse(
        status=answer.status, headers=_without_hops(answer.headers), body=answer.body
    )


async def probed(instances: Instances, group: Entry, target: Json) -> int | None:
    """The status code of one health check, None where no answer came in time."""
    request = HttpRequest(
        method="GET",
        path=group.shape["HealthCheckPath"],
        headers=(("user-agent", "ELB-HealthChecker/2.0"),),
    )
    try:
        async with asyncio.timeout(group.shape["HealthCheckTimeoutSeconds"]):
            return (await instances.exchange(target["Id"], target["Port"], request)).status
    except (TimeoutError, ConnectionError):
        return None


def _without_hops(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP)

"""The queues of asynchronous endpoints: one an endpoint, whatever versions come and go behind it.

A request waits until an instance has room for it, or until it expires. Which variant has it is
drawn among those with room, by their weights; what AWS does where one of several has none is not
published. A queue lives as long as its endpoint, and not longer than the embedded cloud.
"""

import asyncio
import logging
import random
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from emulator.sagemaker.asynchronous.config import AsyncConfig
from emulator.sagemaker.asynchronous.metrics import Gauges
from emulator.sagemaker.asynchronous.processing import NotReachedError, Processor, Work
from emulator.sagemaker.asynchronous.requests import AsyncRequest, accepted, queued, refusal
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import EndpointView, EndpointViews, VariantView
from emulator.sagemaker.serving import errors
from emulator.sagemaker.serving.draw import draw_variant
from emulator.sagemaker.serving.errors import Where
from emulator.sagemaker.serving.fleet import ModelFleet
from emulator.sagemaker.serving.interface import InvokeRequest, InvokeResponse
from emulator.sagemaker.serving.invoke import SERVING_STATUSES

_log = logging.getLogger(__name__)

LOOK_SECONDS = 0.05
"""How often, on the wall's clock, a queue that waits looks for room and for what has expired."""


@dataclass(slots=True, eq=False)
class Queue:
    """The requests of one endpoint: those that wait, and those that are being processed."""

    tenant: Tenant
    endpoint: str
    waiting: deque[AsyncRequest] = field(default_factory=deque)
    running: dict[asyncio.Task[None], AsyncRequest] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)
    """How many requests each fleet has, by the fleet's identity."""
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    keeper: asyncio.Task[None] | None = None

    def gauges(self, view: EndpointView, now: float) -> Gauges:
        """What the queue's metrics say."""
        every = [*self.waiting, *self.running.values()]
        return Gauges(
            size=len(every),
            oldest_seconds=max((now - one.received for one in every), default=0.0),
            instances=sum(variant.fleet.instance_count for variant in view.variants),
            waiting=len(self.waiting),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Queues:
    """Every queue; `now` is the cloud's clock."""

    views: EndpointViews
    endpoints: Callable[[], Iterable[tuple[Tenant, EndpointView]]]
    """Every endpoint there is, asynchronous or not."""
    processor: Processor
    now: Callable[[], float]
    random_unit: Callable[[], float] = random.random
    _queues: dict[tuple[Tenant, str], Queue] = field(default_factory=dict)

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        """The request waits, and the answer says where its own answer will be; or why not."""
        refused = refusal(request)
        if refused is not None:
            return refused
        where = Where(tenant=request.tenant, endpoint=request.endpoint)
        view = self.views.find(request.tenant, request.endpoint)
        if view is None or view.status not in SERVING_STATUSES:
            return errors.not_found(where)
        if view.asynchronous is None:
            return errors.validation_error(
                f"Endpoint {view.name} is not an asynchronous endpoint: use InvokeEndpoint."
            )
        config = AsyncConfig.of(view.asynchronous)
        entry = queued(request, config, now=self.now(), generated=str(uuid.uuid4()))
        queue = self._queue(request.tenant, view.name)
        queue.waiting.append(entry)
        queue.awake.set()
        return accepted(entry)

    def gauges(self) -> Iterator[tuple[Tenant, str, Gauges]]:
        """The state of the queue of every asynchronous endpoint; most are empty."""
        for tenant, view in self.endpoints():
            if view.asynchronous is not None and view.variants:
                known = self._queues.get((tenant, view.name))
                queue = Queue(tenant, view.name) if known is None else known
                yield tenant, view.name, queue.gauges(view, self.now())

    async def close(self) -> None:
        """Nothing is processed any more; what waited is gone."""
        tasks = [task for queue in self._queues.values() for task in queue.running]
        tasks += [q.keeper for q in self._queues.values() if q.keeper is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._queues.clear()

    def _queue(self, tenant: Tenant, endpoint: str) -> Queue:
        queue = self._queues.get((tenant, endpoint))
        if queue is None:
            queue = self._queues[tenant, endpoint] = Queue(tenant, endpoint)
            queue.keeper = asyncio.get_running_loop().create_task(self._keep(queue))
        return queue

    async def _keep(self, queue: Queue) -> None:
        while True:
            view = self.views.find(queue.tenant, queue.endpoint)
            if view is None or view.asynchronous is None:
                self._queues.pop((queue.tenant, queue.endpoint), None)
                return
            self._expire(queue, view)
            while queue.waiting and (variant := self._roomy(queue, view)) is not None:
                self._begin(queue, view, variant)
            queue.awake.clear()
            if queue.waiting:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                await _until(queue.awake)

    def _roomy(self, queue: Queue, view: EndpointView) -> VariantView | None:
        most = AsyncConfig.of(view.asynchronous or {}).per_instance
        roomy = [
            variant
            for variant in view.variants
            if queue.taken.get(id(variant.fleet), 0) < most * variant.fleet.instance_count
        ]
        return draw_variant(roomy, self.random_unit())

    def _begin(self, queue: Queue, view: EndpointView, variant: VariantView) -> None:
        request = queue.waiting.popleft()
        work = _work(request, view, variant)
        taken = id(work.fleet)
        queue.taken[taken] = queue.taken.get(taken, 0) + 1
        task = asyncio.get_running_loop().create_task(self.processor.process(work))
        queue.running[task] = request

        def over(done: asyncio.Task[None]) -> None:
            _ended(queue, done)
            queue.taken[taken] -= 1
            if queue.taken[taken] == 0:
                del queue.taken[taken]
            queue.awake.set()

        task.add_done_callback(over)

    def _expire(self, queue: Queue, view: EndpointView) -> None:
        now = self.now()
        expired = [one for one in queue.waiting if now >= one.expires]
        for request in expired:
            queue.waiting.remove(request)
            work = _work(request, view, view.variants[0])
            counted = {"ExpiredRequests": 1.0, "InvocationFailures": 1.0}
            told = self.processor.fail(work, "The request expired in the queue.", counted)
            task = asyncio.get_running_loop().create_task(told)
            queue.running[task] = request
            task.add_done_callback(lambda done: _ended(queue, done))


def _ended(queue: Queue, done: asyncio.Task[None]) -> None:
    """The request is over, or first in the queue again: its fleet closed, or fell asleep."""
    request = queue.running.pop(done)
    error = None if done.cancelled() else done.exception()
    if isinstance(error, NotReachedError):
        queue.waiting.appendleft(request)
    elif error is not None:
        _log.error("request %s was lost", request.inference_id, exc_info=error)


def _work(request: AsyncRequest, view: EndpointView, variant: VariantView) -> Work:
    return Work(
        request=request,
        config=AsyncConfig.of(view.asynchronous or {}),
        variant=variant.name,
        fleet=cast("ModelFleet", variant.fleet),  # serverless endpoints are never asynchronous
    )


async def _until(event: asyncio.Event) -> None:
    """The event was set, or a second has passed: an endpoint that is gone sets nothing."""
    try:
        async with asyncio.timeout(1.0):
            await event.wait()
    except TimeoutError:
        return

"""Delivers log events that match a subscription filter, in batches, at least once.

AWS collects matched events and invokes the destination with many at a time; so does this: one
invocation a log stream and filter, every `FLUSH_SECONDS` of wall time or `BATCH_EVENTS`. A
failed invocation is repeated with the same payload, ids included, and then given up, as AWS does.
It knows nothing of ministack.
"""

import base64
import gzip
import itertools
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from emulator.runtime import Runtime

FLUSH_SECONDS = 0.2
BATCH_EVENTS = 1000
ATTEMPTS = 3
CONCURRENT_DELIVERIES = 4

_log = logging.getLogger(__name__)

Invoke = Callable[[str, str, Mapping[str, Any]], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where the matched events of one stream go, by which filter."""

    owner: str
    log_group: str
    log_stream: str
    filter_name: str
    function_arn: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One log event."""

    timestamp_ms: int
    message: str


class Deliverer:
    """Queues events for `invoke(function_arn, log_group, payload)`, which says if it worked."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._queues: dict[Destination, list[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._condition = threading.Condition()
        self._stopping = threading.Event()
        self._abandoned = threading.Event()
        self._pool = ThreadPoolExecutor(CONCURRENT_DELIVERIES, thread_name_prefix="log-delivery")
        self._thread = threading.Thread(target=self._run, daemon=True, name="log-flusher")

    def start(self) -> None:
        """Queues are flushed from now on."""
        self._thread.start()

    def offer(self, destination: Destination, events: Sequence[Event]) -> None:
        """The events will be delivered; their ids are fixed here and survive every retry."""
        with self._condition:
            queue = self._queues.setdefault(destination, [])
            queue.extend(self._numbered(event) for event in events)
            if len(queue) >= BATCH_EVENTS:
                self._condition.notify_all()

    def _numbered(self, event: Event) -> dict[str, Any]:
        """Ids are 56 digits, as on AWS: the time and a number that only rises."""
        number = next(self._numbers)
        return {
            "id": f"{event.timestamp_ms:032d}{number:024d}",
            "timestamp": event.timestamp_ms,
            "message": event.message,
        }

    def flush(self) -> None:
        """All events offered before this call have been delivered or given up."""
        self._wait(self._submit())

    def stop(self) -> None:
        """Everything offered is delivered or given up, and no thread is left."""
        self._stopping.set()
        with self._condition:
            self._condition.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()
        self._pool.shutdown()

    def abandon(self) -> None:
        """Nothing more is delivered, and nobody waits for what is under way.

        For the server's end: what a function would do with the events can reach nothing by then.
        """
        self._stopping.set()
        self._abandoned.set()
        with self._condition:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._condition.notify_all()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._condition:
                self._condition.wait(FLUSH_SECONDS)
            self._wait(self._submit())

    def _submit(self) -> list[Future[None]]:
        with self._condition:
            if self._abandoned.is_set():
                return []
            queues, self._queues = self._queues, {}
            return [
                self._pool.submit(self._deliver, destination, queue[start : start + BATCH_EVENTS])
                for destination, queue in queues.items()
                for start in range(0, len(queue), BATCH_EVENTS)
            ]

    def _wait(self, deliveries: Sequence[Future[None]]) -> None:
        wait(deliveries)

    def _deliver(self, destination: Destination, events: Sequence[Mapping[str, Any]]) -> None:
        payload = envelope(destination, events)
        for _ in range(ATTEMPTS):
            if self._abandoned.is_set() or self._attempt(destination, payload):
                return
        _log.warning(
            "%d log events of %s were given up: %s failed %d times",
            len(events),
            destination.log_group,
            destination.function_arn,
            ATTEMPTS,
        )

    def _attempt(self, destination: Destination, payload: Mapping[str, Any]) -> bool:
        try:
            return self._invoke(destination.function_arn, destination.log_group, payload)
        except LookupError as error:
            _log.warning("log events were not delivered: %s", error)
            return True
        except Exception:  # noqa: BLE001 - one delivery may not end all others
            _log.exception("delivery to %s failed", destination.function_arn)
            return False


def envelope(destination: Destination, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The event a function receives from CloudWatch Logs: gzipped JSON in base64."""
    document = {
        "messageType": "DATA_MESSAGE",
        "owner": destination.owner,
        "logGroup": destination.log_group,
        "logStream": destination.log_stream,
        "subscriptionFilters": [destination.filter_name],
        "logEvents": list(events),
    }
    data = gzip.compress(json.dumps(document).encode(), compresslevel=1, mtime=0)
    return {"awslogs": {"data": base64.b64encode(data).decode()}}


def install(runtime: Runtime) -> None:
    """Subscription filters deliver in batches."""
    from emulator.seams import logs as seam  # noqa: PLC0415 - imports ministack

    deliverer = Deliverer(seam.invoke_function)
    seam.install(deliverer)

    async def start() -> None:
        deliverer.start()

    async def stop() -> None:
        deliverer.abandon()

    runtime.on_start(start)
    runtime.on_stop(stop)

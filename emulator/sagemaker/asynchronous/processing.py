"""One asynchronous request from its input to its answer: read, asked, written, told.

Everything is done with the execution role of the model, as SageMaker does it. Whatever goes wrong
is a failed request with a reason, never an exception.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from emulator.sagemaker.asynchronous import notices
from emulator.sagemaker.asynchronous.config import AsyncConfig
from emulator.sagemaker.asynchronous.metrics import AsyncMetrics
from emulator.sagemaker.asynchronous.requests import AsyncRequest, sent_headers
from emulator.sagemaker.serving import errors
from emulator.sagemaker.serving.fleet import InvocationTimeoutError, ModelFleet, NoInstanceError
from emulator.sagemaker.serving.interface import FleetClosedError
from emulator.sagemaker.serving.wire import Answer, render

_log = logging.getLogger(__name__)


class Stores(Protocol):
    """S3 and SNS as a role; what they raise is the reason of a failure."""

    def read(self, role: str, region: str, url: str) -> bytes:
        """The object."""
        ...

    def write(
        self, role: str, region: str, url: str, *, body: bytes, content_type: str, key: str | None
    ) -> None:
        """The object is there."""
        ...

    def publish(self, role: str, region: str, topic: str, message: str) -> None:
        """The topic has the message."""
        ...


class NotReachedError(Exception):
    """No container had the request: it may wait for another one."""


class RequestFailedError(Exception):
    """There will be no answer; the text is the reason, `metric` counts it."""

    def __init__(self, reason: str, metric: str | None = None) -> None:
        super().__init__(reason)
        self.metric = metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A request with the instance that is to answer it. `now` is the cloud's clock."""

    request: AsyncRequest
    config: AsyncConfig
    variant: str
    fleet: ModelFleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """Does the work."""

    stores: Stores
    metrics: AsyncMetrics
    now: Callable[[], float]

    async def process(self, work: Work) -> None:
        """The request is over, and whoever asked for news has it; or NotReachedError."""
        counted = {"TimeInBacklog": (self.now() - work.request.received) * 1e6}
        try:
            content_type = await self._answer(work, counted)
        except RequestFailedError as error:
            counted |= {"InvocationFailures": 1.0}
            if error.metric is not None:
                counted[error.metric] = 1.0
            await self.fail(work, str(error), counted)
            return
        counted["InvocationsProcessed"] = 1.0
        message = notices.completed(work.request, content_type=content_type, now=self.now())
        await self._tell(work, work.config.success_topic, message, counted)
        self._count(work, counted)

    async def fail(self, work: Work, reason: str, counted: dict[str, float]) -> None:
        """The failure is written and told."""
        request = work.request
        if request.failure_location is not None:
            try:
                await self._written(
                    work, request.failure_location, body=reason.encode(), content_type="text/plain"
                )
            except RequestFailedError:
                counted["ResponseUploadFailures"] = 1.0
        message = notices.failed(request, reason=reason, now=self.now())
        await self._tell(work, work.config.error_topic, message, counted)
        self._count(work, counted)

    async def _answer(self, work: Work, counted: dict[str, float]) -> str:
        """The answer is at its place; its content type."""
        began = time.perf_counter()
        body = await self._input(work)
        counted["RequestDownloadLatency"] = _microseconds(began)
        began = time.perf_counter()
        answer = await _asked(work, body)
        counted["ModelLatency"] = _microseconds(began)
        counted["Invocation4XXErrors"] = float(400 <= answer.status < 500)
        counted["Invocation5XXErrors"] = float(answer.status >= 500)
        if not 200 <= answer.status < 300:
            raise RequestFailedError(_said(work, answer))
        began = time.perf_counter()
        content_type = answer.headers.get("content-type", "application/octet-stream")
        location = work.request.output_location
        await self._written(work, location, body=answer.body, content_type=content_type)
        counted["ResponseUploadLatency"] = _microseconds(began)
        return content_type

    async def _input(self, work: Work) -> bytes:
        location = work.request.input_location
        if location is None:
            return work.request.body
        try:
            return await asyncio.to_thread(
                self.stores.read, _role(work), work.request.where.region, location
            )
        except Exception as error:
            reason = f"Unable to download the request payload from {location}: {error}"
            raise RequestFailedError(reason, "RequestDownloadFailures") from error

    async def _written(self, work: Work, location: str, *, body: bytes, content_type: str) -> None:
        def write() -> None:
            self.stores.write(
                _role(work),
                work.request.where.region,
                location,
                body=body,
                content_type=content_type,
                key=work.config.key,
            )

        try:
            await asyncio.to_thread(write)
        except Exception as error:
            reason = f"Unable to upload the response to {location}: {error}"
            raise RequestFailedError(reason, "ResponseUploadFailures") from error

    async def _tell(
        self, work: Work, topic: str | None, message: str, counted: dict[str, float]
    ) -> None:
        if topic is None:
            return
        region = work.request.where.region
        try:
            await asyncio.to_thread(self.stores.publish, _role(work), region, topic, message)
        except Exception:  # noqa: BLE001 - news that got lost is counted, the answer is there
            _log.info("a notification of an asynchronous request was not published", exc_info=True)
            counted["NotificationFailures"] = 1.0

    def _count(self, work: Work, counted: dict[str, float]) -> None:
        where = work.request.where
        total = (self.now() - work.request.received) * 1e3
        values = counted | {"TotalProcessingTime": total}
        self.metrics.of_request(where.tenant, where.endpoint, work.variant, values)


async def _asked(work: Work, body: bytes) -> Answer:
    sent = render("POST", "/invocations", sent_headers(work.request), body)
    try:
        async with asyncio.timeout(work.request.timeout_seconds):
            return await work.fleet.invoke(sent)
    except (TimeoutError, InvocationTimeoutError) as error:
        raise RequestFailedError("Your invocation timed out.") from error
    except (FleetClosedError, NoInstanceError) as error:
        raise NotReachedError from error
    except ConnectionError as error:
        response = errors.no_response(work.request.where, work.variant)
        raise RequestFailedError(str(json.loads(response.body)["Message"])) from error


def _said(work: Work, answer: Answer) -> str:
    response = errors.container_error(
        work.request.where, work.variant, status=answer.status, body=answer.body
    )
    return str(json.loads(response.body)["Message"])


def _role(work: Work) -> str:
    role = work.fleet.execution_role_arn
    if role is None:
        raise RuntimeError("a fleet of an endpoint always has its model's role")
    return role


def _microseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1e6

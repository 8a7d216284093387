"""Data capture: a sample of the traffic, written to S3 as JSON lines.

Format and paths are those of "Capture data from real-time endpoint" (SageMaker developer guide).
Requests only add to a buffer; one background task writes. Only answers with a 2xx are captured.
"""

import asyncio
import binascii
import json
import logging
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit

from emulator.sagemaker.ports import EndpointView
from emulator.sagemaker.serving.fleet import ModelFleet
from emulator.sagemaker.serving.interface import CaptureObject, CaptureStore
from emulator.sagemaker.serving.invoke import INFERENCE_ID, Invocation

_log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
"""Wall time between writes; SageMaker writes every few minutes or megabytes."""
MAX_BUFFERED_BYTES = 32 * 1024 * 1024
"""While more than this waits for S3, further records are dropped, which the log says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaptureRule:
    """A DataCaptureConfig, read once."""

    sampling_percentage: float
    bucket: str
    prefix: str
    modes: frozenset[str]
    csv_content_types: frozenset[str]
    json_content_types: frozenset[str]
    kms_key_id: str | None

    @classmethod
    def of(cls, config: Mapping[str, Any] | None) -> "CaptureRule | None":
        """The rule, or None where nothing is to be captured."""
        if config is None or config.get("EnableCapture", True) is False:
            return None
        destination = urlsplit(config["DestinationS3Uri"])
        header = config.get("CaptureContentTypeHeader", {})
        return cls(
            sampling_percentage=float(config["InitialSamplingPercentage"]),
            bucket=destination.netloc,
            prefix=destination.path.strip("/"),
            modes=frozenset(option["CaptureMode"] for option in config["CaptureOptions"]),
            csv_content_types=frozenset(header.get("CsvContentTypes", ())),
            json_content_types=frozenset(header.get("JsonContentTypes", ())),
            kms_key_id=config.get("KmsKeyId"),
        )

    def wants(self, mode: str) -> bool:
        """Whether that half of an invocation is captured."""
        return mode in self.modes or "InputAndOutput" in self.modes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """Where a line goes: lines of one target and flush become one object."""

    rule: CaptureRule
    role_arn: str | None
    region: str
    endpoint: str
    variant: str
    hour: str


@dataclass(kw_only=True, slots=True)
class DataCapture:
    """Samples invocations and writes them."""

    store: CaptureStore
    now: Callable[[], float]
    random_unit: Callable[[], float] = random.random
    flush_seconds: float = FLUSH_SECONDS
    _buffers: dict[_Target, list[bytes]] = field(default_factory=dict)
    _buffered_bytes: int = 0
    _dropped: int = 0
    _rules: dict[str, tuple[Mapping[str, Any] | None, CaptureRule | None]] = field(
        default_factory=dict
    )
    _task: asyncio.Task[None] | None = None

    def offer(self, invocation: Invocation) -> None:
        """The invocation is buffered if its endpoint's configuration and the draw want it."""
        rule = self._rule(invocation.view)
        if rule is None or self.random_unit() * 100 >= rule.sampling_percentage:
            return
        moment = datetime.fromtimestamp(self.now(), UTC)
        line = capture_line(rule, invocation, moment)
        if self._buffered_bytes + len(line) > MAX_BUFFERED_BYTES:
            self._dropped += 1
            return
        target = _Target(
            rule=rule,
            role_arn=cast("ModelFleet", invocation.variant.fleet).execution_role_arn,
            region=invocation.request.tenant.region,
            endpoint=invocation.view.name,
            variant=invocation.variant.name,
            hour=moment.strftime("%Y/%m/%d/%H"),
        )
        self._buffers.setdefault(target, []).append(line)
        self._buffered_bytes += len(line)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush_later())

    async def flush(self) -> None:
        """Everything captured so far is in S3, or its failure is in the server's log."""
        buffers, self._buffers, self._buffered_bytes = self._buffers, {}, 0
        if self._dropped > 0:
            _log.warning("data capture dropped %d records: S3 was too slow", self._dropped)
            self._dropped = 0
        for target, lines in buffers.items():
            moment = datetime.fromtimestamp(self.now(), UTC)
            try:
                await self.store(_object(target, moment, b"".join(lines)))
            except Exception:  # noqa: BLE001 - whatever the store raises must not stop the others
                _log.exception("data capture of endpoint %s could not be written", target.endpoint)

    async def close(self) -> None:
        """Nothing is left in the buffer and no task runs."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self.flush()

    async def _flush_later(self) -> None:
        await asyncio.sleep(self.flush_seconds)
        while self._buffers:
            await self.flush()
            await asyncio.sleep(self.flush_seconds)

    def _rule(self, view: EndpointView) -> CaptureRule | None:
        known = self._rules.get(view.arn)
        if known is None or known[0] is not view.data_capture:
            known = (view.data_capture, CaptureRule.of(view.data_capture))
            self._rules[view.arn] = known
        return known[1]


def capture_line(rule: CaptureRule, invocation: Invocation, moment: datetime) -> bytes:
    """One line of a capture file."""
    request, answer = invocation.request, invocation.answer
    data: dict[str, Any] = {}
    if rule.wants("Input"):
        content_type = request.headers.get("content-type")
        data["endpointInput"] = _half(rule, "INPUT", content_type, request.body)
    if rule.wants("Output"):
        content_type = answer.headers.get("content-type")
        data["endpointOutput"] = _half(rule, "OUTPUT", content_type, answer.body)
    event: dict[str, Any] = {"eventId": str(uuid.uuid4())}
    if INFERENCE_ID in request.headers:
        event["inferenceId"] = request.headers[INFERENCE_ID]
    event["inferenceTime"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    document = {"captureData": data, "eventMetadata": event, "eventVersion": "0"}
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def _half(
    rule: CaptureRule, mode: str, content_type: str | None, body: bytes
) -> dict[str, str | None]:
    """Text as it is where its media type was listed, base64 otherwise (the documented default)."""
    media_type = (content_type or "").partition(";")[0].strip()
    encoding = "BASE64"
    if media_type in rule.csv_content_types:
        encoding = "CSV"
    elif media_type in rule.json_content_types:
        encoding = "JSON"
    if encoding == "BASE64":
        data = binascii.b2a_base64(body, newline=False).decode()
    else:
        data = body.decode("utf-8", errors="replace")
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}


def _object(target: _Target, moment: datetime, body: bytes) -> CaptureObject:
    name = f"{moment:%M-%S}-{moment.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
    parts = [target.rule.prefix, target.endpoint, target.variant, target.hour, name]
    return CaptureObject(
        role_arn=target.role_arn,
        region=target.region,
        bucket=target.rule.bucket,
        key="/".join(part for part in parts if part),
        body=body,
        kms_key_id=target.rule.kms_key_id,
    )

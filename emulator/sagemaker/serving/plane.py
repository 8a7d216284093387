"""The data plane put together: fleets, invocations and data capture of one embedded cloud.

The control plane needs the fleets before it can say what serves, and the runtime needs what serves:
so the plane is made first and given its views when they exist.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker.ports import EndpointViews, InvocationMetrics
from emulator.sagemaker.serving.capture import DataCapture
from emulator.sagemaker.serving.fleet import FleetSettings, ModelFleets
from emulator.sagemaker.serving.interface import CaptureObject, CaptureStore
from emulator.sagemaker.serving.invoke import Invoker

ClientOfRole = Callable[[str, str], Any]
"""(role ARN, region) -> an S3 client that acts as the role; may block."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DataPlane:
    """All that serves."""

    fleets: ModelFleets
    capture: DataCapture

    @classmethod
    def create(cls, settings: FleetSettings, store: CaptureStore) -> "DataPlane":
        """A data plane without processes yet."""
        return cls(fleets=ModelFleets(settings), capture=DataCapture(store=store, now=settings.now))

    def invoker(self, views: EndpointViews, metrics: InvocationMetrics) -> Invoker:
        """What answers InvokeEndpoint for those views."""
        return Invoker(views=views, metrics=metrics, capture=self.capture)

    async def close(self) -> None:
        """What was captured is written, and no process is left."""
        await self.capture.close()
        await self.fleets.close()


def s3_capture_store(client_of: ClientOfRole) -> CaptureStore:
    """Writes captured data through the front door, signed by a session of the execution role."""

    async def store(captured: CaptureObject) -> None:
        await asyncio.to_thread(_put, client_of, captured)

    return store


def _put(client_of: ClientOfRole, captured: CaptureObject) -> None:
    if captured.role_arn is None:
        raise PermissionError("data capture needs an execution role, the model has none")
    encryption = (
        {}
        if captured.kms_key_id is None
        else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": captured.kms_key_id}
    )
    client_of(captured.role_arn, captured.region).put_object(
        Bucket=captured.bucket, Key=captured.key, Body=captured.body, **encryption
    )

"""Data capture: what is written, where, how much of it."""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import EndpointView, Fleet, VariantView
from emulator.sagemaker.serving.capture import DataCapture
from emulator.sagemaker.serving.interface import CaptureObject, InvokeRequest
from emulator.sagemaker.serving.invoke import Invocation
from emulator.sagemaker.serving.wire import Answer

ROLE = "arn:aws:iam::123456789012:role/model"
AT = 1_700_000_000.25  # 2023-11-14T22:13:20.250Z
CONFIG: dict[str, Any] = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/some/prefix",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
}


@dataclass(frozen=True)
class FleetOfRole:
    """A fleet of which only the role is asked."""

    execution_role_arn: str = ROLE


@dataclass
class Store:
    """Keeps the objects, or fails."""

    objects: list[CaptureObject] = field(default_factory=list)
    stored: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    async def __call__(self, captured: CaptureObject) -> None:
        """Keep it."""
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        self.objects.append(captured)
        self.stored.set()


def invocation(config: dict[str, Any] | None, **headers: str) -> Invocation:
    """An invocation of variant blue with a JSON request and a CSV answer."""
    variant = VariantView(
        name="blue", weight=1, fleet=cast("Fleet", FleetOfRole()), config="config-1"
    )
    view = EndpointView(
        name="reviews",
        arn="arn:aws:sagemaker:eu-west-1:123456789012:endpoint/reviews",
        status="InService",
        config_name="config-1",
        variants=(variant,),
        data_capture=config,
    )
    request = InvokeRequest(
        tenant=Tenant("123456789012", "eu-west-1"),
        endpoint="reviews",
        headers={"content-type": "application/json", **headers},
        body=b'{"a": 1}',
    )
    answer = Answer(status=200, headers={"content-type": "text/csv; charset=utf-8"}, body=b"0.5\n")
    return Invocation(view=view, variant=variant, request=request, answer=answer)


def captured(
    config: dict[str, Any] | None, *, count: int = 1, unit: float = 0.5, **headers: str
) -> list[CaptureObject]:
    """The objects that `count` invocations leave."""
    store = Store()

    async def story() -> None:
        capture = DataCapture(store=store, now=lambda: AT, random_unit=lambda: unit)
        for _ in range(count):
            capture.offer(invocation(config, **headers))
        await capture.close()

    asyncio.run(story())
    return store.objects


def test_a_line_has_awss_format() -> None:
    """Input, output and event metadata are where AWS puts them; unlisted types are base64."""
    (stored,) = captured(CONFIG, **{"x-amzn-sagemaker-inference-id": "id-1"})
    line = json.loads(stored.body)
    event_id = line["eventMetadata"].pop("eventId")
    assert len(event_id) == 36
    assert line == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "application/json",
                "mode": "INPUT",
                "data": '{"a": 1}',
                "encoding": "JSON",
            },
            "endpointOutput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "OUTPUT",
                "data": base64.b64encode(b"0.5\n").decode(),
                "encoding": "BASE64",
            },
        },
        "eventMetadata": {"inferenceId": "id-1", "inferenceTime": "2023-11-14T22:13:20Z"},
        "eventVersion": "0",
    }


def test_the_path_is_prefix_endpoint_variant_and_hour() -> None:
    """An object lies under <prefix>/<endpoint>/<variant>/yyyy/mm/dd/hh/, written as the role."""
    (stored,) = captured(CONFIG)
    folder, _, name = stored.key.rpartition("/")
    assert (stored.role_arn, stored.bucket, folder) == (
        ROLE,
        "bucket",
        "some/prefix/reviews/blue/2023/11/14/22",
    )
    assert name.startswith("13-20-250-")
    assert name.endswith(".jsonl")


def test_invocations_of_one_flush_share_an_object() -> None:
    """Three invocations make one object of three lines."""
    (stored,) = captured(CONFIG, count=3)
    assert len(stored.body.splitlines()) == 3


@pytest.mark.parametrize(("percentage", "unit", "kept"), [(10, 0.0999, 1), (10, 0.1, 0), (0, 0, 0)])
def test_the_sampling_percentage_decides(percentage: int, unit: float, kept: int) -> None:
    """A draw below the percentage is captured; 0 per cent captures nothing."""
    config = {**CONFIG, "InitialSamplingPercentage": percentage}
    assert len(captured(config, unit=unit)) == kept


@pytest.mark.parametrize("config", [None, {**CONFIG, "EnableCapture": False}])
def test_nothing_is_captured_unless_wanted(config: dict[str, Any] | None) -> None:
    """No configuration, or one that is switched off, captures nothing."""
    assert captured(config) == []


@pytest.mark.parametrize(
    ("mode", "halves"),
    [
        ("Input", ["endpointInput"]),
        ("Output", ["endpointOutput"]),
        ("InputAndOutput", ["endpointInput", "endpointOutput"]),
    ],
)
def test_only_the_wanted_halves_are_captured(mode: str, halves: list[str]) -> None:
    """CaptureOptions choose input, output or both."""
    (stored,) = captured({**CONFIG, "CaptureOptions": [{"CaptureMode": mode}]})
    assert list(json.loads(stored.body)["captureData"]) == halves


def test_a_store_that_fails_does_not_stop_the_next_flush() -> None:
    """One refused write is logged; later captures are written."""
    store = Store(failure=PermissionError("AccessDenied"))

    async def story() -> None:
        capture = DataCapture(store=store, now=lambda: AT)
        capture.offer(invocation(CONFIG))
        await capture.flush()
        capture.offer(invocation(CONFIG))
        await capture.close()

    asyncio.run(story())
    assert len(store.objects) == 1


def test_captures_are_written_without_anyone_asking() -> None:
    """A background task flushes."""
    store = Store()

    async def story() -> None:
        capture = DataCapture(store=store, now=lambda: AT, flush_seconds=0.01)
        capture.offer(invocation(CONFIG))
        await asyncio.wait_for(store.stored.wait(), 5)
        await capture.close()

    asyncio.run(story())

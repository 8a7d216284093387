"""Asynchronous endpoints of the control plane: what is refused, and what an update keeps."""

import asyncio
from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError

OUTPUT = {"OutputConfig": {"S3OutputPath": "s3://answers/out"}}
CAPTURE = {
    "InitialSamplingPercentage": 10,
    "DestinationS3Uri": "s3://captures/x",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


def variant(model: str, count: int = 2) -> dict[str, Any]:
    """A variant on instances."""
    return {
        "VariantName": "blue",
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": count,
    }


async def _config(story: Any, name: str, model: str, **members: Any) -> None:
    members.setdefault("AsyncInferenceConfig", OUTPUT)
    await story.call(
        "CreateEndpointConfig",
        EndpointConfigName=name,
        ProductionVariants=[variant(model)],
        **members,
    )


async def _endpoint(story: Any) -> None:
    for model in ("v1", "v2"):
        await story.model(model)
    await _config(story, "first", "v1")
    await _config(story, "second", "v2")
    await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="first")
    await story.settled()


async def _resize(story: Any, count: int) -> None:
    wish = {"VariantName": "blue", "DesiredInstanceCount": count}
    await story.call(
        "UpdateEndpointWeightsAndCapacities", EndpointName="e", DesiredWeightsAndCapacities=[wish]
    )
    await story.settled()


def _refusal(tale: Any) -> SageMakerError:
    with pytest.raises(SageMakerError) as caught:
        asyncio.run(tale)
    return caught.value


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        (
            {"ShadowProductionVariants": [variant("v1") | {"VariantName": "green"}]},
            "ValidationException",
            "Shadow variants",
        ),
        ({"DataCaptureConfig": CAPTURE}, "NotEmulatedException", "data capture"),
        (
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "https://x/y"}}},
            "NotEmulatedException",
            "S3OutputPath of s3://",
        ),
        (
            {
                "AsyncInferenceConfig": {
                    "OutputConfig": {
                        **OUTPUT["OutputConfig"],
                        "NotificationConfig": {
                            "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"]
                        },
                    }
                }
            },
            "NotEmulatedException",
            "answers inside notifications",
        ),
    ],
)
def test_configuration_is_refused(story: Any, members: dict[str, Any], code: str, words: str):
    """What AWS refuses, and what only the embedded cloud does not do, have codes of their own."""

    async def tale() -> None:
        await story.model("v1")
        await _config(story, "c", "v1", **members)

    refused = _refusal(tale())
    assert refused.code == code
    assert words in refused.message


def test_endpoint_may_sleep_and_an_update_lets_it(story: Any, world: Any):
    """No instances are kept by RetainAllVariantProperties like any other number."""

    async def tale() -> dict[str, Any]:
        await _endpoint(story)
        await _resize(story, 0)
        await story.call(
            "UpdateEndpoint",
            EndpointName="e",
            EndpointConfigName="second",
            RetainAllVariantProperties=True,
        )
        await story.settled()
        return dict(await story.described())

    described = asyncio.run(tale())
    (only,) = described["ProductionVariants"]
    assert (described["EndpointConfigName"], only["CurrentInstanceCount"]) == ("second", 0)
    assert [fleet.spec.invocation_timeout_seconds for fleet in world.open_fleets] == [3_600.0]


def test_steps_of_an_endpoint_that_sleeps_are_refused(story: Any):
    """A part of no instances is nothing."""
    routing = {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 60,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
    }

    async def tale() -> None:
        await _endpoint(story)
        await _resize(story, 0)
        await story.call(
            "UpdateEndpoint",
            EndpointName="e",
            EndpointConfigName="second",
            RetainAllVariantProperties=True,
            DeploymentConfig={"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}},
        )

    assert "stepwise updates" in _refusal(tale()).message


def test_endpoint_that_answers_keeps_an_instance(story: Any):
    """Only asynchronous ones may have none."""

    async def tale() -> None:
        await story.endpoint()
        await _resize(story, 0)

    assert "must be at least 1" in _refusal(tale()).message


def test_kind_of_an_endpoint_is_not_changed(story: Any):
    """What AWS does is not known, and so not played."""

    async def tale() -> None:
        await story.endpoint()
        await _config(story, "queued", "v2")
        await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="queued")

    assert _refusal(tale()).code == "NotEmulatedException"

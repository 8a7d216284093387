"""Serverless endpoints of the control plane: what is refused, what is described, what updates."""

import asyncio
from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError

SMALL = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
ALL_AT_ONCE = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60}


async def _config(story: Any, name: str, model: str = "v1", **members: Any) -> None:
    variant = {"VariantName": "blue", "ModelName": model, **members.pop("variant", {})}
    variants = [variant | {"ServerlessConfig": members.pop("serverless", SMALL)}]
    variants += members.pop("more", [])
    await story.call(
        "CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=variants, **members
    )


async def _endpoint(story: Any) -> None:
    for model in ("v1", "v2"):
        await story.model(model)
    await _config(story, "first")
    await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="first")
    await story.settled()


def _refusal(tale: Any) -> SageMakerError:
    with pytest.raises(SageMakerError) as caught:
        asyncio.run(tale)
    return caught.value


CAPTURE = {
    "InitialSamplingPercentage": 10,
    "DestinationS3Uri": "s3://captures/x",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
TWO = [{"VariantName": "green", "ModelName": "v1", "ServerlessConfig": SMALL}]
REFUSED = [
    ({"serverless": {"MemorySizeInMB": 1536, "MaxConcurrency": 5}}, "must be one of 1024, 2048"),
    ({"serverless": SMALL | {"ProvisionedConcurrency": 6}}, "at most MaxConcurrency (5), got 6"),
    ({"more": TWO}, "one production variant, got 2"),
    ({"variant": {"InstanceType": "ml.m5.large"}}, "InstanceType is not supported"),
    ({"DataCaptureConfig": CAPTURE}, "DataCaptureConfig is not supported"),
    ({"KmsKeyId": "key"}, "KmsKeyId is not supported"),
    ({"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}}, "VpcConfig is not"),
    (
        {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://out/"}}},
        "AsyncInferenceConfig is not supported",
    ),
]


@pytest.mark.parametrize(("members", "words"), REFUSED)
def test_configuration_that_serverless_cannot_have_is_refused(
    story: Any, members: dict[str, Any], words: str
):
    """Each exclusion is named, with the value."""

    async def tale() -> None:
        await story.model("v1")
        await _config(story, "c", **members)

    refused = _refusal(tale())
    assert refused.code == "ValidationException"
    assert words in refused.message


def test_model_in_a_network_of_its_own_is_refused(story: Any):
    """A serverless endpoint reaches into no VPC."""

    async def tale() -> None:
        await story.call(
            "CreateModel",
            ModelName="v1",
            ExecutionRoleArn="arn:aws:iam::123456789012:role/exec",
            PrimaryContainer={"Image": "image:1", "ModelDataUrl": "s3://models/v1.tar.gz"},
            VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        )
        await _config(story, "c")

    assert "model v1 has VpcConfig" in _refusal(tale()).message


def test_endpoint_is_described_by_its_concurrency(story: Any, world: Any):
    """It has no instance counts, before and after a weight change."""

    async def tale() -> dict[str, Any]:
        await _endpoint(story)
        await story.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="e",
            DesiredWeightsAndCapacities=[{"VariantName": "blue", "DesiredWeight": 1.0}],
        )
        await story.settled()
        (variant,) = (await story.described())["ProductionVariants"]
        return dict(variant)

    variant = asyncio.run(tale())
    assert variant["CurrentServerlessConfig"] == variant["DesiredServerlessConfig"] == SMALL
    assert "CurrentInstanceCount" not in variant
    assert world.fleets[0].spec.on_demand.max_concurrency == 5


def test_update_goes_all_at_once_and_keeps_no_instance_count(story: Any, world: Any):
    """With RetainAllVariantProperties as without: the new version has what its template says."""

    async def tale() -> dict[str, Any]:
        await _endpoint(story)
        await _config(story, "next", "v2", serverless=SMALL | {"MaxConcurrency": 7})
        await story.call(
            "UpdateEndpoint",
            EndpointName="e",
            EndpointConfigName="next",
            RetainAllVariantProperties=True,
            DeploymentConfig={
                "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": ALL_AT_ONCE}
            },
        )
        await story.settled()
        return dict(await story.described())

    described = asyncio.run(tale())
    assert described["EndpointConfigName"] == "next"
    (variant,) = described["ProductionVariants"]
    assert variant["CurrentServerlessConfig"]["MaxConcurrency"] == 7
    assert [fleet.spec.model.name for fleet in world.open_fleets] == ["v2"]


CANARY = {
    "Type": "CANARY",
    "WaitIntervalInSeconds": 60,
    "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
}
ROLLING = {
    "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
    "WaitIntervalInSeconds": 60,
}


@pytest.mark.parametrize(
    ("deployment", "got"),
    [
        ({"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": CANARY}}, "got CANARY"),
        ({"RollingUpdatePolicy": ROLLING}, "got a RollingUpdatePolicy"),
    ],
)
def test_steps_of_instances_are_refused(story: Any, deployment: dict[str, Any], got: str):
    """There are none to go by."""

    async def tale() -> None:
        await _endpoint(story)
        await _config(story, "next", "v2")
        await story.call(
            "UpdateEndpoint",
            EndpointName="e",
            EndpointConfigName="next",
            DeploymentConfig=deployment,
        )

    assert got in _refusal(tale()).message


def test_endpoint_on_instances_is_not_made_serverless(story: Any):
    """The endpoint stays as it was."""

    async def tale() -> None:
        await story.endpoint()
        await _config(story, "on-demand", "v2")
        await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="on-demand")

    assert "cannot be updated to a serverless one" in _refusal(tale()).message


def test_serverless_endpoint_may_move_to_instances(story: Any, world: Any):
    """AWS allows that, and never the way back."""

    async def tale() -> dict[str, Any]:
        await _endpoint(story)
        await story.config("next", {"blue": ("v2", 1.0, 2)})
        await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="next")
        await story.settled()
        (variant,) = (await story.described())["ProductionVariants"]
        return dict(variant)

    variant = asyncio.run(tale())
    assert variant["CurrentInstanceCount"] == 2
    assert "CurrentServerlessConfig" not in variant


def test_instance_counts_are_refused(story: Any):
    """A wish for instances says that there are none."""

    async def tale() -> None:
        await _endpoint(story)
        await story.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="e",
            DesiredWeightsAndCapacities=[{"VariantName": "blue", "DesiredInstanceCount": 2}],
        )

    assert "is serverless and has no instances" in _refusal(tale()).message

"""Updates of endpoints whose variants are scalable targets."""

import asyncio
from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.scaling import scaled_variants

BOTH = {"blue": ("v1", 1.0, 2), "green": ("v1", 0.0, 2)}


def updated(story: Any, variants: dict[str, Any], **config: Any) -> str:
    """What an update to this configuration comes to: the error, or what serves."""

    async def run() -> str:
        await story.endpoint()
        await story.config("other", variants, **config)
        try:
            await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="other")
        except SageMakerError as error:
            told = await story.described()
            assert (told["EndpointStatus"], told["EndpointConfigName"]) == ("InService", "first")
            return f"{error.code}: {error.message}"
        await story.settled()
        return str((await story.described())["EndpointConfigName"])

    return asyncio.run(run())


def test_another_instance_type_of_a_scaled_variant_is_refused(story: Any, world: Any):
    """Application Auto Scaling checks it, and the endpoint stays as it is."""
    world.scaled = {"green"}
    said = updated(story, BOTH, instance_type="ml.m5.xlarge")
    assert said.startswith("ValidationException: The variant(s) green are scalable targets")


def test_taking_a_scaled_variant_away_is_refused(story: Any, world: Any):
    """It has to be deregistered first."""
    world.scaled = {"blue", "green"}
    assert "The variant(s) green are" in updated(story, {"blue": ("v1", 1.0, 2)})


@pytest.mark.parametrize("scaled", [set(), {"another"}])
def test_without_scalable_targets_anything_goes(story: Any, world: Any, scaled: set[str]):
    """Instance types change, variants go."""
    world.scaled = scaled
    assert updated(story, {"blue": ("v1", 1.0, 2)}, instance_type="ml.m5.xlarge") == "other"


def test_another_model_of_a_scaled_variant_is_allowed(story: Any, world: Any):
    """That is not expected to change how it scales."""
    world.scaled = {"blue", "green"}
    assert updated(story, {**BOTH, "green": ("v2", 0.0, 3)}) == "other"


def test_targets_are_told_apart_by_endpoint_and_dimension():
    """Other services, other dimensions and other endpoints are none of them."""
    targets = [
        ("sagemaker", "sagemaker:variant:DesiredInstanceCount", "endpoint/e/variant/blue"),
        ("sagemaker", "sagemaker:variant:DesiredInstanceCount", "endpoint/e2/variant/green"),
        ("sagemaker", "sagemaker:inference-component:DesiredCopyCount", "inference-component/e"),
        ("ecs", "ecs:service:DesiredCount", "endpoint/e/variant/green"),
    ]
    properties = [
        {"ServiceNamespace": space, "ScalableDimension": dimension, "ResourceId": resource}
        for space, dimension, resource in targets
    ]
    assert scaled_variants(properties, "e") == {"blue"}

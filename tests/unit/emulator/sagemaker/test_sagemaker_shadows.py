"""Shadow variants of endpoints: one beside one production variant, told apart everywhere."""

import asyncio
from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant

TENANT = Tenant("123456789012", "eu-west-1")


def _variant(name: str, model: str, **more: Any) -> dict[str, Any]:
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        **more,
    }


async def _shadowed(story: Any, *, config: str = "shadowed", weight: float = 1.0) -> None:
    """A configuration in which blue serves v1 and green, its shadow, has v2."""
    await story.call(
        "CreateEndpointConfig",
        EndpointConfigName=config,
        ProductionVariants=[_variant("blue", "v1")],
        ShadowProductionVariants=[_variant("green", "v2", InitialVariantWeight=weight)],
    )


def _story(tale: Any) -> Any:
    return asyncio.run(tale)


def test_a_configuration_shows_its_shadow(story: Any) -> None:
    """DescribeEndpointConfig gives it back, with the weight that it has when none is given."""

    async def tale() -> Any:
        for model in ("v1", "v2"):
            await story.model(model)
        await story.call(
            "CreateEndpointConfig",
            EndpointConfigName="c",
            ProductionVariants=[_variant("blue", "v1")],
            ShadowProductionVariants=[_variant("green", "v2")],
        )
        return await story.call("DescribeEndpointConfig", EndpointConfigName="c")

    (shadow,) = _story(tale())["ShadowProductionVariants"]
    assert (shadow["VariantName"], shadow["InitialVariantWeight"]) == ("green", 1.0)


@pytest.mark.parametrize(
    ("production", "shadows", "words"),
    [
        (["blue", "red"], ["green"], "one variant for ProductionVariants"),
        (["blue"], ["green", "red"], "one variant for ShadowProductionVariants"),
        (["blue"], ["blue"], "must be unique"),
    ],
)
def test_other_numbers_of_variants_are_refused(
    story: Any, production: list[str], shadows: list[str], words: str
) -> None:
    """A shadow takes exactly one production variant beside it, of another name."""

    async def tale() -> None:
        await story.model("v1")
        await story.call(
            "CreateEndpointConfig",
            EndpointConfigName="c",
            ProductionVariants=[_variant(name, "v1") for name in production],
            ShadowProductionVariants=[_variant(name, "v1") for name in shadows],
        )

    with pytest.raises(SageMakerError, match=words):
        _story(tale())


def test_serverless_shadows_are_refused(story: Any) -> None:
    """Copies go to instances."""

    async def tale() -> None:
        await story.model("v1")
        serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 1}
        shadow = {"VariantName": "green", "ModelName": "v1", "ServerlessConfig": serverless}
        await story.call(
            "CreateEndpointConfig",
            EndpointConfigName="c",
            ProductionVariants=[_variant("blue", "v1")],
            ShadowProductionVariants=[shadow],
        )

    with pytest.raises(SageMakerError, match="not supported with ServerlessConfig"):
        _story(tale())


def test_an_endpoint_tells_its_shadow_apart(story: Any) -> None:
    """DescribeEndpoint has it in a list of its own, and requests see it beside the others."""

    async def tale() -> tuple[Any, Any]:
        for model in ("v1", "v2"):
            await story.model(model)
        await _shadowed(story)
        await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="shadowed")
        await story.settled()
        return await story.described(), story.world.store

    described, store = _story(tale())
    assert [v["VariantName"] for v in described["ProductionVariants"]] == ["blue"]
    assert [v["VariantName"] for v in described["ShadowProductionVariants"]] == ["green"]
    view = store.view(TENANT, "e")
    assert [v.name for v in view.variants] == ["blue"]
    assert [v.name for v in view.shadows] == ["green"]


def test_a_shadow_becomes_a_production_variant_and_keeps_its_process(story: Any) -> None:
    """The update after a pass moves the slot to the production variants, with the given weight."""

    async def tale() -> tuple[Any, Any]:
        for model in ("v1", "v2"):
            await story.model(model)
        await _shadowed(story)
        await story.config("both", {"blue": ("v1", 1.0, 1), "green": ("v2", 0.0, 1)})
        await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="shadowed")
        await story.settled()
        await story.call(
            "UpdateEndpoint",
            EndpointName="e",
            EndpointConfigName="both",
            RetainAllVariantProperties=True,
        )
        await story.settled()
        return await story.described(), story.world.fleets

    described, fleets = _story(tale())
    weights = {v["VariantName"]: v["CurrentWeight"] for v in described["ProductionVariants"]}
    assert weights == {"blue": 1.0, "green": 0.0}
    assert "ShadowProductionVariants" not in described
    assert [fleet.closed for fleet in fleets] == [False, False]


def test_a_slot_that_becomes_a_shadow_loses_its_weight_as_production_variant(story: Any) -> None:
    """What is retained are properties of production variants."""

    async def tale() -> Any:
        await story.endpoint()
        await _shadowed(story, weight=1.0)
        await story.call(
            "UpdateEndpoint",
            EndpointName="e",
            EndpointConfigName="shadowed",
            RetainAllVariantProperties=True,
        )
        await story.settled()
        return await story.described()

    (shadow,) = _story(tale())["ShadowProductionVariants"]
    assert shadow["CurrentWeight"] == 1.0


def test_a_shadow_takes_no_weight_of_the_traffic(story: Any) -> None:
    """UpdateEndpointWeightsAndCapacities knows production variants only."""

    async def tale() -> None:
        for model in ("v1", "v2"):
            await story.model(model)
        await _shadowed(story)
        await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="shadowed")
        await story.settled()
        wish = {"VariantName": "green", "DesiredWeight": 1.0}
        await story.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="e",
            DesiredWeightsAndCapacities=[wish],
        )

    with pytest.raises(SageMakerError, match="not present within endpoint configuration"):
        _story(tale())


def test_a_sick_shadow_fails_the_update_and_the_old_fleet_serves_on(story: Any, world: Any) -> None:
    """Every variant must be healthy before anything is replaced, shadows too."""

    async def tale() -> Any:
        await story.endpoint()
        world.sick_models.add("v2")
        await _shadowed(story)
        await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="shadowed")
        await story.settled()
        return await story.described()

    described = _story(tale())
    assert (described["EndpointConfigName"], described["EndpointStatus"]) == ("first", "InService")
    assert "ShadowProductionVariants" not in described

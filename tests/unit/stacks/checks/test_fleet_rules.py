"""Rules for endpoints: each finds what it is for, in a template that is right otherwise."""

from typing import Any

import pytest

from stacks.checks.template_rules import template_faults

Changes = dict[str, Any]


def canary(value: int = 50, **changes: Any) -> Changes:
    """A canary by SageMaker, as it must be."""
    routing = {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": value},
        "WaitIntervalInSeconds": 600,
        **changes,
    }
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}


def rolling(value: int = 2, kind: str = "INSTANCE_COUNT") -> Changes:
    """A rolling update, as it must be."""
    batch = {"Type": kind, "Value": value}
    return {"RollingUpdatePolicy": {"MaximumBatchSize": batch, "WaitIntervalInSeconds": 60}}


def linear(value: int = 25) -> Changes:
    """Linear steps, as they must be."""
    size = {"Type": "CAPACITY_PERCENT", "Value": value}
    routing = {"Type": "LINEAR", "LinearStepSize": size, "WaitIntervalInSeconds": 0}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}


def variant(name: str = "blue", **changes: Any) -> Changes:
    """A variant of four instances."""
    return {"VariantName": name, "InitialVariantWeight": 1, "InitialInstanceCount": 4, **changes}


def serverless(memory: int = 2048, **changes: Any) -> Changes:
    """A serverless variant."""
    config = {"MemorySizeInMB": memory, "MaxConcurrency": 20, **changes}
    return {"VariantName": "blue", "InitialVariantWeight": 1, "ServerlessConfig": config}


def template(
    deployment: Changes | None = None,
    variants: list[Changes] | None = None,
    shadows: list[Changes] | None = None,
) -> dict[str, Any]:
    """An endpoint with its configuration."""
    config: dict[str, Any] = {"ProductionVariants": [variant()] if variants is None else variants}
    if shadows is not None:
        config["ShadowProductionVariants"] = shadows
    endpoint: dict[str, Any] = {
        "EndpointName": "e",
        "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
        "RetainAllVariantProperties": True,
    }
    if deployment is not None:
        endpoint["DeploymentConfig"] = deployment
    return {
        "Resources": {
            "Config": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "UpdateReplacePolicy": "Retain",
                "Properties": config,
            },
            "Endpoint": {"Type": "AWS::SageMaker::Endpoint", "Properties": endpoint},
        }
    }


GOOD = [
    template(),
    template(canary()),
    template(canary(1)),
    template(linear()),
    template(rolling()),
    template(rolling(5, "CAPACITY_PERCENT")),
    template(shadows=[variant("green")]),
    template(variants=[serverless()]),
    template(variants=[variant("blue"), variant("green")]),
]


@pytest.mark.parametrize("good", GOOD)
def test_what_sagemaker_takes_has_no_faults(good: dict[str, Any]):
    """Bounds included."""
    assert template_faults(good) == ()


BAD = [
    (template({**canary(), **rolling()}), "got both"),
    (template({}), "got neither"),
    (template(canary(75)), "CanarySize is 75 percent, must be 1 to 50"),
    (template(canary(CanarySize=None)), "CanarySize is missing"),
    (template(canary(LinearStepSize={})), "LinearStepSize does not go with CANARY"),
    (template(canary(WaitIntervalInSeconds=3_601)), "must be 0 to 3600"),
    (template(linear(5)), "LinearStepSize is 5 percent, must be 10 to 50"),
    (template(linear(60)), "LinearStepSize is 60 percent, must be 10 to 50"),
    (template(rolling(90, "CAPACITY_PERCENT")), "MaximumBatchSize is 90 percent, must be 5 to 50"),
    (template(rolling(3)), "MaximumBatchSize is 3 of 4 instances, at most half"),
    (template(variants=[variant(), variant()]), "variant names must differ"),
    (
        template(variants=[variant("blue"), variant("green")], shadows=[variant("c")]),
        "got 1 beside 2",
    ),
    (template(shadows=[variant("c"), variant("d")]), "got 2 beside 1"),
    (template(variants=[serverless(1500)]), "MemorySizeInMB is 1500, must be 1024 to 6144"),
    (template(variants=[serverless(ProvisionedConcurrency=21)]), "above MaxConcurrency, 20"),
    (template(variants=[serverless(), variant("green")]), "a serverless endpoint has one variant"),
]


@pytest.mark.parametrize(("bad", "words"), BAD, ids=[words for _, words in BAD])
def test_what_sagemaker_refuses_is_found_before(bad: dict[str, Any], words: str):
    """Each by one sentence."""
    faults = template_faults(bad)
    assert len(faults) == 1, faults
    assert words in faults[0]


def test_a_missing_wait_is_found():
    """The API needs it, and the template's schema does not."""
    deployment = canary()
    del deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"]
    (fault,) = template_faults(template(deployment))
    assert "WaitIntervalInSeconds is missing" in fault

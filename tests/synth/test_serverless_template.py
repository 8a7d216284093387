"""The template of a serverless model: one variant, its limits, and what goes without instances."""

from pathlib import Path
from typing import Any

import pytest

from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import synthesized

STACK = "on-demand-dev-model-flights"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example's assembly."""
    folder: Path = tmp_path_factory.mktemp("serverless")
    return synthesized(ROOT / "examples" / "hosting" / "serverless.yaml", folder)


def only(template: Assembly, kind: str) -> dict[str, Any]:
    """The properties of the only resource of a type."""
    (resource,) = template.resources(STACK, kind).values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


def test_one_variant_has_memory_and_concurrency(template: Assembly):
    """And nothing of instances: no type, count, start limit or volume key."""
    config = only(template, "AWS::SageMaker::EndpointConfig")
    (variant,) = config["ProductionVariants"]

    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 10}
    assert set(variant) == {
        "VariantName",
        "ModelName",
        "InitialVariantWeight",
        "ServerlessConfig",
    }
    assert not {"KmsKeyId", "DataCaptureConfig"} & set(config)


def test_all_traffic_moves_at_once_and_our_alarm_takes_it_back(template: Assembly):
    """The deploy is the release."""
    deployment = only(template, "AWS::SageMaker::Endpoint")["DeploymentConfig"]
    routing = deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]

    assert routing == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 900}
    assert len(deployment["AutoRollbackConfiguration"]["Alarms"]) == 1


def test_nothing_is_scaled_and_full_concurrency_is_told(template: Assembly):
    """Refused requests are in no other metric of the endpoint."""
    assert template.resources(STACK, "AWS::ApplicationAutoScaling::ScalableTarget") == {}
    alarms = template.resources(STACK, "AWS::CloudWatch::Alarm")
    crowded = alarms["BlueCrowded"]["Properties"]
    assert crowded["MetricName"] == "ServerlessConcurrentExecutionsUtilization"
    assert (crowded["Statistic"], crowded["Threshold"]) == ("Maximum", 0.9)

"""What bills while idle: counted in templates, at dated prices, and never guessed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stacks.idle_costs import (
    COSTS_FILE,
    HOURS_A_MONTH,
    StackCost,
    assembly_costs,
    over_budget,
    stack_cost,
    told,
    write_costs,
)
from stacks.project.spec import BudgetSpec, StageSpec

STAGE = StageSpec(name="dev", region="us-east-1", partition="aws")
CONFIG = {
    "Type": "AWS::SageMaker::EndpointConfig",
    "Properties": {
        "ProductionVariants": [
            {"VariantName": "blue", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2},
            {"VariantName": "green", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2},
        ]
    },
}
ENDPOINT = {
    "Type": "AWS::SageMaker::Endpoint",
    "Properties": {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
}
HOSTED: dict[str, Any] = {"Config": CONFIG, "Endpoint": ENDPOINT}


def cost(resources: dict[str, Any], region: str = "us-east-1") -> StackCost:
    """What a stack with these resources bills."""
    return stack_cost("s", resources, region=region)


def _one(kind: str, **properties: Any) -> dict[str, Any]:
    return {"R": {"Type": kind, "Properties": properties}}


def test_instances_of_both_slots_bill_all_the_time():
    """Two slots of two instances, 730 hours a month."""
    found = cost(HOSTED)

    assert [item.words for item in found.costs] == ["4 instances ml.m5.large"]
    assert found.known == pytest.approx(4 * HOURS_A_MONTH * 0.115)


def test_configuration_that_nothing_serves_bills_nothing():
    """What is kept to go back to runs nowhere."""
    assert cost({"Config": CONFIG}).costs == ()


def test_serverless_variant_bills_nothing_while_idle():
    """Unless concurrency is provisioned, whose price is not in the table."""
    serverless: dict[str, Any] = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    config: dict[str, Any] = {
        "Type": CONFIG["Type"],
        "Properties": {
            "ProductionVariants": [{"VariantName": "all", "ServerlessConfig": serverless}]
        },
    }
    assert cost({"Config": config, "Endpoint": ENDPOINT}).costs == ()

    serverless["ProvisionedConcurrency"] = 1
    (unknown,) = cost({"Config": config, "Endpoint": ENDPOINT}).unknown
    assert unknown.words == "1 provisioned process of 2048 MB"


def test_instances_that_sleep_bill_nothing_while_idle():
    """A template starts some to see that they can be; autoscaling takes them away."""
    named = {**ENDPOINT["Properties"], "EndpointName": "demo"}
    properties: dict[str, Any] = {
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "ResourceId": "endpoint/demo/variant/blue",
        "MinCapacity": 0,
    }
    scaling = {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": properties}
    endpoint = {**ENDPOINT, "Properties": named}
    resources = {"Config": CONFIG, "Endpoint": endpoint, "Scaling": scaling}
    assert [item.words for item in cost(resources).costs] == ["2 instances ml.m5.large"]
    properties["MinCapacity"] = 1
    assert [item.words for item in cost(resources).costs] == ["3 instances ml.m5.large"]


@pytest.mark.parametrize(
    ("resources", "usd"),
    [
        (_one("AWS::ElasticLoadBalancingV2::LoadBalancer"), 730 * (0.0225 + 2 * 0.005)),
        (_one("AWS::ElasticLoadBalancingV2::LoadBalancer", Scheme="internal"), 730 * 0.0225),
        (_one("AWS::WAFv2::WebACL", Rules=[{}, {}]), 5 + 2),
        (_one("AWS::Kendra::Index", Edition="DEVELOPER_EDITION"), 730 * 1.125),
        (_one("AWS::Kendra::Index", Edition="ENTERPRISE_EDITION"), 730 * 1.4),
        (_one("AWS::Personalize::Campaign", MinProvisionedTPS=2), 730 * 2 * 0.2),
        (_one("AWS::CloudWatch::Alarm"), 0.10),
        (_one("AWS::SecretsManager::Secret"), 0.40),
        (_one("AWS::EC2::NatGateway"), 730 * 0.045),
        (_one("AWS::EC2::VPCEndpoint", VpcEndpointType="Interface", SubnetIds=["a", "b"]), 14.6),
        (_one("AWS::EC2::VPCEndpoint", VpcEndpointType="Gateway"), 0),
        (_one("AWS::Lambda::Function"), 0),
        (_one("Custom::Anything"), 0),
    ],
)
def test_each_thing_bills_what_its_parts_do(resources: dict[str, Any], usd: float):
    """By the hour or by the month."""
    found = cost(resources)

    assert found.known == pytest.approx(usd)
    assert found.unknown == ()


def test_type_that_nobody_priced_is_unknown_and_named():
    """It is not 0, and not left out."""
    (unknown,) = cost(_one("AWS::OpenSearchService::Domain")).unknown

    assert unknown.words == "1 AWS::OpenSearchService::Domain"
    assert unknown.usd is None
    assert "price not known in us-east-1" in unknown.said


def test_price_of_another_region_is_not_taken():
    """Nothing is guessed."""
    found = cost(HOSTED, region="sa-east-1")

    assert found.known == 0
    assert len(found.unknown) == 1


def test_the_dearest_comes_first():
    """People read the beginning."""
    resources = {**HOSTED, "A": {"Type": "AWS::CloudWatch::Alarm"}}

    assert [item.item for item in cost(resources).costs] == ["hosting:ml.m5.large", "alarm"]


def test_synth_tells_one_line():
    """The sum, and what is missing of it."""
    line = told(STAGE, [cost(HOSTED), cost(_one("AWS::OpenSearchService::Domain"))])

    assert line == (
        "stage dev bills $335.80 a month while idle, and what is not known (1 of its items): "
        "'tidegate cost' says for what"
    )


def test_budget_is_refused_with_the_largest_items():
    """The sum, the limit, what to do."""
    stage = replace(STAGE, budget=BudgetSpec(usd_a_month=100.0))

    fault = over_budget(stage, [cost({**HOSTED, "A": {"Type": "AWS::CloudWatch::Alarm"}})])

    assert fault is not None
    assert "$335.90 a month while idle, its budget is $100.00" in fault
    assert "4 instances ml.m5.large $335.80, 1 alarm $0.10" in fault
    assert "raise stages.dev.budget.usd_a_month" in fault


def test_budget_that_holds_is_no_fault():
    """Nor is none."""
    costs = [cost(HOSTED)]

    assert over_budget(STAGE, costs) is None
    assert over_budget(replace(STAGE, budget=BudgetSpec(usd_a_month=335.80)), costs) is None


def test_costs_are_beside_the_templates(tmp_path: Path):
    """For whoever does not want to synthesize again."""
    (tmp_path / "s.template.json").write_text(json.dumps({"Resources": HOSTED}))

    write_costs(tmp_path, STAGE, assembly_costs(tmp_path, region="us-east-1"))

    document = json.loads((tmp_path / COSTS_FILE).read_text())
    assert document["known_usd_a_month"] == 335.80
    assert document["complete"] is True
    assert [stack["stack"] for stack in document["stacks"]] == ["s"]

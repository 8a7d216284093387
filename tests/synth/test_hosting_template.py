"""What a model's stack says: slots, weights, gate, role, alarms."""

import json
from typing import Any

import pytest

from tests.synth.assembly import ACCOUNT, LIVE, Assembly

FRAUD, PRICE = "shop-dev-model-fraud", "shop-dev-model-price"
LATER = "shop-prod-model-fraud"


def _variants(assembly: Assembly, stack: str) -> list[dict[str, Any]]:
    (config,) = assembly.resources(stack, "AWS::SageMaker::EndpointConfig").values()
    variants: list[dict[str, Any]] = config["Properties"]["ProductionVariants"]
    return variants


def test_each_model_has_its_own_stack(first: Assembly):
    """Stack names follow from names alone, so no model moves when another one is added."""
    assert set(first.templates) == {"shop-dev-release", FRAUD, PRICE}


def test_variants_are_named_by_slots_and_weight_zero_stays_zero(first: Assembly):
    """Blue serves everything, green nothing: the number 0 is in the template."""
    variants = _variants(first, FRAUD)

    assert [(v["VariantName"], v["InitialVariantWeight"]) for v in variants] == [
        ("blue", 1),
        ("green", 0),
    ]


def test_endpoint_made_anew_would_serve_the_live_slot(later: Assembly):
    """Initial weights follow the pointer: the idle slot has no traffic in any case."""
    weights = {v["VariantName"]: v["InitialVariantWeight"] for v in _variants(later, LATER)}

    assert weights["blue"] == 0
    assert weights["green"] > 0


def test_a_variant_that_comes_back_gets_no_share(later: Assembly):
    """CloudFormation may go back to this template when its live slot is live no more.

    The slot that is live then keeps its weight of 1, and a variant that had left has its initial
    one: less than one request in a hundred million.
    """
    weights = {v["VariantName"]: v["InitialVariantWeight"] for v in _variants(later, LATER)}

    assert weights["green"] / (1 + weights["green"]) < 1e-8


def test_endpoint_keeps_weights_and_instances_over_deploys(first: Assembly):
    """A deploy never resets what the release machine or autoscaling set."""
    (endpoint,) = first.resources(FRAUD, "AWS::SageMaker::Endpoint").values()

    assert endpoint["Properties"]["RetainAllVariantProperties"] is True
    assert endpoint["Properties"]["EndpointName"] == "shop-dev-fraud"


def test_replaced_models_and_configurations_are_kept(first: Assembly):
    """What one may roll back to outlives its replacement, but not its stack."""
    kept = {
        **first.resources(FRAUD, "AWS::SageMaker::Model"),
        **first.resources(FRAUD, "AWS::SageMaker::EndpointConfig"),
    }

    assert len(kept) == 3
    assert {r["UpdateReplacePolicy"] for r in kept.values()} == {"Retain"}
    assert {r["DeletionPolicy"] for r in kept.values()} == {"Delete"}


def test_names_of_replaceable_resources_are_generated(first: Assembly):
    """A fixed name would fail the replacement."""
    models = first.resources(FRAUD, "AWS::SageMaker::Model").values()
    (config,) = first.resources(FRAUD, "AWS::SageMaker::EndpointConfig").values()

    assert all("ModelName" not in model["Properties"] for model in models)
    assert "EndpointConfigName" not in config["Properties"]


def test_first_deploy_puts_one_version_into_both_slots(first: Assembly):
    """Both models read the same artifact under the same image."""
    blue, green = first.resources(FRAUD, "AWS::SageMaker::Model").values()

    assert blue["Properties"]["PrimaryContainer"] == green["Properties"]["PrimaryContainer"]


def test_live_slot_keeps_exactly_what_was_deployed(later: Assembly):
    """Image, literal artifact URI and environment are the pointer's."""
    model = later.resources(LATER, "AWS::SageMaker::Model")["ShopProdFraudGreenModel"]

    assert model["Properties"]["PrimaryContainer"] == {
        "Image": LIVE.version.image,
        "ModelDataUrl": LIVE.version.artifact_uri,
        "Environment": dict(LIVE.version.environment),
    }


def test_artifact_resolves_to_the_same_uri_with_and_without_account(
    first: Assembly, later: Assembly
):
    """A version that went live without a literal URI does not change when it gets one."""
    without = first.resources(FRAUD, "AWS::SageMaker::Model")["ShopDevFraudBlueModel"]
    literal = later.resources(LATER, "AWS::SageMaker::Model")["ShopProdFraudBlueModel"]

    sub = without["Properties"]["PrimaryContainer"]["ModelDataUrl"]["Fn::Sub"]
    uri = literal["Properties"]["PrimaryContainer"]["ModelDataUrl"]
    assert sub.replace("${AWS::AccountId}", ACCOUNT) == uri
    assert uri.endswith(".tar.gz")


def test_framework_container_is_told_its_entry_point(first: Assembly):
    """Without these variables the container ignores code/."""
    model = first.resources(FRAUD, "AWS::SageMaker::Model")["ShopDevFraudBlueModel"]

    assert model["Properties"]["PrimaryContainer"]["Environment"] == {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }


def test_nothing_changes_before_the_guard(first: Assembly):
    """Role, models and configuration wait for it; the endpoint waits for the configuration."""
    resources = first.templates[FRAUD]["Resources"]
    guarded = ("ExecutionRole", "ShopDevFraudBlueModel", "ShopDevFraudGreenModel")

    for id_ in (*guarded, "ShopDevFraudConfig"):
        assert "ReleaseGuard" in resources[id_]["DependsOn"]
    config = resources["Endpoint"]["Properties"]["EndpointConfigName"]
    assert config == {"Fn::GetAtt": ["ShopDevFraudConfig", "EndpointConfigName"]}
    assert "DependsOn" not in resources["ReleaseGuard"]
    assert "Fn::GetAtt" not in str(resources["ReleaseGuard"])
    assert "'Ref'" not in str(resources["ReleaseGuard"])


def test_verification_comes_after_the_endpoint(first: Assembly):
    """It reads back the endpoint and is told the configuration that should serve."""
    properties = first.templates[FRAUD]["Resources"]["ReleaseVerify"]["Properties"]

    assert properties["EndpointName"] == {"Fn::GetAtt": ["Endpoint", "EndpointName"]}
    assert properties["EndpointConfigName"] == {
        "Fn::GetAtt": ["ShopDevFraudConfig", "EndpointConfigName"]
    }


def test_guard_is_told_versions_and_plan(later: Assembly):
    """Digest by slot decides; the plan is JSON text."""
    properties = later.templates[LATER]["Resources"]["ReleaseGuard"]["Properties"]

    assert properties["Model"] == "fraud"
    assert properties["Slots"]["green"] == LIVE.version.to_json()
    assert properties["Slots"]["blue"]["digest"] != LIVE.version.digest
    assert '"strategy":"canary"' in properties["Plan"]
    assert properties["ServiceToken"] == (
        f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:shop-prod-guard-release"
    )


def _statements(assembly: Assembly, stack: str) -> list[dict[str, Any]]:
    role = assembly.templates[stack]["Resources"]["ExecutionRole"]
    (policy,) = role["Properties"]["Policies"]
    statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return statements


def test_role_reads_exactly_the_two_artifacts(later: Assembly):
    """One object for each slot, and nothing else in any bucket."""
    (reads,) = [s for s in _statements(later, LATER) if "s3:GetObject" in s["Action"]]
    blue = later.resources(LATER, "AWS::SageMaker::Model")["ShopProdFraudBlueModel"]
    new = blue["Properties"]["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://")
    old = LIVE.version.artifact_uri.removeprefix("s3://")

    assert reads["Action"] == ["s3:GetObject"]
    assert reads["Resource"] == sorted([f"arn:aws:s3:::{new}", f"arn:aws:s3:::{old}"])


def test_role_pulls_exactly_its_image(later: Assembly):
    """Both versions have one repository."""
    (pulls,) = [s for s in _statements(later, LATER) if "ecr:BatchGetImage" in s["Action"]]

    assert pulls["Resource"] == [
        "arn:aws:ecr:eu-west-1:141502667606:repository/sagemaker-scikit-learn"
    ]


def test_role_writes_only_below_its_own_prefix(first: Assembly):
    """Captured requests go to the model's own bucket."""
    writes = [s for s in _statements(first, FRAUD) if any("Put" in a for a in s["Action"])]

    assert [s["Action"] for s in writes] == [
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        ["cloudwatch:PutMetricData"],
        ["s3:PutObject"],
    ]
    assert writes[2]["Resource"] == [{"Fn::Sub": "${CaptureBucket.Arn}/shop-dev-fraud/*"}]


def test_model_without_capture_has_no_bucket_and_no_right_to_write(first: Assembly):
    """0 percent is none at all."""
    assert first.resources(PRICE, "AWS::S3::Bucket") == {}
    assert "s3:PutObject" not in str(_statements(first, PRICE))
    (config,) = first.resources(PRICE, "AWS::SageMaker::EndpointConfig").values()
    assert "DataCaptureConfig" not in config["Properties"]


def test_both_slots_scale_between_their_bounds(first: Assembly):
    """Two targets, one a slot, after the endpoint."""
    targets = first.resources(FRAUD, "AWS::ApplicationAutoScaling::ScalableTarget")

    assert {t["Properties"]["ResourceId"] for t in targets.values()} == {
        "endpoint/shop-dev-fraud/variant/blue",
        "endpoint/shop-dev-fraud/variant/green",
    }
    for target in targets.values():
        assert (target["Properties"]["MinCapacity"], target["Properties"]["MaxCapacity"]) == (2, 4)
        assert target["DependsOn"] == ["Endpoint"]


def test_the_guard_is_told_what_scales_on_what(first: Assembly):
    """SageMaker refuses some changes of it, and the guard refuses those before anything changes."""
    (fraud,) = first.resources(FRAUD, "Custom::ReleaseGuard").values()
    (price,) = first.resources(PRICE, "Custom::ReleaseGuard").values()

    assert fraud["Properties"]["Live"] == "blue"
    assert fraud["Properties"]["Scaling"] == {
        "instance_type": "ml.m5.large",
        "served": ["blue", "green"],
        "scaled": ["blue", "green"],
        "hosting": "instances",
    }
    assert price["Properties"]["Scaling"]["scaled"] == []


def test_fixed_number_of_instances_does_not_scale(first: Assembly):
    """Without a max there is nothing to follow."""
    assert first.resources(PRICE, "AWS::ApplicationAutoScaling::ScalableTarget") == {}


def test_each_slot_has_alarms_of_its_own(first: Assembly):
    """Failed, refused and slow requests, by production variant."""
    alarms = first.resources(FRAUD, "AWS::CloudWatch::Alarm")

    assert set(alarms) == {
        f"{slot}{what}" for slot in ("Blue", "Green") for what in ("Failed", "Refused", "Slow")
    }
    failed = alarms["GreenFailed"]["Properties"]
    assert {"Name": "VariantName", "Value": "green"} in failed["Dimensions"]
    assert (failed["Statistic"], failed["Threshold"]) == ("Average", 0.05)


@pytest.mark.parametrize("name", ["BlueSlow", "GreenFailed"])
def test_alarms_notify_the_stages_topic(first: Assembly, later: Assembly, name: str):
    """No topic, no notification."""
    with_topic = later.resources(LATER, "AWS::CloudWatch::Alarm")[name]["Properties"]
    without = first.resources(FRAUD, "AWS::CloudWatch::Alarm")[name]["Properties"]

    assert with_topic["AlarmActions"] == [f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms"]
    assert "AlarmActions" not in without


def test_captured_data_outlives_the_stage_unless_it_says_otherwise(
    first: Assembly, later: Assembly
):
    """Keep is the default, delete is a choice; a replacement never deletes data."""
    kept = first.resources(FRAUD, "AWS::S3::Bucket")["CaptureBucket"]
    dropped = later.resources(LATER, "AWS::S3::Bucket")["CaptureBucket"]

    assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert (dropped["DeletionPolicy"], dropped["UpdateReplacePolicy"]) == ("Delete", "Retain")


def test_models_wait_for_the_release_stack(first: Assembly):
    """Guard and verification are functions of it, called by name."""
    manifest = json.loads((first.folder / "manifest.json").read_text())
    assert "shop-dev-release" in manifest["artifacts"][FRAUD]["dependencies"]
    assert "Fn::ImportValue" not in str(first.templates)

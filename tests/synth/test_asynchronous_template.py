"""The template of an asynchronous model: two queues, who hears of them, and what wakes them."""

from pathlib import Path
from typing import Any

import pytest

from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import synthesized

STACK, RELEASE = "later-dev-model-flights", "later-dev-release"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example's assembly."""
    folder: Path = tmp_path_factory.mktemp("asynchronous")
    return synthesized(ROOT / "examples" / "hosting" / "asynchronous.yaml", folder)


def properties(template: Assembly, kind: str, stack: str = STACK) -> dict[str, dict[str, Any]]:
    """The properties of each resource of a type, by logical id."""
    return {id_: found["Properties"] for id_, found in template.resources(stack, kind).items()}


def test_each_slot_has_an_endpoint_with_a_queue_and_a_topic(template: Assembly):
    """Answers and failures go to one bucket, which only the stack's roles reach."""
    configs = properties(template, "AWS::SageMaker::EndpointConfig")
    outputs = {
        config["ProductionVariants"][0]["VariantName"]: config["AsyncInferenceConfig"]
        for config in configs.values()
    }
    assert outputs.keys() == {"blue", "green"}
    for slot, config in outputs.items():
        topic = {"Ref": f"{slot.capitalize()}Answers"}
        told = config["OutputConfig"]["NotificationConfig"]
        assert told == {"SuccessTopic": topic, "ErrorTopic": topic}
    assert len(properties(template, "AWS::SageMaker::Endpoint")) == 2
    assert properties(template, "AWS::Route53::RecordSet") == {}


def test_the_collector_hears_of_both_slots(template: Assembly):
    """And is called by these topics only."""
    heard = properties(template, "AWS::SNS::Subscription")
    assert {each["TopicArn"]["Ref"] for each in heard.values()} == {"BlueAnswers", "GreenAnswers"}
    called = properties(template, "AWS::Lambda::Permission")
    assert {each["SourceArn"]["Ref"] for each in called.values()} == {
        "BlueAnswers",
        "GreenAnswers",
    }
    collector = properties(template, "AWS::Lambda::Function", RELEASE)["CollectAnswer"]
    assert collector["FunctionName"] == "later-dev-collect-answer"


def test_instances_follow_the_backlog_and_wake_from_zero(template: Assembly):
    """What no tracked target does at zero, a step on the alarm of a waiting request does."""
    targets = properties(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert {(t["MinCapacity"], t["MaxCapacity"]) for t in targets.values()} == {(0, 2)}
    policies = properties(template, "AWS::ApplicationAutoScaling::ScalingPolicy")
    tracked = policies["BlueScalingPolicy"]["TargetTrackingScalingPolicyConfiguration"]
    metric = tracked["CustomizedMetricSpecification"]
    assert metric["MetricName"] == "ApproximateBacklogSizePerInstance"
    step = policies["BlueWaking"]["StepScalingPolicyConfiguration"]
    assert step["StepAdjustments"] == [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]
    alarm = properties(template, "AWS::CloudWatch::Alarm")["BlueWaits"]
    assert alarm["MetricName"] == "HasBacklogWithoutCapacity"
    assert alarm["AlarmActions"] == [{"Ref": "BlueWaking"}]


def test_people_are_told_of_failures_and_of_what_nobody_heard(template: Assembly):
    """By metrics that asynchronous endpoints publish."""
    alarms = properties(template, "AWS::CloudWatch::Alarm")
    assert {"BlueFailed", "BlueQueued", "BlueUntold"} <= alarms.keys()
    assert alarms["BlueQueued"]["Threshold"] == 450
    assert alarms["BlueUntold"]["MetricName"] == "NotificationFailures"


def test_the_dashboard_shows_what_queues_publish(template: Assembly):
    """No graph is of a metric that nobody publishes."""
    (board,) = properties(template, "AWS::CloudWatch::Dashboard", RELEASE).values()
    assert "InvocationsProcessed" in board["DashboardBody"]
    assert "Invocation5XXErrors" not in board["DashboardBody"]


def test_answers_are_asked_for_by_a_route_of_their_own(template: Assembly):
    """Only where a model answers later."""
    routes = properties(template, "AWS::ApiGatewayV2::Route", RELEASE)
    assert "GET /models/{model}/predictions/{id}" in {r["RouteKey"] for r in routes.values()}


def test_the_deploy_tells_bucket_and_limits(template: Assembly):
    """ReleaseVerify hands them to the router with the split document."""
    (verify,) = properties(template, "Custom::ReleaseVerify").values()
    assert verify["Tracks"]["asynchronous"] == {
        "bucket": {"Ref": "AnswerBucket"},
        "waiting_seconds": 900,
        "processing_seconds": 300,
    }
    assert '"lag_seconds":1230' in verify["Plan"]

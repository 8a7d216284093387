"""CloudWatch of the embedded cloud: what was replaced in ministack, as a client sees it."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.services import cloudwatch

from emulator.server import EmbeddedCloud
from tests.emulated_queues import listening_queue, taken

REPLACED = (
    "time",
    "_store_datum",
    "record_metric",
    "_evict_old_metrics",
    "_evaluate_all_alarms",
    "_evaluate_alarm",
    "_get_metric_data",
    "_get_metric_statistics",
    "_list_metrics",
    "_put_metric_alarm",
    "_set_alarm_state",
    "_dispatch_alarm_actions",
    "reset",
)
CALLED = (
    "_record_history",
    "_evaluate_parent_alarms",
    "_parse_ts",
    "_cbor_ok",
    "_json_ok",
    "_error",
    "_cbor_metric_data_result",
    "_cbor_datapoint",
    "_ts_iso",
    "_alarms",
    "_composite_alarms",
    "cloudformation_set_metric_alarm_tags",
    "cloudformation_delete_metric_alarm",
)

Ask = Callable[[Callable[[], Any]], Any]


class Monitoring:
    """A client, a namespace of its own, and the cloud's clock."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self.cloud = cloud
        self.client: Any = cloud.session().client("cloudwatch")
        self.namespace = f"Test/{uuid.uuid4().hex[:8]}"

    def put(self, value: float, **dimensions: str) -> None:
        """One value of metric `M` now."""
        datum = {"MetricName": "M", "Value": value, "Dimensions": pairs(dimensions)}
        self.client.put_metric_data(Namespace=self.namespace, MetricData=[datum])

    def alarm(self, name: str, **changes: Any) -> str:
        """An alarm on the maximum of `M` of variant green; its name."""
        watched = {
            "Namespace": self.namespace,
            "MetricName": "M",
            "Dimensions": pairs({"variant": "green"}),
            "Statistic": "Maximum",
            "Period": 60,
        }
        rule = {
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
        unique = f"{name}-{uuid.uuid4().hex[:8]}"
        kept = {} if "Metrics" in changes else watched
        self.client.put_metric_alarm(AlarmName=unique, **(kept | rule | changes))
        return unique

    def state(self, alarm: str) -> str:
        """The alarm's state."""
        found = self.client.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return str(found[0]["StateValue"])

    def window(self) -> dict[str, float]:
        """The last hour of the cloud's clock."""
        now = self.cloud.clock.now()
        return {"StartTime": now - 3600, "EndTime": now + 60}


def pairs(dimensions: dict[str, str]) -> list[dict[str, str]]:
    """Dimensions as the API writes them."""
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


@pytest.fixture
def monitoring(ground_cloud: EmbeddedCloud) -> Monitoring:
    """CloudWatch with a namespace that no other test uses."""
    return Monitoring(ground_cloud)


@pytest.mark.parametrize("name", [*REPLACED, *CALLED])
def test_pinned_ministack_has_what_the_seam_touches(name: str):
    """Every private name that the seam replaces or calls exists in the pinned version."""
    assert hasattr(cloudwatch, name)


def test_datapoints_of_other_dimensions_do_not_alarm(monitoring: Monitoring, eventually: Ask):
    """Blue's datapoints leave green's alarm alone, green's own set it off."""
    alarm = monitoring.alarm("dimensions")
    monitoring.put(5.0, variant="blue")
    monitoring.put(5.0)
    assert eventually(lambda: monitoring.state(alarm) == "OK")
    monitoring.put(5.0, variant="green")
    assert eventually(lambda: monitoring.state(alarm) == "ALARM")


def test_timer_ends_an_alarm_without_new_data(monitoring: Monitoring, eventually: Ask):
    """With missing data taken as good an alarm ends by itself, on the cloud's clock."""
    alarm = monitoring.alarm("timer", Period=10)
    monitoring.put(5.0, variant="green")
    assert eventually(lambda: monitoring.state(alarm) == "ALARM")
    assert eventually(lambda: monitoring.state(alarm) == "OK")


def test_missing_data_is_insufficient_data_by_default(monitoring: Monitoring, eventually: Ask):
    """An alarm that hears nothing at all and treats missing data as missing says so."""
    alarm = monitoring.alarm("missing", TreatMissingData="missing")
    monitoring.client.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="test")
    assert eventually(lambda: monitoring.state(alarm) == "INSUFFICIENT_DATA")


def test_state_set_by_hand_lasts_until_the_next_evaluation(monitoring: Monitoring, eventually: Ask):
    """SetAlarmState is seen by whoever polls, and then the datapoints decide again."""
    alarm = monitoring.alarm("hand", Period=10)
    assert eventually(lambda: monitoring.state(alarm) == "OK")
    monitoring.client.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="test")
    assert monitoring.state(alarm) == "ALARM"
    assert eventually(lambda: monitoring.state(alarm) == "OK")


def test_metric_math_alarm(monitoring: Monitoring, eventually: Ask):
    """An alarm on an expression is kept, described and evaluated."""
    metric = {"Namespace": monitoring.namespace, "MetricName": "M", "Dimensions": []}
    stat = {"Metric": metric, "Period": 60, "Stat": "Maximum"}
    queries = [
        {"Id": "e", "Expression": "m * 10", "ReturnData": True},
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
    ]
    alarm = monitoring.alarm("math", Metrics=queries, Threshold=20.0)
    described = monitoring.client.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]
    assert [query["Id"] for query in described["Metrics"]] == ["e", "m"]
    monitoring.put(3.0)
    assert eventually(lambda: monitoring.state(alarm) == "ALARM")


def test_transition_is_in_the_history_with_its_reason(monitoring: Monitoring, eventually: Ask):
    """A change of state is recorded, and the alarm says why it changed."""
    alarm = monitoring.alarm("history")
    monitoring.put(5.0, variant="green")
    assert eventually(lambda: monitoring.state(alarm) == "ALARM")
    described = monitoring.client.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]
    history = monitoring.client.describe_alarm_history(
        AlarmName=alarm, HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]
    assert described["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints")
    assert json.loads(described["StateReasonData"])["threshold"] == 1.0
    assert any("to ALARM" in item["HistorySummary"] for item in history)


def test_transition_is_an_event_and_a_notification(monitoring: Monitoring, eventually: Ask):
    """EventBridge gets "CloudWatch Alarm State Change", and the SNS action is delivered."""
    session = monitoring.cloud.session()
    sqs, url, arn = listening_queue(session)
    topic = session.client("sns").create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    alarm = monitoring.alarm("event", AlarmActions=[topic])
    events, rule = session.client("events"), f"r-{uuid.uuid4().hex[:8]}"
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [alarm]}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
    monitoring.put(5.0, variant="green")
    bodies: list[dict[str, Any]] = []

    def both() -> bool:
        bodies.extend(taken(sqs, url))
        alarms = [b for b in bodies if b.get("detail", {}).get("state", {}).get("value") == "ALARM"]
        return bool(alarms) and any(body.get("Type") == "Notification" for body in bodies)

    assert eventually(both)
    event = next(b for b in bodies if b.get("detail", {}).get("state", {}).get("value") == "ALARM")
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["previousState"]["value"] == "OK"


def test_values_with_counts_and_statistic_sets_are_one_series(monitoring: Monitoring):
    """All three ways of publishing a datum end in the same statistics."""
    data = [
        {"MetricName": "S", "Value": 1.0},
        {"MetricName": "S", "Values": [2.0, 3.0], "Counts": [2.0, 1.0]},
        {
            "MetricName": "S",
            "StatisticValues": {"SampleCount": 2, "Sum": 9, "Minimum": 4, "Maximum": 5},
        },
    ]
    monitoring.client.put_metric_data(Namespace=monitoring.namespace, MetricData=data)
    answer = monitoring.client.get_metric_statistics(
        Namespace=monitoring.namespace,
        MetricName="S",
        Period=3600 * 24,
        Statistics=["SampleCount", "Sum", "Minimum", "Maximum"],
        **monitoring.window(),
    )
    point = answer["Datapoints"][0]
    assert (point["SampleCount"], point["Sum"]) == (6.0, 17.0)
    assert (point["Minimum"], point["Maximum"]) == (1.0, 5.0)


def test_metric_data_with_expressions(monitoring: Monitoring):
    """GetMetricData computes expressions from the datapoints that alarms see."""
    monitoring.put(4.0, variant="green")
    metric = {
        "Namespace": monitoring.namespace,
        "MetricName": "M",
        "Dimensions": pairs({"variant": "green"}),
    }
    stat = {"Metric": metric, "Period": 3600 * 24, "Stat": "Sum"}
    answer = monitoring.client.get_metric_data(
        MetricDataQueries=[
            {"Id": "m", "MetricStat": stat, "ReturnData": False},
            {"Id": "e", "Expression": "m / 2"},
        ],
        **monitoring.window(),
    )
    assert [(r["Id"], r["Values"]) for r in answer["MetricDataResults"]] == [("e", [2.0])]


def test_what_is_not_emulated_is_refused(monitoring: Monitoring):
    """An alarm that could not be evaluated rightly is refused instead of staying quiet."""
    with pytest.raises(ClientError, match="does not emulate"):
        monitoring.client.put_metric_alarm(
            AlarmName="trimmed",
            Namespace=monitoring.namespace,
            MetricName="M",
            ExtendedStatistic="tm99",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
        )


@pytest.mark.parametrize(
    ("expression", "told"),
    [("RATE(m)", "RATE is not emulated"), ("x + 1", "no metric has the id"), ("m +", "be read")],
)
def test_wrong_expression_refuses_the_alarm(monitoring: Monitoring, expression: str, told: str):
    """An alarm on an expression that can't be computed is refused and does not exist."""
    metric = {"Namespace": monitoring.namespace, "MetricName": "M"}
    stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
    queries = [
        {"Id": "e", "Expression": expression, "ReturnData": True},
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
    ]
    with pytest.raises(ClientError, match=told):
        monitoring.alarm("wrong", Metrics=queries)
    assert not monitoring.client.describe_alarms(AlarmNamePrefix="wrong")["MetricAlarms"]


def template(namespace: str, threshold: float) -> str:
    """A template with one metric math alarm, numbers written as strings."""
    metric = {"Namespace": namespace, "MetricName": "M"}
    properties = {
        "Metrics": [
            {"Id": "e", "Expression": "m * 2", "ReturnData": "true"},
            {
                "Id": "m",
                "MetricStat": {"Metric": metric, "Period": "60", "Stat": "Maximum"},
                "ReturnData": "false",
            },
        ],
        "EvaluationPeriods": "1",
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}
    outputs = {"Name": {"Value": {"Ref": "Alarm"}}}
    return json.dumps({"Resources": {"Alarm": alarm}, "Outputs": outputs})


def test_alarm_of_a_template_with_metric_math(monitoring: Monitoring, eventually: Ask):
    """A template's alarm on an expression is evaluated, changed in place and deleted."""
    client = monitoring.cloud.session().client("cloudformation")
    stack = f"s-{uuid.uuid4().hex[:8]}"
    client.create_stack(StackName=stack, TemplateBody=template(monitoring.namespace, 5.0))

    def described() -> dict[str, Any]:
        return dict(client.describe_stacks(StackName=stack)["Stacks"][0])

    assert eventually(lambda: described()["StackStatus"] == "CREATE_COMPLETE")
    alarm = described()["Outputs"][0]["OutputValue"]
    monitoring.put(3.0)
    assert eventually(lambda: monitoring.state(alarm) == "ALARM")
    client.update_stack(StackName=stack, TemplateBody=template(monitoring.namespace, 50.0))
    assert eventually(lambda: monitoring.state(alarm) == "OK")
    client.delete_stack(StackName=stack)
    assert eventually(
        lambda: not monitoring.client.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    )


def test_policies_may_ask_for_the_namespace(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str], make_role: Callable[..., str]
):
    """`cloudwatch:namespace` is what PutMetricData writes to."""
    role = make_role("lambda")
    ground_cloud.session().client("iam").put_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyName="own",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": "cloudwatch:PutMetricData",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"cloudwatch:namespace": "Own"}},
                },
            }
        ),
    )
    source = (
        "import boto3\ndef handle(e, c):\n"
        "    put = boto3.client('cloudwatch').put_metric_data\n"
        "    return put(Namespace=e, MetricData=[{'MetricName': 'M', 'Value': 1}]) and 'put'"
    )
    function = make_function(source, role=role)
    client = ground_cloud.session().client("lambda")

    def said(namespace: str) -> str:
        payload = json.dumps(namespace)
        return client.invoke(FunctionName=function, Payload=payload)["Payload"].read().decode()

    assert said("Own") == '"put"'
    assert "not authorized to perform: cloudwatch:PutMetricData" in said("Another")

"""Metrics of Lambda in the embedded cloud: each invocation counts once, whoever asked for it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from botocore.config import Config

from emulator.server import EmbeddedCloud
from tests.polling import until

SOURCE = "def handle(event, context):\n    return 1 / event['by']"


def sums(cloud: EmbeddedCloud, function: str) -> dict[str, float]:
    """What CloudWatch counted of the function, by metric."""
    client, now = (
        cloud.session().client("cloudwatch"),
        datetime.fromtimestamp(cloud.clock.now(), UTC),
    )
    names = ("Invocations", "Errors", "Duration", "Throttles")
    named = [{"Name": "FunctionName", "Value": function.rpartition(":")[2]}]
    queries = [
        {
            "Id": name.lower(),
            "MetricStat": {
                "Metric": {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": named},
                "Period": 3_600,
                "Stat": "Sum",
            },
        }
        for name in names
    ]
    hour = timedelta(hours=1)
    told = client.get_metric_data(
        MetricDataQueries=queries,  # type: ignore[arg-type]
        StartTime=now - 24 * hour,
        EndTime=now + hour,
    )
    return {one["Id"]: sum(one["Values"]) for one in told["MetricDataResults"]}


@pytest.mark.parametrize("by", ["RequestResponse", "Event"])
def test_an_invocation_counts_once(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str], by: str
):
    """Its time in milliseconds, and no error."""
    function = make_function(SOURCE)
    client = ground_cloud.session().client("lambda")
    for _ in range(2):
        client.invoke(
            FunctionName=function,
            Payload=json.dumps({"by": 1}),
            InvocationType=by,
        )

    def counted() -> bool:
        return sums(ground_cloud, function)["invocations"] >= 2

    until(counted, seconds=10, what="the count")
    found = sums(ground_cloud, function)
    assert (found["invocations"], found["errors"], found["throttles"]) == (2, 0, 0)
    assert found["duration"] > 0


def test_a_failure_counts_as_an_error(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str]
):
    """It ran, too."""
    function = make_function(SOURCE)
    answer = (
        ground_cloud.session()
        .client("lambda")
        .invoke(FunctionName=function, Payload=json.dumps({"by": 0}))
    )
    assert answer["FunctionError"] == "Unhandled"
    found = sums(ground_cloud, function)
    assert (found["invocations"], found["errors"]) == (1, 1)


def test_what_is_throttled_does_not_run(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str]
):
    """A function that may run in no environment is throttled, and nothing else is counted."""
    function = make_function(SOURCE)
    once = Config(retries={"total_max_attempts": 1})
    client = ground_cloud.session().client("lambda", config=once)
    client.put_function_concurrency(
        FunctionName=function.rpartition(":")[2], ReservedConcurrentExecutions=0
    )
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName=function, Payload=json.dumps({"by": 1}))
    found = sums(ground_cloud, function)
    assert (found["invocations"], found["throttles"]) == (0, 1)

"""The adapters of guardrail releases: what they ask of AWS, and what they make of the answers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from tidegate.errors import NotFoundError
from tidegate.guardrail.fleets import Fleet, FleetCounts
from tidegate.guardrail.ports import Deployment
from tidegate_aws.deployments import SageMakerDeployments
from tidegate_aws.fleet_metrics import CloudWatchFleetMetrics
from tidegate_aws.rollback_alarm import CloudWatchRollbackAlarm
from tidegate_aws.stack_status import CloudFormationStacks
from tidegate_aws.watches import StepFunctionsWatches

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
ENDPOINT = {
    "EndpointName": "e",
    "EndpointArn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e",
    "EndpointConfigName": "old",
    "CreationTime": MOMENT,
    "LastModifiedTime": MOMENT,
}
Stubbed = Callable[[str], tuple[Any, Stubber]]


@pytest.fixture
def stubbed() -> Stubbed:
    """Clients whose every call must have been foreseen; requests keep AWS's own shapes."""

    def make(service: str) -> tuple[Any, Stubber]:
        client = boto3.client(  # type: ignore[call-overload]
            service,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        stub = Stubber(client)
        stub.activate()
        return client, stub

    return make


def test_an_update_under_way_is_told_with_its_share(stubbed: Stubbed) -> None:
    """The share is what the pending weights have reached of what they are to be."""
    client, stub = stubbed("sagemaker")
    pending = {
        "EndpointConfigName": "new",
        "ProductionVariants": [
            {"VariantName": "blue", "CurrentWeight": 0.25, "DesiredWeight": 1.0}
        ],
    }
    answer = {
        **ENDPOINT,
        "EndpointStatus": "Updating",
        "ProductionVariants": [{"VariantName": "blue"}],
        "PendingDeploymentSummary": pending,
    }
    stub.add_response("describe_endpoint", answer, {"EndpointName": "e"})
    assert SageMakerDeployments(client=client).read("e") == Deployment(
        status="Updating",
        config_name="old",
        variants=("blue",),
        pending_config="new",
        pending_percent=25,
    )


def test_an_endpoint_that_is_back_says_why(stubbed: Stubbed) -> None:
    """Nothing is pending then."""
    client, stub = stubbed("sagemaker")
    answer = {**ENDPOINT, "EndpointStatus": "InService", "FailureReason": "an alarm"}
    stub.add_response("describe_endpoint", answer)
    read = SageMakerDeployments(client=client).read("e")
    assert (read.settled, read.pending_config, read.failure_reason) == (True, None, "an alarm")


def test_an_unknown_endpoint_is_not_found(stubbed: Stubbed) -> None:
    """SageMaker has one code for most errors."""
    client, stub = stubbed("sagemaker")
    stub.add_client_error(
        "describe_endpoint", "ValidationException", "Could not find endpoint e", 400
    )
    with pytest.raises(NotFoundError):
        SageMakerDeployments(client=client).read("e")


def test_counts_and_percentiles_of_a_fleet_come_by_interval(stubbed: Stubbed) -> None:
    """Latencies are in microseconds there; an interval without a request is left out."""
    client, stub = stubbed("cloudwatch")
    interval = int(MOMENT.timestamp()) // 60
    later = datetime.fromtimestamp((interval + 1) * 60, UTC)

    def result(name: str, *values: float) -> dict[str, Any]:
        moments = [MOMENT, later][: len(values)]
        return {"Id": name, "Timestamps": moments, "Values": list(values)}

    stub.add_response(
        "get_metric_data",
        {
            "MetricDataResults": [
                result("requests", 40.0, 0.0),
                result("errors", 3.0, 0.0),
                *(result(f"p{p}", 1_000.0 * p) for p in (10, 25, 50, 75, 90)),
            ]
        },
        {
            "MetricDataQueries": ANY,
            "StartTime": MOMENT,
            "EndTime": datetime.fromtimestamp((interval + 2) * 60, UTC),
            "ScanBy": "TimestampAscending",
        },
    )
    metrics = CloudWatchFleetMetrics(client=client)
    fleet = Fleet(endpoint_name="e", variant="blue", config_name="new")
    assert metrics.read(fleet, from_interval=interval, through=interval + 1) == (
        FleetCounts(
            interval=interval,
            requests=40,
            errors=3,
            percentiles={10: 10.0, 25: 25.0, 50: 50.0, 75: 75.0, 90: 90.0},
        ),
    )


@pytest.mark.parametrize("number", [1.0, 0.0])
def test_harm_is_published_as_one_or_zero(stubbed: Stubbed, number: float) -> None:
    """In high resolution, for the alarm's period is ten seconds."""
    client, stub = stubbed("cloudwatch")
    datum = {
        "MetricName": "Harm",
        "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
        "Value": number,
        "StorageResolution": 1,
    }
    stub.add_response("put_metric_data", {}, {"Namespace": "Tidegate", "MetricData": [datum]})
    CloudWatchRollbackAlarm(client=client, metric_namespace="Tidegate").publish(
        "e", harm=number == 1.0
    )
    stub.assert_no_pending_responses()


@pytest.mark.parametrize("states", [["ALARM"], ["OK"], ["INSUFFICIENT_DATA"], []])
def test_an_alarm_fires_in_its_state_alarm_only(stubbed: Stubbed, states: list[str]) -> None:
    """One that is not there yet stops nothing."""
    client, stub = stubbed("cloudwatch")
    alarms = [{"AlarmName": "e-release-harm", "StateValue": state} for state in states]
    stub.add_response(
        "describe_alarms", {"MetricAlarms": alarms}, {"AlarmNames": ["e-release-harm"]}
    )
    alarm = CloudWatchRollbackAlarm(client=client, metric_namespace="Tidegate")
    assert alarm.firing("e") is (states == ["ALARM"])


def test_a_stack_that_is_gone_is_deleted(stubbed: Stubbed) -> None:
    """Its operation is over, whatever it was."""
    client, stub = stubbed("cloudformation")
    stub.add_client_error("describe_stacks", "ValidationError", "Stack with id s does not exist")
    assert CloudFormationStacks(client=client).status("s") == "DELETE_COMPLETE"


def test_a_stack_s_status_is_cloudformation_s_word(stubbed: Stubbed) -> None:
    """The gate and the watch read it."""
    client, stub = stubbed("cloudformation")
    stack = {
        "StackName": "s",
        "CreationTime": MOMENT,
        "StackStatus": "UPDATE_ROLLBACK_IN_PROGRESS",
    }
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "s"})
    assert CloudFormationStacks(client=client).status("s") == "UPDATE_ROLLBACK_IN_PROGRESS"


def test_a_watch_is_started_once(stubbed: Stubbed) -> None:
    """Its execution is named by the release, and starting it again does nothing."""
    client, stub = stubbed("stepfunctions")
    wanted = {"release_id": "r", "stack_id": "s", "epoch": 1, "wait_seconds": 0}
    stub.add_response(
        "start_execution",
        {"executionArn": "arn:execution", "startDate": MOMENT},
        {"stateMachineArn": "arn:machine", "name": "r", "input": json.dumps(wanted)},
    )
    stub.add_client_error("start_execution", "ExecutionAlreadyExists")
    watches = StepFunctionsWatches(client=client, machine_arn="arn:machine")
    watches.start(release_id="r", stack_id="s")
    watches.start(release_id="r", stack_id="s")
    stub.assert_no_pending_responses()

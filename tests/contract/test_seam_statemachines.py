import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.polling import until

Run = Callable[..., dict[str, Any]]
ECHO = "def handle(e, c): return e"


@pytest.fixture
def run(ground_cloud: EmbeddedCloud) -> Run:
    """Runs a machine of the given states under a role; what DescribeExecution says at its end."""
    client = ground_cloud.session().client("stepfunctions")

    def start_and_wait(role: str, states: dict[str, Any], event: Any, **more: Any) -> Any:
        machine = make(role, states, **more)
        execution = client.start_execution(stateMachineArn=machine, input=json.dumps(event))
        return wait(execution["executionArn"])

    def make(role: str, states: dict[str, Any], **more: Any) -> str:
        definition = {"StartAt": next(iter(states)), "States": states, **more}
        answer = client.create_state_machine(
            name=f"m-{uuid.uuid4().hex[:12]}", roleArn=role, definition=json.dumps(definition)
        )
        arn: str = answer["stateMachineArn"]
        return arn

    def wait(execution_arn: str) -> Any:
        def ended() -> Any:
            described = client.describe_execution(executionArn=execution_arn)
            return None if described["status"] == "RUNNING" else described

        return until(ended, seconds=20, what=f"the end of {execution_arn}")

    start_and_wait.make = make  # type: ignore[attr-defined]
    return start_and_wait


def _invoke(function: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "End": True,
        **more,
    }


def test_task_without_permission_fails_as_on_aws(
    run: Run, make_role: Callable[..., str], make_function: Callable[..., str]
):
    """A role without lambda:InvokeFunction fails the task with AWS's error name and sentence."""
    ended = run(make_role("states"), {"I": _invoke(make_function(ECHO))}, {})

    assert ended["status"] == "FAILED"
    assert ended["error"] == "Lambda.AWSLambdaException"
    assert "not authorized to perform: lambda:InvokeFunction on resource" in ended["cause"]
    assert "Status Code: 403" in ended["cause"]


def test_task_runs_under_the_machines_role(
    run: Run, make_role: Callable[..., str], make_function: Callable[..., str]
):
    """With the permission the function's answer is the payload."""
    role = make_role("states", "lambda:InvokeFunction")

    ended = run(role, {"I": _invoke(make_function(ECHO))}, {"n": 1})

    assert json.loads(ended["output"])["Payload"] == {"n": 1}


def test_role_must_trust_step_functions(
    run: Run, make_role: Callable[..., str], make_function: Callable[..., str]
):
    """A role of another service is not assumed, whatever it allows."""
    ended = run(make_role("lambda", "*"), {"I": _invoke(make_function(ECHO))}, {})

    assert "not authorized to assume" in ended["cause"]


def test_exception_type_reaches_catch(
    run: Run, make_role: Callable[..., str], make_function: Callable[..., str]
):
    """`Catch` finds the class a handler raised."""
    function = make_function("def handle(e, c): raise ValueError('no')")
    caught = {"Catch": [{"ErrorEquals": ["ValueError"], "Next": "Caught"}]}
    states = {
        "I": _invoke(function, **caught),
        "Caught": {"Type": "Pass", "Result": "caught", "End": True},
    }

    ended = run(make_role("states", "lambda:InvokeFunction"), states, {})

    assert json.loads(ended["output"]) == "caught"


def test_sdk_task_is_enforced_and_empty_parameters_are_none(
    run: Run, make_role: Callable[..., str]
):
    """`Parameters: {}` passes nothing, so the input's members are not taken for parameters."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:listTables",
        "Parameters": {},
        "End": True,
    }

    allowed = run(make_role("states", "dynamodb:ListTables"), {"T": task}, {"x": 1})
    refused = run(make_role("states"), {"T": task}, {"x": 1})

    assert "TableNames" in json.loads(allowed["output"])
    assert refused["error"] == "DynamoDb.DynamoDbException"


def test_modelled_sdk_error_keeps_its_name(run: Run, make_role: Callable[..., str]):
    """An exception of the service's model is named with the SDK's prefix."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:describeTable",
        "Parameters": {"TableName": "absent"},
        "End": True,
    }

    ended = run(make_role("states", "dynamodb:DescribeTable"), {"T": task}, {})

    assert ended["error"] == "DynamoDb.ResourceNotFoundException"


def test_nested_execution_gives_json(run: Run, make_role: Callable[..., str]):
    """`startExecution.sync:2` waits and gives the child's output as JSON."""
    child = run.make(  # type: ignore[attr-defined]
        make_role("states"), {"P": {"Type": "Pass", "Result": {"a": 1}, "End": True}}
    )
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child, "Input": {"from": "parent"}},
        "End": True,
    }
    role = make_role("states", "states:StartExecution", "states:DescribeExecution")

    ended = run(role, {"T": task}, {})

    assert json.loads(ended["output"])["Output"] == {"a": 1}


def test_waits_follow_the_cloud_clock(run: Run, make_role: Callable[..., str]):
    """Ten cloud seconds pass between start and end, in less wall time than that."""
    started = time.monotonic()

    ended = run(
        make_role("states"), {"W": {"Type": "Wait", "SecondsPath": "$.s", "End": True}}, {"s": 10}
    )

    passed = (ended["stopDate"] - ended["startDate"]).total_seconds()
    assert passed >= 10.0
    assert time.monotonic() - started < passed


def test_machine_times_out(run: Run, make_role: Callable[..., str]):
    """A machine's TimeoutSeconds, in cloud time, ends its execution."""
    wait = {"W": {"Type": "Wait", "Seconds": 1000, "End": True}}

    ended = run(make_role("states"), wait, {}, TimeoutSeconds=4)

    assert ended["status"] == "TIMED_OUT"


def test_stopped_execution_stays_aborted(  # noqa: PLR0917 - fixtures
    ground_cloud: EmbeddedCloud,
    run: Run,
    make_role: Callable[..., str],
    make_function: Callable[..., str],
    eventually: Callable[[Callable[[], Any]], Any],
):
    """A task that fails after StopExecution does not turn the end into FAILED."""
    client = ground_cloud.session().client("stepfunctions")
    source = "import time\ndef handle(e, c):\n    print('in'); time.sleep(1); raise ValueError"
    function = make_function(source)
    role = make_role("states", "lambda:InvokeFunction")
    machine = run.make(role, {"I": _invoke(function)})  # type: ignore[attr-defined]
    arn = client.start_execution(stateMachineArn=machine)["executionArn"]
    eventually(lambda: "TaskScheduled" in _types(client, arn))
    client.stop_execution(executionArn=arn)

    logs = ground_cloud.session().client("logs")
    group = f"/aws/lambda/{function.rpartition(':')[2]}"
    eventually(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"])

    assert client.describe_execution(executionArn=arn)["status"] == "ABORTED"
    assert _types(client, arn)[-1] == "ExecutionAborted"


def test_stopped_execution_tries_nothing_again(  # noqa: PLR0917 - fixtures
    ground_cloud: EmbeddedCloud,
    run: Run,
    make_role: Callable[..., str],
    make_function: Callable[..., str],
    eventually: Callable[[Callable[[], Any]], Any],
    tmp_path: Path,
):
    """A task under way when an execution is stopped is its last attempt."""
    client = ground_cloud.session().client("stepfunctions")
    tried = tmp_path / "tried"
    source = (
        "import time\ndef handle(e, c):\n"
        f"    open({str(tried)!r}, 'a').write(e['who']); time.sleep(0.3); raise ValueError"
    )
    role = make_role("states", "lambda:InvokeFunction")
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    states = {"I": _invoke(make_function(source), Retry=retry)}
    machine = run.make(role, states)  # type: ignore[attr-defined]
    arn = client.start_execution(stateMachineArn=machine, input='{"who": "s"}')["executionArn"]
    eventually(tried.exists)
    client.stop_execution(executionArn=arn)

    run(role, states, {"who": "c"})

    # By the time that a second execution has tried three times, the stopped one would have, too.
    assert sorted(tried.read_text()) == ["c", "c", "c", "s"]


def _types(client: Any, execution_arn: str) -> list[str]:
    history = client.get_execution_history(executionArn=execution_arn)
    return [event["type"] for event in history["events"]]


@pytest.mark.accept
def test_executions_count_by_how_they_end(
    run: Run,
    make_role: Callable[..., str],
    ground_cloud: EmbeddedCloud,
    eventually: Callable[..., Any],
):
    """In AWS/States, by machine; an alarm on the failed ones goes off."""
    ended = run(make_role("states"), {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}, {})
    cloudwatch = ground_cloud.session().client("cloudwatch")
    machine = {"Name": "StateMachineArn", "Value": ended["stateMachineArn"]}
    alarm: dict[str, Any] = {
        "AlarmName": uuid.uuid4().hex,
        "Namespace": "AWS/States",
        "MetricName": "ExecutionsFailed",
        "Dimensions": [machine],
        "Statistic": "Sum",
        "Threshold": 0,
        "Period": 60,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    cloudwatch.put_metric_alarm(**alarm)

    def state() -> bool:
        (found,) = cloudwatch.describe_alarms(AlarmNames=[alarm["AlarmName"]])["MetricAlarms"]
        return bool(found["StateValue"] == "ALARM")

    eventually(state)
    listed = cloudwatch.list_metrics(Namespace="AWS/States", Dimensions=[machine])["Metrics"]
    assert {one["MetricName"] for one in listed} == {
        "ExecutionsStarted",
        "ExecutionsFailed",
        "ExecutionTime",
    }

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.server import EmbeddedCloud
from tests.polling import until


def _invoke(cloud: EmbeddedCloud, function: str, event: Any) -> tuple[Any, str | None]:
    answer = (
        cloud.session().client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    )
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


def test_error_carries_the_exception_type(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str]
):
    """Invoke reports the class of what was raised, so that Catch can name it."""
    function = make_function("def handle(e, c): raise KeyError('x')")

    payload, kind = _invoke(ground_cloud, function, {})

    assert (payload["errorType"], kind) == ("KeyError", "Unhandled")


def test_runs_in_our_executor(ground_cloud: EmbeddedCloud, make_function: Callable[..., str]):
    """A function's process holds its variables, its clock and no variable of the server."""
    function = make_function(
        "import os\ndef handle(e, c): return dict(os.environ)",
        Environment={"Variables": {"MINE": "1"}},
    )

    seen, _ = _invoke(ground_cloud, function, {})

    assert seen["MINE"] == "1"
    assert seen["EMBEDDED_CLOCK_FILE"] == str(ground_cloud.clock.file)
    assert "GATEWAY_PORT" not in seen
    assert "HOME" not in seen


def test_acts_as_its_own_role(ground_cloud: EmbeddedCloud, make_function: Callable[..., str]):
    """boto3 in a function finds the cloud and the credentials of the function's role."""
    source = "import boto3\ndef handle(e, c): return boto3.client('sts').get_caller_identity()"
    function = make_function(source + "['Arn']", Timeout=10)

    arn, _ = _invoke(ground_cloud, function, {})

    assert arn.endswith("/" + function.rpartition(":")[2])
    assert ":assumed-role/role-" in arn


def test_new_code_is_used_at_once(ground_cloud: EmbeddedCloud, make_function: Callable[..., str]):
    """After UpdateFunctionConfiguration the next invocation has the new variables."""
    source = "import os\ndef handle(e, c): return os.environ['V']"
    function = make_function(source, Environment={"Variables": {"V": "1"}})
    client = ground_cloud.session().client("lambda")
    before, _ = _invoke(ground_cloud, function, {})

    client.update_function_configuration(
        FunctionName=function, Environment={"Variables": {"V": "2"}}
    )

    assert (before, _invoke(ground_cloud, function, {})[0]) == ("1", "2")


def test_output_is_in_the_log(ground_cloud: EmbeddedCloud, make_function: Callable[..., str]):
    """START, what was printed, END and REPORT are in the function's log group, in that order."""
    function = make_function("def handle(e, c): print('hello')")
    _invoke(ground_cloud, function, {})

    logs = ground_cloud.session().client("logs")
    group = f"/aws/lambda/{function.rpartition(':')[2]}"
    events = logs.filter_log_events(logGroupName=group)["events"]
    words = [event["message"].split()[0] for event in events]

    assert words == ["START", "hello", "END", "REPORT"]


def test_role_that_lambda_may_not_assume_is_refused(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str], make_role: Callable[..., str]
):
    """A function whose role trusts another service does not run."""
    function = make_function("def handle(e, c): return 1", role=make_role("states"))

    payload, kind = _invoke(ground_cloud, function, {})

    assert kind == "Unhandled"
    assert "cannot be assumed by Lambda" in payload["errorMessage"]


def test_a_deleted_function_leaves_no_process(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str]
):
    """What waits for its next invocation ends: there is none."""
    function = make_function("import os\ndef handle(e, c): return os.getpid()")
    pid, _ = _invoke(ground_cloud, function, {})
    assert Path(f"/proc/{pid}").exists()

    ground_cloud.session().client("lambda").delete_function(FunctionName=function)

    until(lambda: not Path(f"/proc/{pid}").exists(), seconds=10, what="the end of the process")

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import processes
from emulator.invocations import Call, Environment, Outcome
from emulator.lambdas import Executor

Make = Callable[..., Environment]

CODE = """
import json, logging, os, sys, time
def handle(event, context):
    return eval(event["do"])
def fail(event, context):
    raise LookupError("nothing there")
"""


@pytest.fixture(scope="module")
def executor(tmp_path_factory: pytest.TempPathFactory):
    """One executor, with its zygote, for the module."""
    running = Executor(tmp_path_factory.mktemp("lambda"))
    yield running
    running.stop()


@pytest.fixture
def environment(tmp_path: Path) -> Callable[..., Environment]:
    """Makes the environment of a function whose code is `CODE` in `pkg/code.py`."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    (tmp_path / "pkg" / "code.py").write_text(CODE)

    def make(handler: str = "pkg.code.handle", **variables: str) -> Environment:
        return Environment(
            function_arn=f"arn:aws:lambda:us-east-1:000000000000:function:{tmp_path.name}",
            version="$LATEST",
            handler=handler,
            task_root=tmp_path,
            path=(str(tmp_path),),
            variables={
                "AWS_LAMBDA_FUNCTION_NAME": "f",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
                **variables,
            },
            timeout_seconds=1.0,
        )

    return make


def _call(do: str = "None") -> Call:
    return Call(event={"do": do}, request_id="request-1", function_arn="arn")


def _payload(outcome: Outcome) -> Any:
    assert outcome.error is None, outcome
    return json.loads(outcome.payload or "null")


def test_handler_is_loaded_by_dotted_or_slashed_path(executor: Executor, environment: Make):
    """`pkg/code.handle` and `pkg.code.handle` are the same handler, as on AWS."""
    assert _payload(executor.invoke(environment("pkg/code.handle"), _call("1+1"))) == 2
    assert _payload(executor.invoke(environment("pkg.code.handle"), _call("1+1"))) == 2


def test_only_declared_variables_are_seen(
    executor: Executor, environment: Make, monkeypatch: pytest.MonkeyPatch
):
    """Nothing of the server's environment reaches a function."""
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "1")

    seen = _payload(executor.invoke(environment(MINE="1"), _call("dict(os.environ)")))

    assert seen["MINE"] == "1"
    assert "SECRET_OF_THE_SERVER" not in seen
    assert "HOME" not in seen


def test_undeclared_packages_are_missing(executor: Executor, environment: Make):
    """A package installed here but not in the asset cannot be imported, as on AWS."""
    outcome = executor.invoke(environment(), _call("__import__('numpy')"))

    assert outcome.error is not None
    assert outcome.error["errorType"] == "ModuleNotFoundError"


def test_boto3_is_there(executor: Executor, environment: Make):
    """boto3 comes with the runtime."""
    outcome = executor.invoke(environment(), _call("__import__('boto3').__name__"))

    assert _payload(outcome) == "boto3"


def test_exception_has_its_own_type(executor: Executor, environment: Make):
    """What a handler raises is named by its class, with the frames of user code."""
    outcome = executor.invoke(environment("pkg.code.fail"), _call())

    assert outcome.error is not None
    assert outcome.error["errorType"] == "LookupError"
    assert outcome.error["errorMessage"] == "nothing there"
    assert "in fail" in outcome.error["stackTrace"][0]


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("nowhere.handle", "Runtime.ImportModuleError"),
        ("pkg.code.nothing", "Runtime.HandlerNotFound"),
        ("handle", "Runtime.MalformedHandlerName"),
    ],
)
def test_unloadable_handlers_are_named_as_aws_does(
    executor: Executor, environment: Make, handler: str, error_type: str
):
    """A handler that cannot be loaded fails each invocation with AWS's error type."""
    outcome = executor.invoke(environment(handler), _call())

    assert outcome.error is not None
    assert outcome.error["errorType"] == error_type


def test_unserialisable_result_is_a_marshal_error(executor: Executor, environment: Make):
    """A result that is no JSON is the runtime's error."""
    outcome = executor.invoke(environment(), _call("object()"))

    assert outcome.error is not None
    assert outcome.error["errorType"] == "Runtime.MarshalError"


def test_timeout_kills_the_worker(executor: Executor, environment: Make):
    """A function over its timeout is stopped, and the next invocation is a new environment."""
    made = environment()
    first = _payload(executor.invoke(made, _call("os.getpid()")))

    outcome = executor.invoke(made, _call("time.sleep(30)"))

    assert outcome.error is not None
    assert outcome.error["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in outcome.error["errorMessage"]
    assert processes.wait_until(lambda: not processes.is_running(first), timeout_seconds=5)
    assert _payload(executor.invoke(made, _call("os.getpid()"))) != first


@pytest.mark.parametrize("do", ["sys.exit(3)", "os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_ended_process_is_an_exit_error(executor: Executor, environment: Make, do: str):
    """A handler that ends its process fails with Runtime.ExitError; the next one works."""
    made = environment()

    outcome = executor.invoke(made, _call(do))

    assert outcome.error is not None
    assert outcome.error["errorType"] == "Runtime.ExitError"
    assert _payload(executor.invoke(made, _call("7"))) == 7


def test_warm_worker_is_reused(executor: Executor, environment: Make):
    """Invocations one after another share a process and its log stream."""
    made = environment()

    first = executor.invoke(made, _call("os.getpid()"))
    second = executor.invoke(made, _call("os.getpid()"))

    assert _payload(first) == _payload(second)
    assert first.log_stream == second.log_stream
    assert first.init_seconds is not None
    assert second.init_seconds is None


def test_concurrent_invocations_have_their_own_workers(executor: Executor, environment: Make):
    """Invocations at the same time run in different processes."""
    made, pids = environment(), []

    def invoke() -> None:
        pids.append(_payload(executor.invoke(made, _call("time.sleep(0.3) or os.getpid()"))))

    threads = [threading.Thread(target=invoke) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(pids)) == 3


def test_output_of_print_logging_and_children_is_kept(executor: Executor, environment: Make):
    """Whatever is written to standard output or error is in the outcome, in order."""
    do = (
        "print('printed'), logging.warning('warned'), os.system('echo child'), "
        "sys.stderr.write('error\\n')"
    )

    lines = executor.invoke(environment(), _call(do)).output.splitlines()

    assert lines[0] == "printed"
    assert lines[1].startswith("[WARNING]\t")
    assert lines[1].endswith("Z\trequest-1\twarned")
    assert lines[2:] == ["child", "error"]


def test_json_logging_carries_extra_members(executor: Executor, environment: Make):
    """With JSON logs each record is an object with AWS's names and the record's own."""
    made = environment(AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL="INFO")

    outcome = executor.invoke(made, _call("logging.getLogger('a').info('m', extra={'k': 1})"))

    record = json.loads(outcome.output)
    assert (record["level"], record["message"], record["k"]) == ("INFO", "m", 1)
    assert record["requestId"] == "request-1"


def test_context_counts_down(executor: Executor, environment: Make):
    """The context says what is left of the timeout."""
    left = _payload(executor.invoke(environment(), _call("context.get_remaining_time_in_millis()")))

    assert 0 < left <= 1000


def test_stop_leaves_no_process(tmp_path: Path, environment: Make):
    """After stop neither zygote nor workers run."""
    executor = Executor(tmp_path / "x")
    pid = _payload(executor.invoke(environment(), _call("os.getpid()")))

    executor.stop()

    assert processes.wait_until(lambda: not processes.is_running(pid), timeout_seconds=5)

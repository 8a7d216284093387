"""Step Functions of ministack: its interpreter, with our tasks, clock and ends of execution."""

import contextvars
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from ministack.services import lambda_svc, stepfunctions

from emulator.runtime import Runtime
from emulator.seams.trust import trusts_service
from emulator.statemachines import (
    SHORTEST_TIMEOUT_SECONDS,
    Actor,
    Names,
    TaskError,
    TaskRunner,
    UnsupportedTaskError,
)
from emulator.timekeeper import Alarm, Timekeeper

JsonObject = dict[str, Any]

_role_arn: contextvars.ContextVar[str] = contextvars.ContextVar("state_machine_role")
_task_role: contextvars.ContextVar[str | None] = contextvars.ContextVar("task_role", default=None)
_execution: contextvars.ContextVar[JsonObject | None] = contextvars.ContextVar(
    "execution", default=None
)
_machine_arn: contextvars.ContextVar[str | None] = contextvars.ContextVar("machine", default=None)
_FOREVER_SECONDS = 99_999.0
_LATE_EVENTS = ("TaskSucceeded", "TaskFailed")
_LONGEST_WORK_SECONDS = 60
"""A function with a longer timeout is one that waits or sends traffic: time passes meanwhile."""


def install(runtime: Runtime) -> None:
    """Tasks run under the machine's role; waits, timeouts and dates follow the cloud's clock."""
    names = Names(
        parameters=stepfunctions._sdk_json_param_value, result=stepfunctions._sdk_json_value
    )
    tasks = _Tasks(TaskRunner(runtime.session_for_role, names=names), runtime.keeper)
    stepfunctions._invoke_resource = tasks.invoke
    stepfunctions._invoke_resource_with_timeout = tasks.invoke_with_timeout
    stepfunctions._invoke_with_callback = tasks.invoke_with_callback
    stepfunctions._apply_parameters = _apply_parameters
    _know_task_roles()
    _follow_clock(runtime.keeper)
    _keep_ends(runtime.keeper)
    _end_for_good()


def on_status(tell: Callable[[Mapping[str, Any]], None]) -> None:
    """`tell` gets every execution whose status has changed; express ones have none."""
    emit_built_in = stepfunctions._emit_execution_status_event

    def emit(execution: JsonObject) -> None:
        emit_built_in(execution)
        if not execution.get("sync"):
            tell(execution)

    stepfunctions._emit_execution_status_event = emit


class _Tasks:
    def __init__(self, runner: TaskRunner, keeper: Timekeeper) -> None:
        self._runner = runner
        self._keeper = keeper

    def invoke(self, resource: str, parameters: Any) -> Any:
        """The task's result; activities stay ministack's, since no call leaves the machine."""
        if ":activity:" in resource:
            return stepfunctions._invoke_activity(resource, parameters)
        if _is_stopped():
            raise stepfunctions._ExecutionError("States.Runtime", "the execution was stopped")
        source = _machine_arn.get()
        if not trusts_service(_role_arn.get(), "states.amazonaws.com", source_arn=source):
            cause = f"states.amazonaws.com is not authorized to assume {_role_arn.get()}"
            raise stepfunctions._ExecutionError("States.Runtime", cause)
        try:
            who = Actor(role=_role_arn.get(), task_role=_task_role.get())
            with self._keeper.working() if _is_work(resource, parameters) else nullcontext():
                return self._runner.run(who, resource, parameters)
        except TaskError as error:
            raise stepfunctions._ExecutionError(error.error, error.cause) from error
        except UnsupportedTaskError as error:
            raise stepfunctions._ExecutionError("States.Runtime", str(error)) from error

    def invoke_with_timeout(self, resource: str, parameters: Any, timeout: float) -> Any:
        """As `invoke`, but States.Timeout after that much cloud time; the call is not stopped."""
        pool = ThreadPoolExecutor(max_workers=1)
        run = contextvars.copy_context().run
        future = pool.submit(run, stepfunctions._invoke_resource, resource, parameters)
        pool.shutdown(wait=False)
        try:
            return future.result(timeout=self._patience(timeout))
        except FutureTimeoutError:
            cause = f"Task timed out after {timeout} seconds"
            raise stepfunctions._ExecutionError("States.Timeout", cause) from None

    def _patience(self, timeout: float) -> float:
        """Wall seconds to wait: scaled, but not less than honest work in wall time may need."""
        return max(self._keeper.clock.wall_seconds(timeout), min(timeout, SHORTEST_TIMEOUT_SECONDS))

    def invoke_with_callback(
        self, resource: str, parameters: Any, token: str, state: Mapping[str, Any]
    ) -> Any:
        """The call is made, then its result is what SendTaskSuccess or -Failure brings."""
        arrived = threading.Event()
        pending: JsonObject = {
            "event": arrived,
            "result": None,
            "error": None,
            "heartbeat": None,
        }
        stepfunctions._task_tokens[token] = pending
        try:
            self.invoke(resource.replace(".waitForTaskToken", ""), parameters)
            timeout = float(state.get("TimeoutSeconds", _FOREVER_SECONDS))
            if not arrived.wait(self._patience(timeout)):
                cause = "Task timed out waiting for callback"
                raise stepfunctions._ExecutionError("States.Timeout", cause)
        finally:
            stepfunctions._task_tokens.pop(token, None)
        if pending["error"]:
            failure = pending["error"]
            raise stepfunctions._ExecutionError(
                failure.get("Error", "States.TaskFailed"), failure.get("Cause", "")
            )
        return json.loads(pending["result"] or "null")


def _is_work(resource: str, parameters: Any) -> bool:
    """Whether the task is a function that AWS would have run in no time to speak of."""
    if "lambda" not in resource:
        return False
    name = parameters.get("FunctionName") if ":invoke" in resource else resource
    function = lambda_svc._functions.get(str(name).split(":function:")[-1].split(":")[0])
    return function is not None and function["config"]["Timeout"] <= _LONGEST_WORK_SECONDS


def _apply_parameters(state: Mapping[str, Any], data: Any, ctx: Any = None) -> Any:
    """`Parameters: {}` means no parameters, not the whole input."""
    if state.get("Parameters") is None:
        return data
    return stepfunctions._resolve_params_obj(state["Parameters"], data, ctx)


def _know_task_roles() -> None:
    """A task with `Credentials` runs under the role that it names, or that its input does."""
    execute_built_in = stepfunctions._execute_task

    def execute(state: Mapping[str, Any], data: Any, execution: JsonObject, ctx: Any) -> Any:
        named = stepfunctions._resolve_params_obj(state.get("Credentials", {}), data, ctx)
        token = _task_role.set(named.get("RoleArn"))
        try:
            return execute_built_in(state, data, execution, ctx)
        finally:
            _task_role.reset(token)

    stepfunctions._execute_task = execute


def _follow_clock(keeper: Timekeeper) -> None:
    """Dates of executions and waits are cloud time."""
    clock = keeper.clock

    def now_iso() -> str:
        now = datetime.fromtimestamp(clock.now(), UTC)
        return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"

    def sleep_until(timestamp: str) -> None:
        target = datetime.fromisoformat(timestamp)
        keeper.sleep(target.timestamp() - clock.now())

    stepfunctions.now_iso = now_iso
    stepfunctions._scaled_sleep = keeper.sleep
    stepfunctions._sleep_until = sleep_until


def _keep_ends(keeper: Timekeeper) -> None:
    """Executions know their role while they run, and end as TIMED_OUT at the machine's timeout."""
    run_built_in = stepfunctions._run_execution

    def run(execution_arn: str) -> None:
        execution = stepfunctions._executions.get(execution_arn)
        machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
        _role_arn.set(machine["roleArn"])
        _machine_arn.set(machine["stateMachineArn"])
        _execution.set(execution)
        timer = _timer(execution, machine, keeper)
        try:
            run_built_in(execution_arn)
        finally:
            if timer is not None:
                timer.cancel()

    stepfunctions._run_execution = run


def _timer(execution: JsonObject, machine: Mapping[str, Any], keeper: Timekeeper) -> Alarm | None:
    seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
    if seconds is None:
        return None
    context = contextvars.copy_context()

    def time_out() -> None:
        if execution["status"] == "RUNNING":
            execution["status"] = "TIMED_OUT"
            execution["stopDate"] = stepfunctions.now_iso()
            execution["error"] = "States.Timeout"
            stepfunctions._add_event(execution, "ExecutionTimedOut", {})
            stepfunctions._emit_execution_status_event(execution)

    return Alarm(keeper.clock, float(seconds), lambda: context.run(time_out))


def _is_stopped() -> bool:
    execution = _execution.get()
    return execution is not None and execution["status"] != "RUNNING"


def _end_for_good() -> None:
    """A stopped execution tries nothing again; its last task changes neither end nor history."""
    fail_built_in, add_built_in = stepfunctions._fail_execution, stepfunctions._add_event
    find_retrier_built_in = stepfunctions._find_matching_retrier

    def find_retrier(*arguments: Any) -> Any:
        return (None, -1) if _is_stopped() else find_retrier_built_in(*arguments)

    def fail(execution: JsonObject, error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail_built_in(execution, error, cause)

    def add(execution: JsonObject, kind: str, details: Any = None) -> None:
        late = kind in _LATE_EVENTS or kind.endswith("StateExited")
        if not (late and execution["status"] != "RUNNING"):
            add_built_in(execution, kind, details)

    stepfunctions._find_matching_retrier = find_retrier
    stepfunctions._fail_execution = fail
    stepfunctions._add_event = add

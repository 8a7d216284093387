"""Functions that services of ours invoke, through ministack and by their resource policy.

Seams: of `lambda_svc` `_get_func_record_for_ref_in_scope`, `_execution_record_for_config`,
`_execute_function_with_config_scope`, `_emit_lambda_metrics` and
`_run_with_function_config_scope`.
"""

import contextvars
import time
from dataclasses import dataclass
from typing import Any

from ministack.services import lambda_svc

from emulator.seams.permissions import Source, invoked_for, may_invoke
from emulator.seams.threads import on_own_thread

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How an invocation ended: a result, or why there is none."""

    result: Any = None
    refused: str | None = None


def permits(function_arn: str, source: Source) -> bool:
    """Whether the function exists and its policy lets the source invoke it."""
    record, config, _ = _function(function_arn, source)
    if record is None or config is None:
        return False
    function = lambda_svc._functions.get(config["FunctionName"]) or record
    return may_invoke(source, function.get("policy"))


async def invoke(function_arn: str, event: Json, source: Source) -> Done:
    """The function has run for the source, on a thread of its own."""
    name = f"invoked-for-{source.service}"
    return await on_own_thread(call, function_arn, event, source, name=name)


def call(function_arn: str, event: Json, source: Source) -> Done:
    """The function has run for the source, on this thread."""
    record, config, name = _function(function_arn, source)
    if record is None or config is None:
        return Done(refused=f"the function {function_arn} does not exist")
    execution = lambda_svc._execution_record_for_config(record, config)

    def run() -> Json:
        invoked_for.set(source)
        started = time.time()
        result: Json = lambda_svc._execute_function_with_config_scope(execution, event)
        lambda_svc._run_with_function_config_scope(
            config,
            lambda_svc._emit_lambda_metrics,
            name,
            duration_ms=(time.time() - started) * 1000.0,
            error=bool(result.get("error")),
            throttle=bool(result.get("throttle")),
        )
        return result

    outcome = contextvars.copy_context().run(run)
    if outcome.get("throttle"):
        return Done(refused=f"{name} was throttled")
    if outcome.get("error"):
        return Done(refused=f"{name} failed: {outcome.get('body')}")
    return Done(result=outcome.get("body"))


def _function(function_arn: str, source: Source) -> tuple[Json | None, Json | None, str]:
    found: tuple[Json | None, Json | None, str] = lambda_svc._get_func_record_for_ref_in_scope(
        function_arn, account_id=source.account, region=source.arn.split(":")[3]
    )
    return found

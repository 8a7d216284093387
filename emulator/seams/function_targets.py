"""Functions as targets of load balancers: invoked through ministack, by their resource policy.

Seams: of `lambda_svc` `_get_func_record_for_ref_in_scope`, `_execution_record_for_config`,
`_execute_function_with_config_scope`, `_emit_lambda_metrics` and `_run_with_function_config_scope`;
`concurrency.run_reentrant`.
"""

import time
from dataclasses import dataclass
from typing import Any

from ministack.core.concurrency import run_reentrant
from ministack.services import lambda_svc

from emulator.seams.permissions import Source, invoked_for, may_invoke

Json = dict[str, Any]

SERVICE_PRINCIPAL = "elasticloadbalancing.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How an invocation ended: a result, or why there is none."""

    result: Any = None
    refused: str | None = None


def permits(function_arn: str, group_arn: str) -> bool:
    """Whether the function exists and its policy lets the target group invoke it."""
    record, config, _ = _function(function_arn, group_arn)
    if record is None or config is None:
        return False
    function = lambda_svc._functions.get(config["FunctionName"]) or record
    return may_invoke(_source(group_arn), function.get("policy"))


async def invoke(function_arn: str, event: Json, group_arn: str) -> Done:
    """The function has run for the target group, on a thread of its own."""
    record, config, name = _function(function_arn, group_arn)
    if record is None or config is None:
        return Done(refused=f"the function {function_arn} does not exist")
    execution = lambda_svc._execution_record_for_config(record, config)

    def run() -> Json:
        invoked_for.set(_source(group_arn))
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

    outcome = await run_reentrant(run, thread_name="load-balancer-invoke")
    if outcome.get("throttle"):
        return Done(refused=f"{name} was throttled")
    if outcome.get("error"):
        return Done(refused=f"{name} failed: {outcome.get('body')}")
    return Done(result=outcome.get("body"))


def _function(function_arn: str, group_arn: str) -> tuple[Json | None, Json | None, str]:
    parts = group_arn.split(":")
    found: tuple[Json | None, Json | None, str] = lambda_svc._get_func_record_for_ref_in_scope(
        function_arn, account_id=parts[4], region=parts[3]
    )
    return found


def _source(group_arn: str) -> Source:
    return Source(service=SERVICE_PRINCIPAL, arn=group_arn, account=group_arn.split(":")[4])

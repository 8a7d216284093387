"""Whether a function's resource policy lets a service invoke it for a source.

ministack stores what AddPermission says but lets its own services invoke every function.
"""

import contextvars
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator

# ministack's dispatcher runs functions in threads that copy the context of the request.
invoked_for: contextvars.ContextVar["Source | None"] = contextvars.ContextVar(
    "invoked_for", default=None
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A service that invokes a function, and the resource it does so for."""

    service: str
    arn: str
    account: str


def may_invoke(source: Source, policy: Mapping[str, Any] | None) -> bool:
    """Whether a statement of the function's policy allows it and none denies it."""
    statements = (policy or {}).get("Statement", [])
    effects = {s.get("Effect") for s in statements if _applies(s, source)}
    return effects == {"Allow"}


def _applies(statement: Mapping[str, Any], source: Source) -> bool:
    principal = statement.get("Principal", {})
    named = principal.get("Service", []) if isinstance(principal, dict) else principal
    services = [named] if isinstance(named, str) else named
    actions = statement.get("Action", [])
    listed = [actions] if isinstance(actions, str) else actions
    if source.service not in services and "*" not in services:
        return False
    if not {"lambda:InvokeFunction", "lambda:*", "*"} & set(listed):
        return False
    context = iam_evaluator.EvalContext(
        principal_arn=source.service,
        principal_type="Service",
        principal_account=source.account,
        action="lambda:InvokeFunction",
        resource_arn="*",
        region="",
        service_context={"aws:sourcearn": source.arn, "aws:sourceaccount": source.account},
    )
    return bool(iam_evaluator._conditions_met(_conditions(statement), context))


def _conditions(statement: Mapping[str, Any]) -> dict[str, Any]:
    """API Gateway's source names the route (`/items/{id}`): a placeholder is any path part."""
    conditions: dict[str, Any] = {}
    for operator, block in statement.get("Condition", {}).items():
        conditions[operator] = {
            key: re.sub(r"\{[^}]*\}", "*", value) if isinstance(value, str) else value
            for key, value in block.items()
        }
    return conditions

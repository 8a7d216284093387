"""EventBridge starts state machines with the role of its target, as far as the role may.

ministack starts them in its own name, whatever role the target has. On AWS an event whose target
may not be invoked is a failed invocation; here it is dropped with a line in the server's log.

Seam: `eventbridge._invoke_target`.
"""

import logging
from typing import Any

from ministack.services import eventbridge

from emulator.seams.trust import allows, trusts_service

RULES, SCHEDULES = "events.amazonaws.com", "scheduler.amazonaws.com"
"""Who assumes the role of a target: of a rule, of a schedule of EventBridge Scheduler."""
_log = logging.getLogger(__name__)


def attach() -> None:
    """Targets that are state machines are started only with a role that may start them."""
    built_in = eventbridge._invoke_target

    def invoke(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        refusal = _refusal(target, principal_of(str(rule.get("Arn", ""))))
        if refusal is None:
            built_in(target, event, rule, view)
        else:
            _log.warning("EventBridge: %s was not started: %s", target.get("Arn"), refusal)

    eventbridge._invoke_target = invoke


def principal_of(rule_arn: str) -> str:
    """Who assumes the roles of a rule's targets, or of a schedule's."""
    return SCHEDULES if rule_arn.split(":")[2:3] == ["scheduler"] else RULES


def _refusal(target: dict[str, Any], principal: str) -> str | None:
    arn, role = str(target.get("Arn", "")), str(target.get("RoleArn", ""))
    if ":states:" not in arn:
        return None
    if not role:
        return "the target has no role"
    if not trusts_service(role, principal):
        return f"{principal} is not authorized to assume {role}"
    if not allows(role, "states:StartExecution", arn):
        return f"{role} is not authorized to perform: states:StartExecution"
    return None

"""What services deliver to queues of ministack: by the cloud's clock, and only as far as they may.

EventBridge delivers a rule's event as far as the queue's policy lets it, a schedule's as far as the
schedule's role may; on AWS another event is a failed invocation, here it is dropped with a line in
the server's log. S3 and SNS ask the policy already. Times of sending are put right for all four:
Lambda's queue for failed asynchronous invocations is the fourth. Services come over TLS.

Seams: of `eventbridge` `_dispatch_to_sqs`, `_invoke_target` and `_dispatch_event`;
`sqs.queue_policy_allows`, `iam_evaluator.pin_request_origin`, `s3._deliver_event_to_sqs`,
`sns._deliver_to_sqs`, `lambda_svc._route_async_failure`.
"""

import contextvars
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import eventbridge, lambda_svc, sqs

from emulator.seams.eventbridge import SCHEDULES, principal_of
from emulator.seams.queues import lock
from emulator.seams.trust import allows, trusts_service

_log = logging.getLogger(__name__)

_SEND = "sqs:SendMessage"


def attach(now: Callable[[], float]) -> None:
    """Deliveries to queues ask first, and are stamped by this clock, in Unix seconds."""
    sqs.queue_policy_allows = _over_tls(sqs.queue_policy_allows)
    eventbridge._invoke_target = _asking(eventbridge._invoke_target)
    eventbridge._dispatch_to_sqs = _stamped(eventbridge._dispatch_to_sqs, now)
    eventbridge._dispatch_event = _dated(eventbridge._dispatch_event, now)
    lambda_svc._route_async_failure = _stamped(lambda_svc._route_async_failure, now)
    # They take a fifth of a second to load, for which nobody who starts a cloud should wait.
    threading.Thread(target=_attach_late, args=(now,), daemon=True, name="queue-stamps").start()


def _over_tls(built_in: Callable[..., bool]) -> Callable[..., bool]:
    """Services come over TLS, whichever thread it is: policies that demand it let them in."""

    def allows_over_tls(*given: Any) -> bool:
        def asked() -> bool:
            iam_evaluator.pin_request_origin("127.0.0.1", True)
            return built_in(*given)

        return contextvars.copy_context().run(asked)

    return allows_over_tls


def _attach_late(now: Callable[[], float]) -> None:
    from ministack.services import s3, sns  # noqa: PLC0415 - see above

    s3._deliver_event_to_sqs = _stamped(s3._deliver_event_to_sqs, now)
    sns._deliver_to_sqs = _stamped(sns._deliver_to_sqs, now)


def _stamped(built_in: Callable[..., Any], now: Callable[[], float]) -> Callable[..., Any]:
    """What it puts into a queue, named by its first argument, was sent at the cloud's moment."""

    def deliver(target: Any, *rest: Any, **named: Any) -> Any:
        queue = sqs._queue_by_arn(str(target))
        if queue is None:
            return built_in(target, *rest, **named)
        with lock:
            before = len(queue["messages"])
            answer = built_in(target, *rest, **named)
            for message in queue["messages"][before:]:
                _stamp(message, now())
            return answer

    return deliver


def _stamp(message: dict[str, Any], moment: float) -> None:
    sqs._ensure_msg_fields(message)
    delay = message["visible_at"] - message["sent_at"]
    message["sent_at"], message["visible_at"] = moment, moment + delay
    message["sys"]["SentTimestamp"] = str(int(moment * 1000))


def _dated(built_in: Callable[..., Any], now: Callable[[], float]) -> Callable[..., Any]:
    """S3's events, which it makes by the wall's clock, happen in the cloud's time."""

    def dispatch(event: dict[str, Any], *rest: Any, **named: Any) -> Any:
        if event.get("Source") == "aws.s3":
            moment = datetime.fromtimestamp(now(), UTC)
            event = {**event, "Time": f"{moment:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"}
        return built_in(event, *rest, **named)

    return dispatch


def _asking(built_in: Callable[..., Any]) -> Callable[..., Any]:
    def invoke(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        queue = str(target.get("Arn", ""))
        refusal = _refusal(target, rule) if queue.startswith("arn:aws:sqs:") else None
        if refusal is None:
            built_in(target, event, rule, view)
        else:
            _log.warning("EventBridge: nothing was sent to %s: %s", queue, refusal)

    return invoke


def _refusal(target: dict[str, Any], rule: dict[str, Any]) -> str | None:
    queue, source = str(target["Arn"]), str(rule.get("Arn", ""))
    principal = principal_of(source)
    if principal != SCHEDULES:
        account = source.split(":")[4]
        if sqs.queue_policy_allows(queue, principal, source, account):
            return None
        return f"its policy does not let {principal} perform {_SEND} for {source}"
    role = str(target.get("RoleArn", ""))
    if not role:
        return "the schedule has no role"
    if not trusts_service(role, principal):
        return f"{principal} is not authorized to assume {role}"
    return None if allows(role, _SEND, queue) else f"{role} is not authorized to perform: {_SEND}"

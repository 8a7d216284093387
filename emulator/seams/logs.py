"""CloudWatch Logs of ministack: writing to it, and taking over its subscription filters."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.core import responses
from ministack.services import cloudwatch_logs

from emulator.filterpatterns import compile_pattern
from emulator.logs import Deliverer, Destination, Event
from emulator.seams.permissions import Source, invoked_for

JsonObject = dict[str, Any]

KEPT_EVENTS = 2_000
"""How many events a stream that functions and models write to keeps, the newest ones. AWS keeps all
for the group's retention; here they would fill the memory of a cloud that runs for days."""


Listener = Callable[[str, str, str], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """`listener(account, region, message)` hears every line of functions and models from now on."""
    _listeners.append(listener)


def write(group_name: str, stream_name: str, messages: Sequence[str]) -> None:
    """The messages are in the stream, made if need be, and offered to its group's filters."""
    now_ms = int(time.time() * 1000)
    stream = _stream(group_name, stream_name, now_ms)
    stored = [
        {"timestamp": now_ms, "message": message, "ingestionTime": now_ms} for message in messages
    ]
    cloudwatch_logs._append_log_events(stream, stored)
    del stream["events"][:-KEPT_EVENTS]
    cloudwatch_logs._fanout_to_subscription_filters(group_name, stream_name, stored)
    account, region = responses.get_account_id(), responses.get_region()
    for listener in _listeners:
        for message in messages:
            listener(account, region, message)


def _stream(group_name: str, stream_name: str, now_ms: int) -> JsonObject:
    groups = cloudwatch_logs._log_groups
    group = groups.get(group_name)
    if group is None:
        group = {
            "arn": cloudwatch_logs._make_group_arn(group_name),
            "creationTime": now_ms,
            "retentionInDays": None,
            "tags": {},
            "subscriptionFilters": {},
            "streams": {},
        }
        groups[group_name] = group
    stream: JsonObject = group["streams"].setdefault(
        stream_name,
        {
            "events": [],
            "uploadSequenceToken": "1",
            "creationTime": now_ms,
            "firstEventTimestamp": None,
            "lastEventTimestamp": None,
            "lastIngestionTime": None,
        },
    )
    return stream


def install(deliverer: Deliverer) -> None:
    """Matched events of subscription filters go to `deliverer`; patterns mean what AWS says."""

    def fan_out(group_name: str, stream_name: str, events: Sequence[JsonObject]) -> None:
        group = cloudwatch_logs._log_groups.get(group_name)
        if not group:
            return
        for rule in (group.get("subscriptionFilters") or {}).values():
            _offer(deliverer, rule, stream_name, events)

    cloudwatch_logs._fanout_to_subscription_filters = fan_out
    cloudwatch_logs._subscription_pattern_matches = _matches
    cloudwatch_logs._compile_filter_pattern = compile_pattern


def _offer(
    deliverer: Deliverer, rule: Mapping[str, Any], stream_name: str, events: Sequence[JsonObject]
) -> None:
    """A function never receives its own log group's lines: AWS refuses such a filter."""
    function_arn = rule.get("destinationArn", "")
    function_name = function_arn.rpartition(":function:")[2].partition(":")[0]
    group_name = rule["logGroupName"]
    if ":function:" not in function_arn or group_name == f"/aws/lambda/{function_name}":
        return
    matches = compile_pattern(rule.get("filterPattern") or "")
    matched = [
        Event(timestamp_ms=event["timestamp"], message=event["message"])
        for event in events
        if matches(event["message"])
    ]
    destination = Destination(
        owner=responses.get_account_id(),
        log_group=group_name,
        log_stream=stream_name,
        filter_name=rule["filterName"],
        function_arn=function_arn,
    )
    if matched:
        deliverer.offer(destination, matched)


def _matches(pattern: str | None, message: str) -> bool:
    return compile_pattern(pattern or "")(message)


def invoke_function(function_arn: str, log_group: str, event: Mapping[str, Any]) -> bool:
    """The function ran on events of `log_group`; whether it ended without an error.

    LookupError if it is gone. Its policy must let CloudWatch Logs invoke it for the group.
    """
    from ministack.services import lambda_svc  # noqa: PLC0415 - a service is loaded when first used

    _, _, _, region, account, _, name, *_ = function_arn.split(":")
    with responses.request_scope(account, region):
        record = lambda_svc._functions.get(name)
        if record is None:
            raise LookupError(f"no function has that name, got {function_arn}")
        group_arn = f"arn:aws:logs:{region}:{account}:log-group:{log_group}:*"
        invoked_for.set(Source(service="logs.amazonaws.com", arn=group_arn, account=account))
        result = lambda_svc._execute_function_with_config_scope(record, dict(event))
    return not result.get("error")

"""EventBridge of ministack: services of ours publish to it, and its rules reach their resources.

Seams: `eventbridge._put_events` and `eventbridge._invoke_target`.
"""

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from emulator.seams import tenancy


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What a service tells EventBridge of one of its resources."""

    source: str
    detail_type: str
    detail: Mapping[str, Any]
    resources: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One event for one target of a rule: `role_arn` is the target's, "" if it has none.

    `rule_arn` may be that of a schedule. `input` is the text that the target gets instead of the
    event, None if it gets the event; `target` is all that was declared of it.
    """

    target_arn: str
    role_arn: str
    rule_arn: str
    event: Mapping[str, Any]
    input: str | None = None
    target: Mapping[str, Any] = field(default_factory=dict)


Deliver = Callable[[Delivery], None]

_targets: dict[str, Deliver] = {}
_attached = False


def publish(account: str, region: str, event: Event) -> None:
    """Rules of the account and region that match the event have been told of it."""
    from ministack.services import eventbridge  # noqa: PLC0415 - loaded when first used

    entry = {
        "Source": event.source,
        "DetailType": event.detail_type,
        "Resources": list(event.resources),
        "Detail": json.dumps(event.detail),
    }
    with tenancy.acting_for(account, region):
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


class Outbox:
    """Publishes events in the order in which they come, while whoever sends them goes on.

    Targets of rules are invoked by its one thread, so no event loop and no lock waits for them.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    def send(self, account: str, region: str, event: Event) -> None:
        """The event will be published, unless the cloud ends first."""
        # After its end there is nobody to tell.
        with contextlib.suppress(RuntimeError):
            self._thread.submit(publish, account, region, event)

    def close(self) -> None:
        """No event is published any more but one that is being published."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def add_target(service: str, deliver: Deliver) -> None:
    """Targets whose ARN names `service` get their events from `deliver`, which must not block."""
    _targets[service] = deliver


def attach() -> None:
    """Rules deliver to the targets that were added; calling it again does nothing."""
    global _attached  # noqa: PLW0603 - ministack is patched once a process
    if _attached:
        return
    from ministack.services import eventbridge  # noqa: PLC0415 - loaded when first used

    built_in = eventbridge._invoke_target

    def invoke(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        deliver = _targets.get(_service_of(str(target.get("Arn", ""))))
        if deliver is None:
            built_in(target, event, rule, view)
            return
        seen = view if view is not None else eventbridge._pattern_event_view(event)
        deliver(
            Delivery(
                target_arn=target["Arn"],
                role_arn=target.get("RoleArn") or rule.get("RoleArn") or "",
                rule_arn=str(rule.get("Arn", "")),
                event=seen.event_with_detail(),
                input=_input(target, rule, seen),
                target=target,
            )
        )

    eventbridge._invoke_target = invoke
    _attached = True


def _input(target: Mapping[str, Any], rule: dict[str, Any], view: Any) -> str | None:
    from ministack.services import eventbridge  # noqa: PLC0415 - loaded when first used

    transformer = target.get("InputTransformer")
    if transformer:
        return str(eventbridge._apply_input_transformer(transformer, rule, view))
    given = target.get("Input")
    return None if given is None else str(given)


def _service_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 2 else ""

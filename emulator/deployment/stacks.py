"""Creates, updates and deletes one stack and waits until it rests, telling its events."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from emulator.deployment.errors import DeployError, ResourceFailure, StackFailedError
from emulator.deployment.target import Target

LONGEST_INLINE_TEMPLATE_BYTES = 51_200
"""CloudFormation takes a longer template from a bucket only (quota "template body size")."""

STACK_TIMEOUT_SECONDS = 7200.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 0.5
_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_MUST_BE_DELETED_FIRST = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled")


class StackChange(StrEnum):
    """What a deployment did to a stack."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class StackEvent:
    """One line of a stack's history."""

    stack_name: str
    logical_id: str
    resource_type: str
    status: str
    reason: str
    physical_id: str
    at: datetime


OnEvent = Callable[[StackEvent], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class StackRequest:
    """A stack as it shall be."""

    name: str
    template: str
    template_url: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    """The role that CloudFormation acts with, for good; that of whoever deploys if None."""

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that creation and update share."""
        too_long = len(self.template.encode()) > LONGEST_INLINE_TEMPLATE_BYTES
        if too_long and self.template_url is None:
            raise DeployError(
                f"template of stack {self.name} has more than {LONGEST_INLINE_TEMPLATE_BYTES} "
                "bytes and is no asset: it must be in a bucket"
            )
        where = {"TemplateURL": self.template_url} if too_long else {"TemplateBody": self.template}
        return {
            **where,
            **({} if self.role_arn is None else {"RoleARN": self.role_arn}),
            "StackName": self.name,
            "Capabilities": list(_CAPABILITIES),
            "Parameters": _pairs(self.parameters, "ParameterKey", "ParameterValue"),
            "Tags": _pairs(self.tags, "Key", "Value"),
        }


def put_stack(
    target: Target, request: StackRequest, *, on_event: OnEvent | None = None
) -> StackChange:
    """The stack is as requested; tells whether it was already.

    Raises:
        StackFailedError: it is not, and rolled back where that was possible.
    """
    description = describe_stack(target, request.name)
    if description is not None and description["StackStatus"].endswith("_IN_PROGRESS"):
        description = _at_rest(target, description["StackId"], on_event=None, seen=set())
    if description is not None and description["StackStatus"] in _MUST_BE_DELETED_FIRST:
        delete_stack(target, request.name, on_event=on_event)
        description = None
    if description is None:
        made = target.cloudformation.create_stack(**request.arguments())
        _settle(target, request.name, made["StackId"], on_event=on_event, seen=set())
        return StackChange.CREATED
    stack_id = description["StackId"]
    seen = {event["EventId"] for event in _events(target, stack_id)}
    try:
        target.cloudformation.update_stack(**request.arguments())
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return StackChange.UNCHANGED
        raise
    _settle(target, request.name, stack_id, on_event=on_event, seen=seen)
    return StackChange.UPDATED


def delete_stack(target: Target, name: str, *, on_event: OnEvent | None = None) -> bool:
    """The stack is gone; tells whether there was one.

    Raises:
        StackFailedError: a resource would not be deleted.
    """
    description = describe_stack(target, name)
    if description is None:
        return False
    stack_id = description["StackId"]
    seen = {event["EventId"] for event in _events(target, stack_id)}
    target.cloudformation.delete_stack(StackName=stack_id)
    _settle(target, name, stack_id, on_event=on_event, seen=seen)
    return True


def describe_stack(target: Target, name: str) -> dict[str, Any] | None:
    """Return what CloudFormation says of a stack, None if there is none of that name."""
    try:
        found = target.cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    described = dict(found[0])
    return None if described["StackStatus"] == "DELETE_COMPLETE" else described


def _settle(
    target: Target, name: str, stack_id: str, *, on_event: OnEvent | None, seen: set[str]
) -> None:
    """The stack rests, well; `seen` are the events of earlier operations."""
    earlier = set(seen)
    status = _at_rest(target, stack_id, on_event=on_event, seen=seen)["StackStatus"]
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"):
        return
    events = [e for e in _events(target, stack_id) if e["EventId"] not in earlier]
    raise StackFailedError(name, status, tuple(_failures(events)))


def _at_rest(
    target: Target, stack_id: str, *, on_event: OnEvent | None, seen: set[str]
) -> dict[str, Any]:
    deadline = time.monotonic() + STACK_TIMEOUT_SECONDS
    pause_seconds = _FIRST_PAUSE_SECONDS
    while time.monotonic() < deadline:
        stack = target.cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
        if on_event is not None:
            _tell_new(target, stack_id, on_event, seen)
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return dict(stack)
        time.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, _LONGEST_PAUSE_SECONDS)
    raise DeployError(
        f"stack {stack_id} is not at rest after {STACK_TIMEOUT_SECONDS:.0f} s, "
        f"got {stack['StackStatus']}: look at its events"
    )


def _tell_new(target: Target, stack_id: str, on_event: OnEvent, seen: set[str]) -> None:
    for event in _events(target, stack_id):
        if event["EventId"] not in seen:
            seen.add(event["EventId"])
            on_event(_event(event))


def _events(target: Target, stack_id: str) -> Sequence[Mapping[str, Any]]:
    """All events of a stack, oldest first."""
    pages = target.cloudformation.get_paginator("describe_stack_events").paginate(
        StackName=stack_id
    )
    return [event for page in pages for event in page["StackEvents"]][::-1]


def _event(event: Mapping[str, Any]) -> StackEvent:
    return StackEvent(
        stack_name=event["StackName"],
        logical_id=event["LogicalResourceId"],
        resource_type=event["ResourceType"],
        status=event["ResourceStatus"],
        reason=event.get("ResourceStatusReason", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        at=event["Timestamp"],
    )


def _failures(events: Sequence[Mapping[str, Any]]) -> Iterator[ResourceFailure]:
    """The causes of a failure: not its consequences, nor the stack's own summary of them."""
    for event in events:
        reason = event.get("ResourceStatusReason", "")
        own = event.get("PhysicalResourceId") == event["StackId"]
        if own or not event["ResourceStatus"].endswith("_FAILED"):
            continue
        if reason and not reason.startswith(_CONSEQUENCES):
            yield ResourceFailure(
                logical_id=event["LogicalResourceId"],
                resource_type=event["ResourceType"],
                reason=reason,
            )


def _pairs(values: Mapping[str, str], key: str, value: str) -> list[dict[str, str]]:
    return [{key: name, value: values[name]} for name in sorted(values)]

"""Stack events of an update, as CloudFormation tells them.

ministack's engine reports every resource of an updated stack as updated, a new one too, and says
nothing of what its clean-up deletes. Here an untouched resource has no event, a new one is
created, and a deletion is seen.

Seams: `stacks._add_event`, `_update_keeping_seed`, `_provision_keeping_seed`, `_delete_resource`.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ministack.core import responses

RECORDED_REASON = "recorded by the embedded cloud, not running"

_Key = tuple[str, str, str, str]
_STARTED = "UPDATE_IN_PROGRESS"
_UPDATE, _CREATE = "UPDATE_", "CREATE_"


class _Fate(Enum):
    """What an update does with one resource."""

    UNKNOWN = "unknown"
    TOUCHED = "touched"
    UNTOUCHED = "untouched"
    CREATED = "created"


@dataclass(kw_only=True, slots=True)
class _Held:
    """The first event of a resource, held back until it is known what happens to it."""

    event: tuple[Any, ...]
    fate: _Fate = _Fate.UNKNOWN


@dataclass(kw_only=True, slots=True)
class _Narrator:
    """Decides which events of the engine are told, and as what."""

    add_event: Callable[..., None]
    is_recorded: Callable[[str], bool]
    held: dict[_Key, _Held] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(  # noqa: PLR0913, PLR0917 - ministack's signature
        self,
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        detailed_status: str = "",
    ) -> None:
        """Tell an event of the engine, now, later, differently or never."""
        key = _key(stack_name, logical_id)
        event = (stack_id, stack_name, logical_id, resource_type)
        if status == _STARTED and not reason and not physical_id:
            with self.lock:
                self.held[key] = _Held(event=event)
            return
        held = self._finished(key, status)
        if held is not None and held.fate is _Fate.UNTOUCHED:
            return
        if held is not None and held.fate is _Fate.CREATED:
            status = status.replace(_UPDATE, _CREATE, 1)
        if status == "CREATE_COMPLETE" and self.is_recorded(resource_type):
            reason = RECORDED_REASON
        self.add_event(*event, status, reason, physical_id, detailed_status)

    def decided(self, key: _Key, fate: _Fate) -> None:
        """Tell the held first event, now that it is known what happens to the resource."""
        with self.lock:
            held = self.held.get(key)
            if held is None or held.fate is not _Fate.UNKNOWN:
                return
            held.fate = fate
        if fate is not _Fate.UNTOUCHED:
            prefix = _CREATE if fate is _Fate.CREATED else _UPDATE
            self.add_event(*held.event, f"{prefix}IN_PROGRESS")

    def _finished(self, key: _Key, status: str) -> _Held | None:
        with self.lock:
            return self.held.get(key) if status == _STARTED else self.held.pop(key, None)


def attach(stacks: Any, is_recorded: Callable[[str], bool]) -> None:
    """Events of stack updates are told as on AWS; those of recorded types say that they are."""
    narrator = _Narrator(add_event=stacks._add_event, is_recorded=is_recorded)
    update, provision = stacks._update_keeping_seed, stacks._provision_keeping_seed

    def updating(*arguments: Any) -> Any:
        _, _, old, new, stack_name, logical_id, *_ = arguments
        fate = _Fate.UNTOUCHED if old == new else _Fate.TOUCHED
        narrator.decided(_key(stack_name, logical_id), fate)
        return update(*arguments)

    def provisioning(*arguments: Any) -> Any:
        _, logical_id, _, stack_name = arguments
        narrator.decided(_key(stack_name, logical_id), _Fate.CREATED)
        return provision(*arguments)

    stacks._add_event = narrator.heard
    stacks._update_keeping_seed = updating
    stacks._provision_keeping_seed = provisioning
    stacks._delete_resource = _telling_clean_up(stacks._delete_resource, narrator)


def _telling_clean_up(delete: Callable[..., None], narrator: _Narrator) -> Callable[..., None]:
    """Deletions after a successful update are told; those of a rollback or delete already are."""

    def deleting(  # noqa: PLR0917 - ministack's signature
        resource_type: str,
        physical_id: str,
        properties: dict[str, Any],
        stack_name: str | None = None,
        logical_id: str | None = None,
    ) -> None:
        from ministack.services.cloudformation import _stacks  # noqa: PLC0415 - 45 modules

        stack = _stacks.get(stack_name) if stack_name is not None else None
        if stack is None or stack.get("StackStatus") != _STARTED:
            delete(resource_type, physical_id, properties, stack_name, logical_id)
            return
        event = (stack["StackId"], stack_name, logical_id, resource_type)
        narrator.add_event(*event, "DELETE_IN_PROGRESS", "", physical_id)
        delete(resource_type, physical_id, properties, stack_name, logical_id)
        narrator.add_event(*event, "DELETE_COMPLETE", "", physical_id)

    return deleting


def _key(stack_name: str, logical_id: str) -> _Key:
    return (responses.get_account_id(), responses.get_region(), stack_name, logical_id)

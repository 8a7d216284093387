"""What a CloudFormation resource type must offer to be provisioned by the embedded cloud.

A handler knows its service and nothing of the stack engine that calls it: the engine's seam turns
its own calling convention into these three operations.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class ResourceError(Exception):
    """A resource was refused; the text becomes the reason in the stack's events."""


class PartlyCreatedError(ResourceError):
    """Creation failed after something came to exist, so a rollback must delete `physical_id`."""

    def __init__(self, reason: str, *, physical_id: str) -> None:
        super().__init__(reason)
        self.physical_id = physical_id


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceContext:
    """Where a resource is being provisioned; a deletion names no stack."""

    account: str
    region: str
    stack_name: str
    logical_id: str
    generated_name: Callable[[int], str]
    """Makes a new `stack-logical-SUFFIX` of at most that many characters at each call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provisioned:
    """A resource as the stack sees it: what `Ref` and `Fn::GetAtt` answer."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class ResourceHandler(Protocol):
    """Creates, updates and deletes the resources of one type."""

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """Create the resource, or raise `ResourceError` with nothing left behind."""

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Bring the resource to `new`; another physical id means that it was replaced.

        The predecessor of a replacement is left alone: the engine deletes it once the whole
        update has succeeded, or keeps it when the template says so.
        """

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """Delete the resource; one that is already gone counts as deleted."""


class HandlerRegistry:
    """The resource types with behaviour of our own, by name."""

    def __init__(self) -> None:
        self._handlers: dict[str, ResourceHandler] = {}
        self._blocking: set[str] = set()

    def add(self, type_name: str, handler: ResourceHandler) -> None:
        """Register a handler that only touches memory and returns at once."""
        self._handlers[type_name] = handler

    def add_blocking(self, type_name: str, handler: ResourceHandler) -> None:
        """Register a handler that waits (calls services, polls); it gets a thread of its own."""
        self.add(type_name, handler)
        self._blocking.add(type_name)

    def get(self, type_name: str) -> ResourceHandler | None:
        """Return the handler of a type, None when the type has no behaviour of ours."""
        return self._handlers.get(type_name)

    def is_blocking(self, type_name: str) -> bool:
        """Tell whether the type's handler must stay off the event loop."""
        return type_name in self._blocking

    def __iter__(self) -> Iterator[str]:
        return iter(self._handlers)

    def __contains__(self, type_name: object) -> bool:
        return type_name in self._handlers


RESOURCE_TYPES = HandlerRegistry()
"""The types that this server process runs; a service adds its own when it is installed."""

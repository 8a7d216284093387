"""ministack's CloudFormation engine: where its provisioners are found, called and undone.

The engine (45 service modules, 2 s, 70 MB) is loaded by the first CloudFormation request, on a
thread, so that a server that never deploys stays small and quick to start.

Seams, each with a contract test: `app.SERVICE_HANDLERS["cloudformation"]`, of `provisioners`
`_RESOURCE_HANDLERS` and `_STACK_TAG_PROPERTY`, of `stacks` `_runs_on_worker_thread` and
`_roll_back_operation`; those of conditions, events, roles, custom resources and single types are in
the files beside this one.
"""

import asyncio
import threading
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from ministack import app
from ministack.core import responses

from emulator.cloudformation.checked import CheckedHandler
from emulator.cloudformation.generic import RecordedResource, Recorder
from emulator.cloudformation.registry import (
    HandlerRegistry,
    PartlyCreatedError,
    Provisioned,
    ResourceContext,
    ResourceHandler,
)
from emulator.cloudformation.schemas import ResourceSchema, SchemaCatalogue
from emulator.seams import (
    cloudformation_conditions,
    cloudformation_custom,
    cloudformation_events,
    cloudformation_exports,
    cloudformation_mended,
    cloudformation_roles,
)

_SERVICE = "cloudformation"
_CREATE_FAILED = "CREATE_FAILED"
_Answer = tuple[str, dict[str, Any]]


class CloudFormationSeam:
    """Puts our resource types into ministack's engine and mends what the engine does otherwise."""

    def __init__(self, handlers: HandlerRegistry, catalogue: SchemaCatalogue) -> None:
        self._handlers = handlers
        self._catalogue = catalogue
        self._recorder = Recorder(catalogue)
        self._recorded_types: frozenset[str] = frozenset()
        self._loading = threading.Lock()
        self._loaded = False

    def attach(self) -> None:
        """CloudFormation requests now load the engine, with our types in it, and are answered."""
        original = app.SERVICE_HANDLERS[_SERVICE]
        acting = cloudformation_roles.acting_for(original)
        app.SERVICE_HANDLERS[_SERVICE] = self._loading_first(acting)

    def load(self) -> None:
        """The engine is loaded and knows our types; calling it again does nothing."""
        with self._loading:
            if self._loaded:
                return
            self._register_types()
            self._patch_engine()
            self._loaded = True

    def recorded(self) -> tuple[RecordedResource, ...]:
        """Return the resources that exist on paper only."""
        return self._recorder.recorded()

    def running_types(self) -> frozenset[str]:
        """Return the types with an API behind them, ministack's or ours."""
        self.load()
        return frozenset(_engine_types()) - self.recorded_types()

    def recorded_types(self) -> frozenset[str]:
        """Return the types that are validated and recorded, not running."""
        self.load()
        return self._recorded_types

    def _loading_first(
        self, original: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        async def answer(*request: Any) -> Any:
            if not self._loaded:
                await asyncio.to_thread(self.load)
            return await original(*request)

        return answer

    def _register_types(self) -> None:
        table = _engine_types()
        cloudformation_mended.attach(table, self._catalogue)
        self._recorded_types = self._catalogue.type_names() - set(table) - set(self._handlers)
        for type_name in self._recorded_types:
            table[type_name] = _entry(type_name, _RecordedType(self._recorder, type_name))
        for type_name in self._handlers:
            handler = self._handlers.get(type_name)
            if handler is not None:
                checked = CheckedHandler(handler, self._catalogue, type_name)
                table[type_name] = _entry(type_name, checked)
                _pass_stack_tags(self._catalogue.load(type_name))

    def _patch_engine(self) -> None:
        from ministack.services.cloudformation import stacks  # noqa: PLC0415 - 45 modules

        blocks_already = stacks._runs_on_worker_thread
        stacks._runs_on_worker_thread = lambda type_name: (
            self._handlers.is_blocking(type_name) or blocks_already(type_name)
        )
        stacks._roll_back_operation = partial(_roll_back, stacks._roll_back_operation)
        cloudformation_conditions.attach()
        cloudformation_roles.attach(stacks, self._catalogue)
        cloudformation_events.attach(stacks, self._recorded_types.__contains__)
        cloudformation_custom.attach()
        cloudformation_exports.attach(stacks)


class _RecordedType:
    """One type of the recorder, as a handler."""

    def __init__(self, recorder: Recorder, type_name: str) -> None:
        self._recorder = recorder
        self._type_name = type_name

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """Record a new resource."""
        return self._recorder.create(self._type_name, context, properties)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Record new properties."""
        return self._recorder.update(self._type_name, context, physical_id, old=old, new=new)

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """Forget the resource."""
        self._recorder.delete(self._type_name, context, physical_id)


def _engine_types() -> dict[str, Any]:
    """The engine's own table, which three of its modules share: it is changed in place."""
    from ministack.services.cloudformation import provisioners  # noqa: PLC0415 - 45 modules

    table: dict[str, Any] = provisioners._RESOURCE_HANDLERS
    return table


def _pass_stack_tags(schema: ResourceSchema) -> None:
    """The engine hands the tags of the stack to resources of the type, if it has tags."""
    from ministack.services.cloudformation import provisioners  # noqa: PLC0415 - 45 modules

    name = schema.tag_property
    if name is not None:
        shape = "map" if schema.property_schema(name).get("type") == "object" else "list"
        provisioners._STACK_TAG_PROPERTY[schema.type_name] = (name, shape)


def _entry(type_name: str, handler: ResourceHandler) -> dict[str, Any]:
    """A row of ministack's table: its calling convention, turned into ours."""
    return {
        "create": partial(_create, type_name, handler),
        "update": partial(_update, handler),
        "update_with_logical_id": True,
        "delete": partial(_delete, handler),
        "delete_with_logical_id": True,
    }


def _create(  # noqa: PLR0917 - ministack's signature
    type_name: str,
    handler: ResourceHandler,
    logical_id: str,
    properties: dict[str, Any],
    stack_name: str,
) -> _Answer:
    try:
        return _answer(handler.create(_context(stack_name, logical_id), properties))
    except PartlyCreatedError as error:
        remember_partly_created(
            stack_name, logical_id, type_name, physical_id=error.physical_id, properties=properties
        )
        raise


def _update(  # noqa: PLR0917 - ministack's signature
    handler: ResourceHandler,
    physical_id: str,
    old: dict[str, Any],
    new: dict[str, Any],
    stack_name: str,
    logical_id: str | None,
) -> _Answer:
    context = _context(stack_name, logical_id)
    return _answer(handler.update(context, physical_id, old, new))


def _delete(
    handler: ResourceHandler,
    physical_id: str,
    properties: dict[str, Any],
    logical_id: str | None,
) -> None:
    handler.delete(_context("", logical_id), physical_id, properties)


def _answer(provisioned: Provisioned) -> _Answer:
    return provisioned.physical_id, dict(provisioned.attributes)


def _context(stack_name: str, logical_id: str | None) -> ResourceContext:
    named = logical_id if logical_id is not None else ""

    def generated_name(longest: int) -> str:
        suffix = uuid.uuid4().hex[:12].upper()
        return f"{stack_name}-{named}"[: longest - len(suffix) - 1] + f"-{suffix}"

    return ResourceContext(
        account=responses.get_account_id(),
        region=responses.get_region(),
        stack_name=stack_name,
        logical_id=named,
        generated_name=generated_name,
    )


def remember_partly_created(
    stack_name: str,
    logical_id: str,
    type_name: str,
    *,
    physical_id: str,
    properties: Mapping[str, Any],
) -> None:
    """The stack lists the resource as CREATE_FAILED, so that rollback and delete reach it."""
    from ministack.services.cloudformation import _stacks  # noqa: PLC0415 - 45 modules

    stack = _stacks.get(stack_name)
    if stack is None:
        return
    stack.setdefault("_resources", {})[logical_id] = {
        "PhysicalResourceId": physical_id,
        "ResourceType": type_name,
        "ResourceStatus": _CREATE_FAILED,
        "LogicalResourceId": logical_id,
        "Properties": dict(properties),
        "Attributes": {},
        "Timestamp": responses.now_iso(),
    }


async def _roll_back(  # noqa: PLR0917 - ministack's signature
    original: Callable[..., Awaitable[None]],
    stack_name: str,
    stack_id: str,
    stack: dict[str, Any],
    operation: dict[str, Any],
    *rest: Any,
) -> None:
    """The engine forgets the resource whose creation failed; on AWS the rollback deletes it."""
    failed = operation.get("failed_logical_id")
    record = stack.get("_resources", {}).get(failed, {})
    created = operation.get("created", [])
    if record.get("ResourceStatus") == _CREATE_FAILED and failed not in created:
        operation = {**operation, "created": [*created, failed]}
    await original(stack_name, stack_id, stack, operation, *rest)

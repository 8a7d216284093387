"""Provisions every resource type that has no behaviour here: validated and recorded, not running.

What a template says about such a resource is checked against the public schema, remembered, and
given identifiers of the right shape, so that `Ref` and `Fn::GetAtt` resolve. No API answers for it.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.cloudformation.arns import known_arns
from emulator.cloudformation.identity import Identity, value_for
from emulator.cloudformation.registry import Provisioned, ResourceContext, ResourceError
from emulator.cloudformation.schemas import (
    ResourceSchema,
    SchemaCatalogue,
    UnknownResourceTypeError,
)
from emulator.cloudformation.validation import checked_properties

_REFERENCED_BY = {"AWS::ApplicationAutoScaling::ScalingPolicy": ("Arn",)}
"""Types whose `Ref` is less than the primary identifier, by the template reference."""

_LONGEST_NAME = 63


class AlreadyExistsError(ResourceError):
    """Another resource of the type has the same identifier."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedResource:
    """A resource that exists on paper only."""

    type_name: str
    account: str
    region: str
    stack_name: str
    logical_id: str
    physical_id: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Recorder:
    """Remembers resources of any public type; one of these serves the whole embedded cloud."""

    def __init__(self, catalogue: SchemaCatalogue, *, now: Callable[[], str] = _now) -> None:
        self._catalogue = catalogue
        self._now = now
        self._records: dict[tuple[str, str, str, str], RecordedResource] = {}
        self._created = 0
        self._lock = threading.Lock()

    def recorded(self) -> tuple[RecordedResource, ...]:
        """Return every resource that is recorded now, oldest first."""
        with self._lock:
            return tuple(self._records.values())

    def clear(self) -> None:
        """Forget every resource."""
        with self._lock:
            self._records.clear()

    def create(
        self, type_name: str, context: ResourceContext, properties: Mapping[str, Any]
    ) -> Provisioned:
        """Record a new resource; `ResourceError` says what is wrong with it."""
        schema = self._schema(type_name, context)
        checked = checked_properties(schema, context.logical_id, properties)
        with self._lock:
            self._created += 1
            record = _new_record(schema, context, checked, seed=self._created, created=self._now())
            key = _key(type_name, context, record.physical_id)
            if key in self._records:
                raise AlreadyExistsError(_already_exists(schema, record))
            self._records[key] = record
        return _provisioned(record)

    def update(
        self,
        type_name: str,
        context: ResourceContext,
        physical_id: str,
        *,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Record the new properties, as a new resource where the type demands replacement."""
        schema = self._schema(type_name, context)
        before = checked_properties(schema, context.logical_id, old)
        after = checked_properties(schema, context.logical_id, new)
        if replaces(schema, before, after):
            return self.create(type_name, context, new)
        key = _key(type_name, context, physical_id)
        with self._lock:
            known = self._records.get(key)
            if known is None:
                raise ResourceError(
                    f"Resource of type '{type_name}' with identifier '{physical_id}' was not found."
                )
            record = _with_properties(known, after)
            self._records[key] = record
        return _provisioned(record)

    def delete(self, type_name: str, context: ResourceContext, physical_id: str) -> None:
        """Forget the resource; one that is not recorded counts as deleted."""
        with self._lock:
            self._records.pop(_key(type_name, context, physical_id), None)

    def _schema(self, type_name: str, context: ResourceContext) -> ResourceSchema:
        try:
            return self._catalogue.load(type_name, context.region)
        except UnknownResourceTypeError as error:
            raise ResourceError(
                f"Template format error: Unrecognized resource types: [{type_name}]; {error}"
            ) from error


def replaces(schema: ResourceSchema, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether going from one set of properties to the other needs a new resource."""
    if not schema.updatable:
        return dict(old) != dict(new)
    return any(_at(old, name) != _at(new, name) for name in schema.create_only)


def _new_record(
    schema: ResourceSchema,
    context: ResourceContext,
    properties: Mapping[str, Any],
    *,
    seed: int,
    created: str,
) -> RecordedResource:
    own_name = _declared_name(schema, properties)
    identity = Identity(
        account=context.account,
        region=context.region,
        name=own_name or context.generated_name(_LONGEST_NAME),
        seed=f"{context.account}:{context.region}:{schema.type_name}:{seed}",
        created=created,
    )
    attributes = {name: value_for(schema, name, identity) for name in schema.read_only}
    attributes |= known_arns(schema.type_name, identity, {**properties, **attributes})

    def identifier(name: str) -> str:
        declared = attributes.get(name, _at(properties, name))
        return str(value_for(schema, name, identity) if declared is None else declared)

    named_by = _REFERENCED_BY.get(schema.type_name, schema.primary_identifier)
    physical_id = "|".join(identifier(name) for name in named_by) or identity.name
    return RecordedResource(
        type_name=schema.type_name,
        account=context.account,
        region=context.region,
        stack_name=context.stack_name,
        logical_id=context.logical_id,
        physical_id=physical_id,
        properties=properties,
        attributes=attributes,
    )


def _declared_name(schema: ResourceSchema, properties: Mapping[str, Any]) -> str | None:
    """The name that the template gives: the identifier's, else the type's `Name` or `XName`."""
    kind = schema.type_name.rsplit("::", 1)[-1]
    for name in (*schema.primary_identifier, f"{kind}Name", "Name"):
        value = _at(properties, name)
        if isinstance(value, str) and value:
            return value
    return None


def _with_properties(known: RecordedResource, properties: Mapping[str, Any]) -> RecordedResource:
    return RecordedResource(
        type_name=known.type_name,
        account=known.account,
        region=known.region,
        stack_name=known.stack_name,
        logical_id=known.logical_id,
        physical_id=known.physical_id,
        properties=properties,
        attributes=known.attributes,
    )


def _already_exists(schema: ResourceSchema, record: RecordedResource) -> str:
    names: Iterable[str] = schema.primary_identifier
    values = {f"/properties/{n}": _at(record.properties, n) for n in names}
    identifier = json.dumps(
        {k: v for k, v in values.items() if v is not None} or record.physical_id
    )
    return (
        f"Resource of type '{record.type_name}' with identifier '{identifier}' already exists. "
        "(HandlerErrorCode: AlreadyExists)"
    )


def _provisioned(record: RecordedResource) -> Provisioned:
    return Provisioned(physical_id=record.physical_id, attributes=record.attributes)


def _key(type_name: str, context: ResourceContext, physical_id: str) -> tuple[str, str, str, str]:
    return (context.account, context.region, type_name, physical_id)


def _at(properties: Mapping[str, Any], dotted: str) -> Any:
    value: Any = properties
    for name in dotted.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value

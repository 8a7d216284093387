"""Hands a handler only properties that satisfy the public schema, in the schema's types."""

from collections.abc import Mapping
from typing import Any

from emulator.cloudformation.registry import Provisioned, ResourceContext, ResourceHandler
from emulator.cloudformation.schemas import SchemaCatalogue
from emulator.cloudformation.validation import checked_properties, without_system_tags


class CheckedHandler:
    """A handler behind the checks that CloudFormation makes before it calls one."""

    def __init__(
        self, handler: ResourceHandler, catalogue: SchemaCatalogue, type_name: str
    ) -> None:
        self._handler = handler
        self._catalogue = catalogue
        self._type_name = type_name

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """Create the resource, once its properties are right."""
        return self._handler.create(context, self._checked(context, properties))

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Update the resource, once its new properties are right."""
        before, after = (self._checked(context, properties) for properties in (old, new))
        return self._handler.update(context, physical_id, before, after)

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """Delete the resource."""
        self._handler.delete(context, physical_id, properties)

    def _checked(
        self, context: ResourceContext, properties: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        schema = self._catalogue.load(self._type_name, context.region)
        own = without_system_tags(schema, properties)
        return checked_properties(schema, context.logical_id, own)

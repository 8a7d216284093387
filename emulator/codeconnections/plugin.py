"""Puts connections into the running cloud: the API under both names, and both resource types."""

from collections.abc import Mapping
from typing import Any

from emulator.cloudformation.generic import replaces
from emulator.cloudformation.registry import (
    RESOURCE_TYPES,
    HandlerRegistry,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.cloudformation.schemas import ResourceSchema, SchemaCatalogue, bundled_catalogue
from emulator.codeconnections.service import (
    NAMES,
    Connections,
    ConnectionsApi,
    ConnectionsError,
)
from emulator.runtime import Runtime
from emulator.seams.services import register_service

TYPES = {
    "AWS::CodeConnections::Connection": "codeconnections",
    "AWS::CodeStarConnections::Connection": "codestar-connections",
}

_installed: dict[int, Connections] = {}


class ConnectionResource:
    """A connection of a template: PENDING after its creation, as on AWS."""

    def __init__(self, schema: ResourceSchema, connections: Connections, service: str) -> None:
        self._schema = schema
        self._connections = connections
        self._service = service

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The connection exists and waits for a person."""
        arn = self._connections.create(context.account, context.region, properties, self._service)
        return self._provisioned(arn)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The connection has the template's tags; anything else makes another one."""
        if replaces(self._schema, old, new):
            return self.create(context, new)
        before, after = _tags(old), _tags(new)
        try:
            self._connections.untag(physical_id, [key for key in before if key not in after])
            self._connections.tag(physical_id, after)
        except ConnectionsError as error:
            raise ResourceError(error.message) from error
        return self._provisioned(physical_id)

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The connection is gone."""
        del context, properties
        self._connections.delete(physical_id)

    def _provisioned(self, arn: str) -> Provisioned:
        connection = self._connections.get(arn)
        attributes = {
            "ConnectionArn": arn,
            "ConnectionStatus": connection.status,
            "OwnerAccountId": connection.owner,
        }
        return Provisioned(physical_id=arn, attributes=attributes)


def install_codeconnections(runtime: Runtime) -> None:
    """Both names of the API answer, and templates may contain connections."""
    connections = Connections()
    _installed[id(runtime)] = connections
    for name in NAMES:
        register_service(ConnectionsApi(connections=connections, name=name).service())
    register_connections(RESOURCE_TYPES, bundled_catalogue(), connections)


def register_connections(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, connections: Connections
) -> None:
    """Templates with connections, by either of their types, create what can be used here."""
    for type_name, service in TYPES.items():
        resource = ConnectionResource(catalogue.load(type_name), connections, service)
        registry.add(type_name, resource)


def installed(runtime: Runtime) -> Connections:
    """The connections of that cloud, for the service whose sources use them."""
    return _installed[id(runtime)]


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}

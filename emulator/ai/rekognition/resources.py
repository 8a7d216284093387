"""`AWS::Rekognition::Collection`: collections of templates are those of the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.rekognition.store import Collections
from emulator.cloudformation.registry import Provisioned, ResourceContext, ResourceError
from emulator.jsonapi import RefusedRequestError

TYPE_NAME = "AWS::Rekognition::Collection"


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionResource:
    """A collection of a template; `Ref` is its id. Its tags are kept by nothing."""

    collections: Collections
    now: Callable[[], float]

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The collection exists, without faces."""
        tenant, name = (context.account, context.region), str(properties["CollectionId"])
        try:
            made = self.collections.create(tenant, name, now=self.now())
        except RefusedRequestError as error:
            raise ResourceError(f"{error.message} (HandlerErrorCode: AlreadyExists)") from error
        return Provisioned(physical_id=name, attributes={"Arn": made.arn})

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Another id is another collection; the faces of this one stay until it is deleted."""
        del old
        if str(new["CollectionId"]) != physical_id:
            return self.create(context, new)
        found = self.collections.get((context.account, context.region), physical_id)
        return Provisioned(physical_id=physical_id, attributes={"Arn": found.arn})

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The collection is gone, and its faces."""
        del properties
        tenant = (context.account, context.region)
        if physical_id in self.collections.names(tenant):
            self.collections.delete(tenant, physical_id)

"""`AWS::CloudWatch::Alarm`, metric math included, which ministack's own provisioner refuses.

The alarm is written by PutMetricAlarm, so a template and a caller are refused for the same things.
`Ref` is the alarm's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.cloudformation.registry import (
    HandlerRegistry,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.cloudformation.schemas import ResourceSchema, SchemaCatalogue
from emulator.cloudformation.validation import checked_properties
from emulator.seams import cloudwatch as seam

TYPE_NAME = "AWS::CloudWatch::Alarm"
LONGEST_NAME = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmResource:
    """Creates, changes in place and deletes metric alarms."""

    schema: ResourceSchema

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The alarm exists and was evaluated once; a taken name is refused."""
        wanted = checked_properties(self.schema, context.logical_id, properties)
        name = wanted.get("AlarmName")
        if name is not None and seam.alarm_exists((context.account, context.region), name):
            raise ResourceError(f"{name} already exists in stack or account")
        chosen = context.generated_name(LONGEST_NAME) if name is None else name
        return self._put(context, chosen, wanted)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The alarm watches what the template says, its state kept; a new name is a new alarm."""
        if old.get("AlarmName") != new.get("AlarmName"):
            return self.create(context, new)
        wanted = checked_properties(self.schema, context.logical_id, new)
        return self._put(context, physical_id, wanted)

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """The alarm is gone; one that a composite alarm needs is refused."""
        try:
            seam.delete_alarm((context.account, context.region), physical_id)
        except ValueError as error:
            raise ResourceError(str(error)) from error

    def _put(
        self, context: ResourceContext, name: str, properties: Mapping[str, Any]
    ) -> Provisioned:
        request = {**properties, "AlarmName": name}
        try:
            arn = seam.put_alarm((context.account, context.region), request)
        except seam.BadRequestError as error:
            raise ResourceError(str(error)) from error
        return Provisioned(physical_id=name, attributes={"Arn": arn})


def register_alarms(registry: HandlerRegistry, catalogue: SchemaCatalogue) -> None:
    """Templates with alarms create alarms that are evaluated here."""
    registry.add(TYPE_NAME, AlarmResource(schema=catalogue.load(TYPE_NAME)))

"""What a template declares of a batch, and what CloudFormation is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.slots import Slot
from tidegate.version import Version
from tidegate_aws.cloudformation import Done


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The version in each slot, and the slot that the template takes for the live one."""

    model: str
    slots: Mapping[Slot, Version]
    live: Slot

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> "Declared":
        """What stands in the custom resource's properties."""
        slots = {Slot(s): Version.from_json(v) for s, v in properties["Slots"].items()}
        return cls(model=properties["Model"], slots=slots, live=Slot(properties["Live"]))


def admitted(model: str, reason: str) -> Done:
    """The answer for a deploy that may go on."""
    return Done(physical_id=f"batch-{model}", data={"Reason": reason})

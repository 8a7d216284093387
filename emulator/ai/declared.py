"""What stacks declare of a service, as its own API would describe it.

CloudFormation types without behaviour are recorded (`emulator.cloudformation.generic`). A service
that has to know them reads them here, spelled as its API spells them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.model import StructureShape

from emulator import apimodels
from emulator.cloudformation.generic import RecordedResource

Recorded = Callable[[], Sequence[RecordedResource]]
"""All resources of all stacks that are recorded now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredKind:
    """A CloudFormation type, and the shape of the service's model that describes one."""

    type_name: str
    service: str
    shape: str
    renamed: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The members that the shape calls otherwise than the type."""

    def of(self, recorded: Recorded, tenant: tuple[str, str]) -> list[dict[str, Any]]:
        """The resources of the type in the tenant's stacks, in the members of the shape."""
        return [
            self._described({**resource.properties, **resource.attributes})
            for resource in recorded()
            if resource.type_name == self.type_name
            and (resource.account, resource.region) == tenant
        ]

    def _described(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        shape = apimodels.service_model(self.service).shape_for(self.shape)
        if not isinstance(shape, StructureShape):
            raise TypeError(f"{self.service} describes {self.shape} by {shape.type_name}")
        spelled = {self.renamed.get(name, name): value for name, value in properties.items()}
        described: dict[str, Any] = apimodels.from_template(shape, spelled)
        return {
            name: value
            for name, value in described.items()
            if shape.members[name].type_name != "timestamp"
        }

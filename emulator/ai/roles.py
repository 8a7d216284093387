"""What a service may do with a role that it was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.ai.site import Site


@dataclass(frozen=True, kw_only=True, slots=True)
class Roles:
    """Roles of the embedded cloud, as one service (`kendra.amazonaws.com`) uses them."""

    site: Site
    principal: str

    def client(self, role: str, service: str, region: str) -> Any:
        """A client that acts as the role; PermissionError if the service cannot assume it."""
        if not self.site.trusts(role, self.principal):
            raise PermissionError(f"{self.principal} cannot assume the role {role}")
        return self.site.clients_of_role(role, region)(service)

    def missing(self, role: str, needed: Sequence[tuple[str, str]]) -> list[str]:
        """A sentence for each action on a resource that the role does not allow."""
        if not self.site.trusts(role, self.principal):
            return [f"{self.principal} cannot assume the role {role}"]
        return [
            f"{role} is not authorized to perform: {action} on resource: {resource}"
            for action, resource in needed
            if not self.site.allows(role, action, resource)
        ]

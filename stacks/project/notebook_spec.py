"""The specification of a notebook instance."""

from dataclasses import dataclass
from pathlib import Path

from stacks.project.notebook_shape import Internet


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """Where a notebook stands, in a network of yours."""

    id: str
    security_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookSpec:
    """A notebook instance. `idle_seconds` is None where nothing stops it."""

    name: str
    instance_type: str
    volume_gb: int
    idle_seconds: int | None
    internet: Internet
    subnet: Subnet | None
    repository: str | None
    models: tuple[str, ...]
    sample: Path | None
    volume_key: str | None

    @property
    def isolated(self) -> bool:
        """Whether it stands in the network that is made for notebooks."""
        return self.subnet is None and self.internet is Internet.NONE

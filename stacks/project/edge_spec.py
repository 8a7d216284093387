"""The specification of an edge fleet, with every default filled in."""

from dataclasses import dataclass

from stacks.project.artifact_spec import Artifact
from tidegate.edge.rings import ring_ends
from tidegate.plan import ReleasePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSpec:
    """An edge fleet. `artifact` is its own, or that of the project's `model` before it is live."""

    name: str
    label: str
    artifact: Artifact
    model: str | None
    devices: int
    port: int
    plan: ReleasePlan

    @property
    def ends(self) -> tuple[int, ...]:
        """Where its rings end, in percent of the devices."""
        return ring_ends(step.share_percent for step in self.plan.steps)

"""What the functions of a release stack are made for: a project, a stage, and what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stacks.components.arns import Arns


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The project and the stage that the functions work for.

    `hosts` are those of models with tracks, whose records a release may change. `answers_later`
    says whether a model has asynchronous endpoints, `has_edge` whether there is an edge fleet,
    `fleets` whether a model is on EC2 instances; `resting` are those that stop while idle, with the
    seconds until they do; `rolling` whether instances of one are replaced a batch a step.
    """

    project: str
    arns: Arns
    hosts: tuple[str, ...] = ()
    answers_later: bool = False
    fleets: bool = False
    has_edge: bool = False
    resting: Mapping[str, int] = field(default_factory=dict)
    rolling: bool = False

    @property
    def zone_id(self) -> str | None:
        """The hosted zone of the records; None where no model has tracks."""
        dns = self.arns.stage.door.dns
        return None if dns is None or not self.hosts else dns.zone_id

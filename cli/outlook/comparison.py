"""A plan beside every other legal way to release the same model."""

from dataclasses import dataclass
from typing import Any

from cli.outlook.course import Course, Refused, other_courses, planned_course
from cli.outlook.figures import Outlook, outlook_of
from cli.plans import Agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The plan's outlook, those of the others, and what this endpoint cannot have."""

    agreed: Agreed
    planned: Outlook
    others: tuple[Outlook, ...]
    refused: tuple[Refused, ...]

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """All of them, the plan's first."""
        return (self.planned, *self.others)

    def to_json(self) -> dict[str, Any]:
        """The comparison in JSON types. A price that is not known is null, and so are its sums."""
        price = self.agreed.price
        return {
            "model": self.agreed.model,
            "region": self.agreed.region,
            "fleet": self.agreed.fleet.to_json(),
            "price": None if price is None else price.to_json(),
            "planned": self.planned.to_json(),
            "others": [outlook.to_json() for outlook in self.others],
            "refused": [
                {
                    "strategy": item.strategy.value,
                    "mechanism": item.mechanism.value,
                    "why": item.why,
                }
                for item in self.refused
            ],
        }


def compare(agreed: Agreed) -> Comparison:
    """The plan beside all the others."""
    others = tuple(other_courses(agreed.plan, agreed.fleet))
    return Comparison(
        agreed=agreed,
        planned=outlook_of(planned_course(agreed.plan), agreed),
        others=tuple(outlook_of(item, agreed) for item in others if isinstance(item, Course)),
        refused=tuple(item for item in others if isinstance(item, Refused)),
    )

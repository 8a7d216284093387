"""Autoscaling and deploys: what SageMaker would refuse to change while it is attached. Pure.

Source: SageMaker developer guide, "Update endpoints that use auto scaling": an update fails that
changes the instance type of a variant that is a scalable target, or removes the variant. Both ways
are refused, there and back: CloudFormation's rollback is an update like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.slots import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """On what a template runs its production variants, and which of them follow their load."""

    instance_type: str
    served: frozenset[Slot]
    scaled: frozenset[Slot]

    def to_json(self) -> dict[str, Any]:
        """The same in JSON types; `from_json` reads it back."""
        return {
            "instance_type": self.instance_type,
            "served": sorted(slot.value for slot in self.served),
            "scaled": sorted(slot.value for slot in self.scaled),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Scaling":
        """What `to_json` wrote."""
        return cls(
            instance_type=data["instance_type"],
            served=frozenset(Slot(slot) for slot in data["served"]),
            scaled=frozenset(Slot(slot) for slot in data["scaled"]),
        )


def scaling_faults(model: str, before: Scaling | None, after: Scaling | None) -> tuple[str, ...]:
    """Why a deploy from one template to the next would fail: empty when it would not."""
    if before is None or after is None:
        return ()
    scaled = before.scaled | after.scaled
    if scaled and before.instance_type != after.instance_type:
        return (
            (
                f"autoscaling is attached to {model} ({_named(scaled)}), and its instance type "
                f"changes from {before.instance_type} to {after.instance_type}, which SageMaker "
                "refuses: deploy with instances.max equal to instances.min first, then with the "
                "new instance_type, then with instances.max as it was"
            ),
        )
    gone = (before.scaled - after.served) | (after.scaled - before.served)
    if gone:
        return (
            (
                f"autoscaling is attached to {model} ({_named(scaled)}), and its variants change "
                f"({_named(gone)}), which SageMaker refuses: deploy with instances.max equal to "
                "instances.min first, then as you wanted"
            ),
        )
    return ()


def _named(slots: frozenset[Slot]) -> str:
    return ", ".join(sorted(slots))

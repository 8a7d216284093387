"""Hosting and deploys: what SageMaker would refuse to change. Pure.

Source: SageMaker developer guide, "Update endpoints that use auto scaling": an update fails that
changes the instance type of a variant that is a scalable target, or removes the variant. Both ways
are refused, there and back: CloudFormation's rollback is an update like any other. Nor is an
endpoint on instances made serverless by an update (developer guide, "Serverless Inference"); the
other way works, but could not be rolled back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.fleet import Hosting
from tidegate.slots import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """On what a template runs its production variants, and which of them follow their load.

    `instance_type` is empty on hosting that has none.
    """

    instance_type: str
    served: frozenset[Slot]
    scaled: frozenset[Slot]
    hosting: Hosting = Hosting.INSTANCES

    def to_json(self) -> dict[str, Any]:
        """The same in JSON types; `from_json` reads it back."""
        return {
            "instance_type": self.instance_type,
            "served": sorted(slot.value for slot in self.served),
            "scaled": sorted(slot.value for slot in self.scaled),
            "hosting": self.hosting.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Scaling":
        """What `to_json` wrote."""
        return cls(
            instance_type=data["instance_type"],
            served=frozenset(Slot(slot) for slot in data["served"]),
            scaled=frozenset(Slot(slot) for slot in data["scaled"]),
            # Templates of versions that had instances only do not say it.
            hosting=Hosting(data.get("hosting", Hosting.INSTANCES)),
        )


def scaling_faults(model: str, before: Scaling | None, after: Scaling | None) -> tuple[str, ...]:
    """Why a deploy from one template to the next would fail: empty when it would not."""
    if before is None or after is None:
        return ()
    if before.hosting is not after.hosting:
        return (
            (
                f"hosting of {model} changes from {before.hosting} to {after.hosting}, which an "
                "endpoint in service cannot, or not back: give the model another name, which gets "
                "an endpoint of its own, or destroy its stack first"
            ),
        )
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

"""The gate that deploys of a batch go through: only the idle slot may change."""

from collections.abc import Mapping
from typing import Any

from tidegate.batch.ports import Runs
from tidegate.errors import DeployRefusedError
from tidegate.slots import Slot
from tidegate.version import Version


def guard(runs: Runs, *, model: str, slots: Mapping[Slot, Version], live: Slot, now: float) -> str:
    """Why the deploy may go on; the first one makes its version live.

    DeployRefusedError when the live version would be replaced: that is a comparison's business.
    """
    pointer = runs.pointer()
    declared_slots = {slot.value: version.to_json() for slot, version in sorted(slots.items())}
    if pointer is None:
        runs.declare(declared_slots)
        runs.move(pointer_to(live, slots[live], generation=0, now=now, by="deploy"), after=None)
        return f"first deploy of the batch of {model}"
    slot, version = Slot(pointer["slot"]), Version.from_json(pointer["version"])
    declared = slots.get(slot)
    if declared is None or declared.digest != version.digest:
        told = "nothing" if declared is None else f"{declared.digest} ({declared.label})"
        raise DeployRefusedError(
            f"slot {slot} of the batch of {model} is live with version {version.digest} "
            f"({version.label}), and this template puts {told} there: deploy with 'tidegate "
            f"deploy', which puts new versions into the idle slot {slot.other}, then compare with "
            f"'tidegate batch compare {model}'"
        )
    runs.declare(declared_slots)
    return f"only the idle slot of the batch of {model} changes"


def pointer_to(
    slot: Slot, version: Version, *, generation: int, now: float, by: str
) -> dict[str, Any]:
    """A pointer in JSON types."""
    return {
        "slot": slot.value,
        "version": version.to_json(),
        "generation": generation,
        "moved_at": now,
        "moved_by": by,
    }

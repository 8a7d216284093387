"""Live pointer and declaration: what serves by decision, and what the last deploy put there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.plan import ReleasePlan
from tidegate.slots import Slot
from tidegate.tracks import Tracks
from tidegate.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePointer:
    """Which slot and version of a model is live. Only a first deploy and a release's end write it.

    `passed` is the digest of the version in the other slot, once it has passed its shadow.
    """

    model: str
    slot: Slot
    version: Version
    generation: int
    moved_at: float
    moved_by: str
    passed: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The pointer in JSON types; `from_json` reads it back."""
        return {
            "model": self.model,
            "slot": self.slot.value,
            "version": self.version.to_json(),
            "generation": self.generation,
            "moved_at": self.moved_at,
            "moved_by": self.moved_by,
            **({} if self.passed is None else {"passed": self.passed}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "LivePointer":
        """The pointer that `to_json` wrote."""
        return cls(
            model=data["model"],
            slot=Slot(data["slot"]),
            version=Version.from_json(data["version"]),
            generation=int(data["generation"]),
            moved_at=float(data["moved_at"]),
            moved_by=data["moved_by"],
            passed=data.get("passed"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a deploy declares for a model: endpoint, version in each slot, and release plan.

    With tracks, `endpoint_name` is what the names of their endpoints begin with, and
    `endpoint_config_name` has the configuration of each (`tidegate.tracks.joined_configs`).
    """

    model: str
    endpoint_name: str
    endpoint_config_name: str
    slots: Mapping[Slot, Version]
    plan: ReleasePlan
    tracks: Tracks | None = None

    def digests(self) -> dict[str, str]:
        """Slot name to version digest."""
        return {slot.value: version.digest for slot, version in sorted(self.slots.items())}

    def idle(self, live: Slot) -> tuple[Version, ...]:
        """The versions that wait for a release: all but the live slot's, in the order of slots."""
        return tuple(version for slot, version in sorted(self.slots.items()) if slot is not live)

    def to_json(self) -> dict[str, Any]:
        """The declaration in JSON types; `from_json` reads it back."""
        return {
            "model": self.model,
            "endpoint_name": self.endpoint_name,
            "endpoint_config_name": self.endpoint_config_name,
            "slots": {slot.value: v.to_json() for slot, v in sorted(self.slots.items())},
            "plan": self.plan.to_json(),
            "tracks": None if self.tracks is None else self.tracks.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Declaration":
        """The declaration that `to_json` wrote; without `tracks` it has one endpoint."""
        tracks = data.get("tracks")
        return cls(
            model=data["model"],
            endpoint_name=data["endpoint_name"],
            endpoint_config_name=data["endpoint_config_name"],
            slots={Slot(s): Version.from_json(v) for s, v in data["slots"].items()},
            plan=ReleasePlan.from_json(data["plan"]),
            tracks=None if tracks is None else Tracks.from_json(tracks),
        )


def home_shares(declaration: Declaration, live: Slot) -> dict[str, int]:
    """The shares in percent while no release is open: the live slot's is everything."""
    idle = {slot.value: 0 for slot in sorted(declaration.slots) if slot is not live}
    return {live.value: 100, **idle}

"""The split document: who gets which share, under which version number.

One document a model, written by the release machine only, cached a few seconds by whoever routes
and stamped into every prediction id. While weights are moving the document says `settling`:
requests stamped with it count as exposure but not as evidence, because for them the share is not
known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NO_RELEASE = "-"
"""The release id of requests served while no release is open."""

CACHE_SECONDS = 5
"""How long a router may use a document before it reads again; a shift waits so long first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDocument:
    """Shares by slot in percent (they add up to 100), valid from the moment it is written."""

    model: str
    version: int
    release_id: str
    shares: Mapping[str, int]
    digests: Mapping[str, str]
    """Slot to digest of the version in it, to be stamped."""
    settling: bool = False

    def to_json(self) -> dict[str, Any]:
        """The document in JSON types; `from_json` reads it back."""
        return {
            "model": self.model,
            "version": self.version,
            "release_id": self.release_id,
            "shares": dict(self.shares),
            "digests": dict(self.digests),
            "settling": self.settling,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SplitDocument":
        """The document that `to_json` wrote."""
        return cls(
            model=data["model"],
            version=int(data["version"]),
            release_id=data["release_id"],
            shares={slot: int(share) for slot, share in data["shares"].items()},
            digests=dict(data["digests"]),
            settling=bool(data["settling"]),
        )

"""The split document: who gets which share, who draws it, under which version number.

One document a model, written by the release machine only, cached a few seconds by whoever routes
and stamped into every prediction id. It has all that routing needs, so that one read is enough.
While weights are moving the document says `settling`: requests stamped with it count as exposure
but not as evidence, because for them the share is not known.
"""

from collections.abc import Mapping
from dataclasses import field

from tidegate.asynchronous import Asynchronous
from tidegate.strategies import Split
from tidegate.untyped import Any
from tidegate.values import value

NO_RELEASE = "-"
"""The release id of requests served while no release is open."""

NO_SPLIT = 0
"""The split version of requests that no split drew: of the holdout, and of testers who chose.

They are exposure and never evidence. Versions of documents begin at 1.
"""

CACHE_SECONDS = 5
"""How long a router may use a document before it reads again; a shift waits so long first."""

CELLS = 100
"""Cells among which users are spread: one for each percent."""

Run = tuple[str, int]
"""A slot and how many cells in a row it has."""


@value
class SplitDocument:
    """Shares by slot in percent (they add up to 100), valid from the moment it is written."""

    model: str
    endpoint_name: str
    version: int
    release_id: str
    shares: Mapping[str, int]
    digests: Mapping[str, str]
    """Slot to digest of the version in it, to be stamped."""
    control: str
    """The live slot, which users get who are held out."""
    drawn_by: Split = Split.ENDPOINT
    holdout_percent: int = 0
    settling: bool = False
    echoed: bool = False
    """Whether answers name their version, which alone says whose slot had the request."""
    runs: tuple[Run, ...] = ()
    """Whose the cells are, in order; of two slots the shares say it, and this is empty."""
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Slot to the names of its models, of a multi-model endpoint; empty where a slot has one."""
    asynchronous: Asynchronous | None = None
    """Where requests and answers are, of a model whose slots have an asynchronous endpoint each."""

    @property
    def draws_users(self) -> bool:
        """Whether the router gives each user his slot; between releases there is one slot."""
        return self.drawn_by is Split.ROUTER and self.release_id != NO_RELEASE

    @property
    def target_models(self) -> tuple[str, ...]:
        """The models that anybody may name; none where a slot has only one.

        They are those of the live version, and while a release is open of every version that may
        get the request.
        """
        live = self.models.get(self.control, ())
        asked = self.models.values() if self.release_id != NO_RELEASE else ()
        return tuple(name for name in live if all(name in names for names in asked))

    def to_json(self) -> dict[str, Any]:
        """The document in JSON types; `from_json` reads it back."""
        waits = self.asynchronous
        return {
            **({} if waits is None else {"asynchronous": waits.to_json()}),
            **({"models": {s: list(n) for s, n in self.models.items()}} if self.models else {}),
            "model": self.model,
            "endpoint_name": self.endpoint_name,
            "version": self.version,
            "release_id": self.release_id,
            "shares": dict(self.shares),
            "digests": dict(self.digests),
            "control": self.control,
            "drawn_by": self.drawn_by.value,
            "holdout_percent": self.holdout_percent,
            "settling": self.settling,
            "echoed": self.echoed,
            "runs": [list(run) for run in self.runs],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SplitDocument":
        """The document that `to_json` wrote."""
        waits = data.get("asynchronous")
        return cls(
            model=data["model"],
            endpoint_name=data["endpoint_name"],
            version=int(data["version"]),
            release_id=data["release_id"],
            shares={slot: int(share) for slot, share in data["shares"].items()},
            digests=dict(data["digests"]),
            control=data["control"],
            drawn_by=Split(data["drawn_by"]),
            holdout_percent=int(data["holdout_percent"]),
            settling=bool(data["settling"]),
            echoed=bool(data.get("echoed", False)),
            runs=tuple((slot, int(width)) for slot, width in data["runs"]),
            models={slot: tuple(names) for slot, names in data.get("models", {}).items()},
            asynchronous=None if waits is None else Asynchronous.from_json(waits),
        )

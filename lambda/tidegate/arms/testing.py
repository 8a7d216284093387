"""What the record of a release keeps of its A/B test: shares, cells, arms that are out."""

from collections.abc import Mapping
from dataclasses import field, replace

from tidegate.assignment import reallot
from tidegate.split import Run
from tidegate.untyped import Any
from tidegate.values import value

SPLITS_KEPT = 24
"""Splits whose shares are remembered: a request is closed a lag after it was served, at most an
hour, in which shares change once an hour and once for each arm that is taken out."""


@value
class ABTraffic:
    """The test as traffic has it. Shares are in percent by slot, the control's first.

    `runs` says which users are whose (`tidegate.assignment`), `out` why arms were taken out, and
    `splits` which shares the newest versions of the split had, which were evidence.
    """

    shares: Mapping[str, int]
    runs: tuple[Run, ...]
    out: Mapping[str, str] = field(default_factory=dict)
    splits: tuple[tuple[int, Mapping[str, int]], ...] = ()
    reallocated_at: float | None = None
    """When shares began to serve that were drawn last; None before the first ones served."""

    @property
    def by_version(self) -> dict[int, Mapping[str, int]]:
        """Shares by the version of their split."""
        return dict(self.splits)

    def served(self, version: int, *, at: float) -> "ABTraffic":
        """The shares are read back and served under this version of the split from now on."""
        known = tuple(item for item in self.splits if item[0] != version)
        since = at if self.reallocated_at is None else self.reallocated_at
        splits = (*known, (version, self.shares))[-SPLITS_KEPT:]
        return replace(self, splits=splits, reallocated_at=since)

    def shared(self, shares: Mapping[str, int]) -> "ABTraffic":
        """Other shares, for which as few users as can be change their arm."""
        told = {slot: shares.get(slot, 0) for slot in self.shares}
        return replace(self, shares=told, runs=reallot(self.runs, told))

    def without(self, slot: str, *, control: str, why: str) -> "ABTraffic":
        """An arm is out, and its users go to the control."""
        shares = {**self.shares, slot: 0}
        shares[control] += self.shares[slot]
        return replace(self.shared(shares), out={**self.out, slot: why})

    def to_json(self) -> dict[str, Any]:
        """The test in JSON types; `from_json` reads it back."""
        return {
            "shares": dict(self.shares),
            "runs": [list(run) for run in self.runs],
            "out": dict(self.out),
            "splits": [[version, dict(shares)] for version, shares in self.splits],
            "reallocated_at": self.reallocated_at,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ABTraffic":
        """The test that `to_json` wrote."""
        return cls(
            shares={slot: int(share) for slot, share in data["shares"].items()},
            runs=tuple((slot, int(width)) for slot, width in data["runs"]),
            out=dict(data["out"]),
            splits=tuple(
                (int(version), {slot: int(share) for slot, share in shares.items()})
                for version, shares in data["splits"]
            ),
            reallocated_at=data["reallocated_at"],
        )


def opened(arms: tuple[str, ...], shares: tuple[int, ...]) -> ABTraffic:
    """The test before it begins: these arms, the control first, with these shares in percent."""
    named = dict(zip(arms, shares, strict=True))
    return ABTraffic(shares=named, runs=tuple((slot, share) for slot, share in named.items()))

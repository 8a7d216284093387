"""Which of two arms is better: one contest, fought exactly where the split is fixed ahead.

Both kinds hear strata one by one, are looked at as often as one likes, and once decided stay so.
They differ in what they assume of the split and in how few requests they need.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tidegate.abtest.lattice import Margins
from tidegate.abtest.mixture import Mixture
from tidegate.abtest.spending import LogUniform, Side, Spending

SCHEDULE = LogUniform()
"""How the error budget is spent over the horizon; compared with others in bench/abtest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """How far a contest is: `evidence` for the arm that leads, decided where it reaches `limit`.

    `power` is how evidence grows with requests at a steady difference, relative to the limit.
    """

    side: Side
    evidence: float
    limit: float
    power: float

    @property
    def more_requests(self) -> float | None:
        """Factor by which all requests so far must grow to decide, None where nothing leads."""
        if self.evidence <= 0 or self.limit <= 0:
            return None
        growth: float = (self.limit / self.evidence) ** (1 / self.power)
        return max(1.0, growth)


class Contest(Protocol):
    """What both kinds can do."""

    @property
    def ahead(self) -> Side | None:
        """ABOVE when the first arm is proven better, BELOW when the second, else None."""
        ...

    @property
    def gauge(self) -> Gauge | None:
        """How far it is; None before anything is known."""
        ...

    def plus(self, margins: Margins, goods: int) -> "Contest":
        """The contest after one more stratum, of whose good trials the first arm had so many."""
        ...

    def look(self, *, level: float, fraction: float) -> "Contest":
        """The contest after a look at this fraction of the horizon.

        `level` is the chance allowed to each side over all looks.
        """
        ...

    def to_json(self) -> dict[str, Any]:
        """The contest in JSON types; `contest_from_json` reads it back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactContest:
    """Spends the error budget on the exact law; the split must not depend on the evidence."""

    test: Spending = field(default_factory=Spending)
    excess: float = 0.0
    """Good trials of the first arm beyond those expected if the arms do not differ."""

    @property
    def ahead(self) -> Side | None:
        """The side whose boundary was crossed."""
        return self.test.crossed

    @property
    def gauge(self) -> Gauge | None:
        """Excess against the boundary of the last look, which grows as its square root."""
        side = Side.ABOVE if self.excess >= 0 else Side.BELOW
        above = side is Side.ABOVE
        boundary = self.test.boundary_above if above else self.test.boundary_below
        if boundary is None:
            return None
        missing = (boundary - self.test.tested.value) * self.test.tested.step
        limit = abs(self.excess) + (missing if above else -missing)
        return Gauge(side=side, evidence=abs(self.excess), limit=limit, power=0.5)

    def plus(self, margins: Margins, goods: int) -> "ExactContest":
        """The contest after one more stratum."""
        if self.ahead is not None or not margins.informative:
            return self
        excess = self.excess + goods - margins.mean
        return ExactContest(test=self.test.plus(margins, goods), excess=excess)

    def look(self, *, level: float, fraction: float) -> "ExactContest":
        """The contest after a look."""
        allowed = level * SCHEDULE.share(fraction)
        return replace(self, test=self.test.look(above=allowed, below=allowed))

    def to_json(self) -> dict[str, Any]:
        """The contest in JSON types."""
        return {"kind": "exact", "test": self.test.to_json(), "excess": self.excess}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ExactContest":
        """The contest that `to_json` wrote."""
        return cls(test=Spending.from_json(data["test"]), excess=float(data["excess"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class VilleContest:
    """Bets stratum by stratum; the split may depend on everything before."""

    above: Mixture = field(default_factory=Mixture)
    below: Mixture = field(default_factory=Mixture)
    ahead: Side | None = None
    log_limit: float = math.inf

    @property
    def gauge(self) -> Gauge | None:
        """Logarithms of evidence and limit, the first of which grows with the requests."""
        if math.isinf(self.log_limit):
            return None
        leads = self.above.log_evidence >= self.below.log_evidence
        best = self.above if leads else self.below
        side = Side.ABOVE if leads else Side.BELOW
        return Gauge(side=side, evidence=best.log_evidence, limit=self.log_limit, power=1.0)

    def plus(self, margins: Margins, goods: int) -> "VilleContest":
        """The contest after one more stratum."""
        if self.ahead is not None or not margins.informative:
            return self
        other = Margins(
            trials=margins.other_trials, other_trials=margins.trials, events=margins.events
        )
        return replace(
            self,
            above=self.above.plus(margins, goods),
            below=self.below.plus(other, margins.events - goods),
        )

    def look(self, *, level: float, fraction: float) -> "VilleContest":  # noqa: ARG002 - no horizon
        """The contest after a look, wherever the horizon is: the bound holds for ever."""
        if self.ahead is not None:
            return self
        log_limit = -math.log(level)
        ahead = None
        if self.above.log_evidence >= log_limit:
            ahead = Side.ABOVE
        elif self.below.log_evidence >= log_limit:
            ahead = Side.BELOW
        return replace(self, ahead=ahead, log_limit=log_limit)

    def to_json(self) -> dict[str, Any]:
        """The contest in JSON types."""
        return {
            "kind": "ville",
            "above": self.above.to_json(),
            "below": self.below.to_json(),
            "ahead": None if self.ahead is None else self.ahead.value,
            "log_limit": None if math.isinf(self.log_limit) else self.log_limit,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "VilleContest":
        """The contest that `to_json` wrote."""
        limit = data["log_limit"]
        return cls(
            above=Mixture.from_json(data["above"]),
            below=Mixture.from_json(data["below"]),
            ahead=None if data["ahead"] is None else Side(data["ahead"]),
            log_limit=math.inf if limit is None else float(limit),
        )


def contest_from_json(data: Mapping[str, Any]) -> Contest:
    """The contest that `to_json` of either kind wrote."""
    kind = ExactContest if data["kind"] == "exact" else VilleContest
    return kind.from_json(data)

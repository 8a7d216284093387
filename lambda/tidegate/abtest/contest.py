"""Which of two arms is better: one contest, fought exactly where the split is fixed ahead.

Both kinds hear strata one by one, are looked at as often as one likes, and once decided stay so.
They differ in what they assume of the split and in how few requests they need.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tidegate.abtest.margins import Margins
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """What a bet has to know: the chance allowed to each side, and how long the test will be.

    `strata_at_horizon` is how many strata like this one make up the horizon. Neither may depend on
    how the events of this stratum fell.
    """

    level: float
    strata_at_horizon: float


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

    def plus(self, margins: Margins, goods: int, *, stakes: Stakes) -> "Contest":
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

    def plus(self, margins: Margins, goods: int, *, stakes: Stakes) -> "ExactContest":  # noqa: ARG002
        """The contest after one more stratum; what may be spent is said by `look`."""
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
    """Bets stratum by stratum; the split may depend on everything before.

    `above` and `below` bet that the first arm is better, or the second: None before the first
    stratum, whose totals say which effects are worth betting on.
    """

    above: Mixture | None = None
    below: Mixture | None = None

    @property
    def ahead(self) -> Side | None:
        """The side whose wealth reached its limit."""
        if self.above is not None and self.above.crossed:
            return Side.ABOVE
        if self.below is not None and self.below.crossed:
            return Side.BELOW
        return None

    @property
    def gauge(self) -> Gauge | None:
        """Logarithms of wealth and limit, the first of which grows with the requests."""
        if self.above is None or self.below is None:
            return None
        leads = self.above.log_part >= self.below.log_part
        best = self.above if leads else self.below
        side = Side.ABOVE if leads else Side.BELOW
        limit = -best.log_start
        return Gauge(side=side, evidence=limit + best.log_part, limit=limit, power=1.0)

    def plus(self, margins: Margins, goods: int, *, stakes: Stakes) -> "VilleContest":
        """The contest after one more stratum."""
        if self.ahead is not None or not margins.informative:
            return self
        above, below = self.above, self.below
        if above is None or below is None:
            above = below = Mixture.initial(
                alpha=stakes.level,
                variance_at_horizon=stakes.strata_at_horizon * margins.variance,
            )
        return VilleContest(
            above=above.plus(margins, goods),
            below=below.plus(margins.mirrored(), margins.events - goods),
        )

    def look(self, *, level: float, fraction: float) -> "VilleContest":  # noqa: ARG002 - see below
        """The contest as it is: wealth at its limit was seen when the stratum was added."""
        return self

    def to_json(self) -> dict[str, Any]:
        """The contest in JSON types."""
        sides = {"above": self.above, "below": self.below}
        told = {name: None if side is None else side.to_json() for name, side in sides.items()}
        return {"kind": "ville", **told}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "VilleContest":
        """The contest that `to_json` wrote."""
        above, below = data["above"], data["below"]
        return cls(
            above=None if above is None else Mixture.from_json(above),
            below=None if below is None else Mixture.from_json(below),
        )


def contest_from_json(data: Mapping[str, Any]) -> Contest:
    """The contest that `to_json` of either kind wrote."""
    kind = ExactContest if data["kind"] == "exact" else VilleContest
    return kind.from_json(data)

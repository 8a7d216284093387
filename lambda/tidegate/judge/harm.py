"""Evidence that the candidate is worse: exact sequential tests, all paid from one error budget.

Each search is a way in which a metric can be worse. It has two walks: a sum of everything since the
release began, which is the best for harm that was there from the start whatever its size, and a
CUSUM, which forgets a good past and finds a late turn for the worse; a search without budget for
the latter has no CUSUM. A search may have several witnesses, ways of counting the same thing: harm
is proven only when all of them show it, so that the promise holds if any of them counts what was
drawn independently.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tidegate.exact.spending import early, even
from tidegate.exact.walk import Gate, Increment, Walk
from tidegate.judge.increments import LATE
from tidegate.plan import Metric
from tidegate.untyped import Any
from tidegate.values import value

WEIGHTS: Mapping[Metric, float] = {
    Metric.ERRORS: 0.36,
    Metric.OUTCOMES: 0.24,
    Metric.LATENCY: 0.40,
    Metric.AGREEMENT: 0.36,
}
"""Parts of alpha; those of the metrics that the plan guards are scaled to 1."""

LEAST_CHANCE = 1e-12
"""Chances are told no smaller than this."""


@value
class Search:
    """One way to be worse, by whom it is witnessed, and its parts of the metric's budget."""

    witnesses: tuple[str, ...]
    at_once: float
    late: float
    beside: str | None = None
    """A witness of another search whose sum must be above its median too. What this search counts
    could be found of a better candidate as well; that one could not."""


SEARCHES: Mapping[Metric, tuple[Search, ...]] = {
    Metric.ERRORS: (Search(witnesses=("requests", "clients"), at_once=0.83, late=0.17),),
    Metric.OUTCOMES: (Search(witnesses=("outcomes",), at_once=0.80, late=0.20),),
    Metric.AGREEMENT: (Search(witnesses=("answers",), at_once=0.83, late=0.17),),
    Metric.LATENCY: (
        Search(witnesses=("body",), at_once=0.36, late=0.14),
        Search(witnesses=("tail",), at_once=0.24, late=0.08),
        Search(witnesses=("stretch",), at_once=0.18, late=0.0, beside="tail"),
    ),
}

LATE_ODDS_RATIO: Mapping[Metric, float] = {
    Metric.ERRORS: 3.0,
    Metric.OUTCOMES: 2.0,
    Metric.AGREEMENT: 2.0,
}
"""The late turn for the worse that CUSUMs of events are made for."""

LATE_EFFECT = 0.6
"""The late shift, in standard deviations of a score, that CUSUMs of latency are made for."""

FINENESS = 4
"""Lattice steps of a CUSUM to an event; scores are fine enough."""


@value
class Budget:
    """What one metric may spend, and over how many minutes."""

    alpha: float
    minutes: float

    def at_once(self, minutes: float) -> float:
        """The share for harm from the start, which shows early: most in the first quarter."""
        return early(minutes, horizon=max(SHORTEST_MINUTES, self.minutes / 4))

    def late(self, minutes: float) -> float:
        """The share for a late turn, which may come at any time: even."""
        return even(minutes, horizon=max(SHORTEST_MINUTES, self.minutes))


SHORTEST_MINUTES = 20.0


@value
class Reading:
    """How far one search is: natural logarithms of 1 / chance, and of 1 / the chance needed."""

    search: Search
    log_evidence: float
    log_limit: float
    proven: bool


@value
class HarmState:
    """The walks of one metric by witness, and when evidence began (an interval)."""

    gates: Mapping[str, Gate]
    sums: Mapping[str, Walk]
    cusums: Mapping[str, Walk]
    first: int | None = None

    @classmethod
    def initial(cls, metric: Metric) -> "HarmState":
        """The state before anything was seen."""
        names = [name for search in SEARCHES[metric] for name in search.witnesses]
        late = [n for search in SEARCHES[metric] if search.late for n in search.witnesses]
        fineness = 1 if metric is Metric.LATENCY else FINENESS
        return cls(
            gates={name: Gate() for name in names},
            sums={name: Walk() for name in names},
            cusums={name: Walk(floor=0, fineness=fineness) for name in late},
        )

    def plus(self, witness: str, increment: Increment | None, *, now: int) -> "HarmState":
        """The state with what one witness saw more, as it closed in interval `now`."""
        if increment is None:
            return self
        gate, admitted = self.gates[witness].admit(increment)
        state = replace(
            self,
            gates={**self.gates, witness: gate},
            first=now if self.first is None else self.first,
        )
        if admitted is None:
            return state
        return replace(
            state,
            sums=_stepped(self.sums, witness, admitted),
            cusums=_stepped(self.cusums, witness, admitted),
        )

    def look(self, metric: Metric, budget: Budget, *, now: int) -> "HarmState":
        """The state after a look in interval `now`."""
        if self.first is None:
            return self
        minutes = float(now - self.first + 1)
        sums, cusums = dict(self.sums), dict(self.cusums)
        for search in SEARCHES[metric]:
            at_once = budget.alpha * search.at_once * budget.at_once(minutes)
            late = budget.alpha * search.late * budget.late(minutes)
            for name in search.witnesses:
                sums[name] = sums[name].look(at_once)
                if name in cusums:
                    cusums[name] = cusums[name].look(late)
        return replace(self, sums=sums, cusums=cusums)

    def reading(self, metric: Metric, budget: Budget) -> Reading:
        """The search that has gone furthest, proven ones first."""
        readings = list(self._readings(metric, budget))
        return max(readings, key=lambda r: (r.proven, r.log_evidence / r.log_limit))

    def _readings(self, metric: Metric, budget: Budget) -> Iterator[Reading]:
        for search in SEARCHES[metric]:
            if search.beside is not None and self.sums[search.beside].chance > 1 / 2:
                continue
            for walks, part in ((self.sums, search.at_once), (self.cusums, search.late)):
                readings = [
                    _reading(search, walks[name], budget.alpha * part)
                    for name in search.witnesses
                    if name in walks
                ]
                if readings:
                    yield min(readings, key=lambda r: (r.proven, r.log_evidence / r.log_limit))

    def to_json(self) -> dict[str, Any]:
        """The state in JSON types; `from_json` reads it back."""
        return {
            "first": self.first,
            "gates": {name: gate.to_json() for name, gate in self.gates.items()},
            "sums": {name: walk.to_json() for name, walk in self.sums.items()},
            "cusums": {name: walk.to_json() for name, walk in self.cusums.items()},
        }

    @classmethod
    def from_json(cls, metric: Metric, data: Mapping[str, Any]) -> "HarmState":
        """The state that `to_json` wrote."""
        empty = cls.initial(metric)
        return cls(
            first=None if data["first"] is None else int(data["first"]),
            gates={name: Gate.from_json(data["gates"][name]) for name in empty.gates},
            sums={name: walk.restored(data["sums"][name]) for name, walk in empty.sums.items()},
            cusums={
                name: walk.restored(data["cusums"][name]) for name, walk in empty.cusums.items()
            },
        )


def _stepped(walks: Mapping[str, Walk], witness: str, by: Increment) -> Mapping[str, Walk]:
    known = walks.get(witness)
    return walks if known is None else {**walks, witness: known.plus(by, name=LATE)}


def _reading(search: Search, walk: Walk, most: float) -> Reading:
    limit = walk.limit if walk.limit > 0 else most
    chance = walk.chance if walk.stopped else max(walk.chance, limit * (1 + 1e-9))
    return Reading(
        search=search,
        log_evidence=-math.log(min(1.0, max(chance, LEAST_CHANCE))),
        log_limit=-math.log(max(limit, LEAST_CHANCE)),
        proven=walk.stopped,
    )

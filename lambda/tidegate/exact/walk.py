"""Exact sequential tests: a sum or a CUSUM, with its law along the paths that were not stopped.

Given the totals of every stratum, what a stratum adds follows a known law while the two sides do
not differ. That law is carried on from look to look; each look stops the test where the chance it
was just allowed is used up. However many looks there are, the chance that a test is ever stopped is
at most what it was allowed in all. The looks, what they are allowed and the drift of a CUSUM may
depend on totals, never on how the events fell.
"""

from collections.abc import Mapping
from dataclasses import field, replace

from tidegate.exact.counts import LEFT_OUT, power_of_two
from tidegate.exact.law import Law
from tidegate.untyped import Any
from tidegate.values import value

CELLS = 2.0
"""Lattice steps to a standard deviation of what is added: rounding then costs 2 % of the power."""

WAITS_BELOW = 0.8
"""What is added waits until it has this many times CELLS steps to a standard deviation."""

MERGED = 1e-5
"""Chance at the lower end of a law that is counted a little higher up instead: on the safe side."""


@value
class Increment:
    """What was seen, in `step`s, the law that it had, and what CUSUMs take off it.

    `value` was rounded down as the law was. `drifts` are by the name of the CUSUM, in whole units.
    """

    value: int
    law: Law
    variance: float
    step: int = 1
    left_out: float = LEFT_OUT
    drifts: Mapping[str, float] = field(default_factory=dict)

    def plus(self, other: "Increment") -> "Increment":
        """Both together, on the same lattice."""
        drifts = dict(self.drifts)
        for name, drift in other.drifts.items():
            drifts[name] = drifts.get(name, 0.0) + drift
        return Increment(
            value=self.value + other.value,
            law=self.law.plus(other.law),
            variance=self.variance + other.variance,
            step=self.step,
            left_out=self.left_out + other.left_out,
            drifts=drifts,
        )

    def coarsened(self, step: int) -> "Increment":
        """The same in larger steps, rounded down."""
        factor = step // self.step
        return replace(self, value=self.value // factor, law=self.law.coarsened(factor), step=step)

    def to_json(self) -> dict[str, Any]:
        """The increment in JSON types; `from_json` reads it back."""
        return {
            "value": self.value,
            "law": self.law.to_json(),
            "variance": self.variance,
            "step": self.step,
            "left_out": self.left_out,
            "drifts": dict(self.drifts),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Increment":
        """The increment that `to_json` wrote."""
        return cls(**{**data, "law": Law.from_json(data["law"])})


@value
class Gate:
    """Brings increments onto one lattice, which only ever gets coarser.

    What is too fine for the lattice of busier times waits until there is enough of it.
    """

    step: int = 1
    waiting: Increment | None = None

    def admit(self, increment: Increment) -> "tuple[Gate, Increment | None]":
        """The gate afterwards, and what may be added now."""
        own = power_of_two(increment.variance**0.5 / CELLS)
        step = max(self.step, increment.step, own)
        if step == 1:
            return self, increment
        # What waits is kept as fine as it came, so that rounding is not done twice.
        both = increment if self.waiting is None else _together(self.waiting, increment)
        if both.variance**0.5 < WAITS_BELOW * CELLS * step:
            kept = replace(both, law=both.law.rounded())
            return Gate(step=step, waiting=kept), None
        return Gate(step=step), both.coarsened(step)

    def to_json(self) -> dict[str, Any]:
        """The gate in JSON types; `from_json` reads it back."""
        waiting = None if self.waiting is None else self.waiting.to_json()
        return {"step": self.step, "waiting": waiting}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Gate":
        """The gate that `to_json` wrote."""
        waiting = data["waiting"]
        return cls(
            step=int(data["step"]),
            waiting=None if waiting is None else Increment.from_json(waiting),
        )


def _together(left: Increment, right: Increment) -> Increment:
    step = max(left.step, right.step)
    return left.coarsened(step).plus(right.coarsened(step))


@value
class Walk:
    """A sum (`floor` is None) or a CUSUM (never below its floor) in `step`s, and its law.

    `spent` bounds the chance that it was stopped by now while the sides do not differ. `chance` is
    how likely a walk that was not stopped before is to be where this one is or higher, `limit` what
    that had to be at most for it to be stopped; both are of the last look, or of the stop.
    """

    floor: int | None = None
    fineness: int = 1
    """Lattice steps of the walk to one of its increments: drifts are rounded to them."""
    step: int = 1
    value: int = 0
    law: Law = field(default_factory=Law)
    owed: float = 0.0
    """Drift that was rounded away so far, to be taken off later."""
    spent: float = 0.0
    chance: float = 1.0
    limit: float = 0.0
    stopped: bool = False

    def plus(self, increment: Increment, *, name: str) -> "Walk":
        """The walk one increment further; `name` is what its drift is called there."""
        if self.stopped:
            return self
        factor = max(1, increment.step // self.step)
        value, law = self.value // factor, self.law.coarsened(factor)
        added, by = increment.law.times(self.fineness), increment.value * self.fineness
        owed = self.owed / factor
        if self.floor is not None:
            exact = owed + increment.drifts[name] * self.fineness / increment.step
            drift = round(exact)
            owed, added, by = exact - drift, added.moved(-drift), by - drift
        law, value = law.plus(added), value + by
        if self.floor is not None:
            law, value = law.raised(self.floor), max(self.floor, value)
        return replace(
            self,
            step=max(self.step, increment.step),
            value=value,
            law=law.raised(law.quantile(MERGED)).rounded(),
            owed=owed,
            spent=self.spent + increment.left_out,
        )

    def look(self, allowed: float) -> "Walk":
        """The walk after a look, by which this chance may have been spent in all."""
        if self.stopped:
            return self
        room = max(0.0, allowed - self.spent)
        law, boundary, cut = self.law.cut_above(room)
        return replace(
            self,
            law=law,
            spent=self.spent + cut,
            chance=self.law.above(self.value),
            limit=room,
            stopped=room > 0 and self.value >= boundary,
        )

    def to_json(self) -> dict[str, Any]:
        """The walk in JSON types; `from_json` reads it back. Its kind is the caller's to know."""
        return {
            "step": self.step,
            "value": self.value,
            "law": self.law.to_json(),
            "owed": self.owed,
            "spent": self.spent,
            "chance": self.chance,
            "limit": self.limit,
            "stopped": self.stopped,
        }

    def restored(self, data: Mapping[str, Any]) -> "Walk":
        """A walk of this kind with the state that `to_json` wrote."""
        return replace(self, **{**data, "law": Law.from_json(data["law"])})

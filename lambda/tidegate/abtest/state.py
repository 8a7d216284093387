"""What an A/B test remembers between two looks: bounded, versioned, the same however it got there.

Two to four arms take about 4 kB, ten 26 kB, however long the test runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from tidegate.abtest.assignment import Experience
from tidegate.abtest.pair import Pair
from tidegate.abtest.plan import ABPlan
from tidegate.abtest.srm import SrmState
from tidegate.errors import InvalidValueError
from tidegate.observation import Unit

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict that ended the test: the winner, or the arms that are a tie."""

    winner: str | None = None
    tied: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The decision in JSON types; `from_json` reads it back."""
        return {"winner": self.winner, "tied": list(self.tied)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Decision":
        """The decision that `to_json` wrote."""
        return cls(winner=data["winner"], tied=tuple(data["tied"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ABState:
    """Everything an A/B test keeps. Counts are one an arm, in the order of the plan."""

    arms: tuple[str, ...]
    pairs: tuple[Pair, ...]
    requests: tuple[int, ...]
    trials: tuple[int, ...]
    """Trials whose outcome is known for good, and in `goods` those that went well."""
    goods: tuple[int, ...]
    experience: Experience = field(default_factory=Experience)
    srm: SrmState = field(default_factory=SrmState)
    unit: Unit = Unit.REQUEST
    decision: Decision | None = None
    out: tuple[str, ...] = ()
    """Arms that were taken out of the test: they are neither compared nor named any more."""

    @property
    def left(self) -> tuple[str, ...]:
        """The arms that are still in the test, in the order of the plan."""
        return tuple(arm for arm in self.arms if arm not in self.out)

    @property
    def pairs_left(self) -> tuple[Pair, ...]:
        """The pairs of arms that are still in the test."""
        return tuple(p for p in self.pairs if p.first not in self.out and p.second not in self.out)

    @classmethod
    def initial(cls, plan: ABPlan) -> "ABState":
        """The state before anything was seen."""
        none = (0,) * len(plan.arms)
        pairs = tuple(Pair.initial(plan, a, b) for a, b in combinations(plan.arms, 2))
        return cls(arms=plan.arms, pairs=pairs, requests=none, trials=none, goods=none)

    def check(self, plan: ABPlan) -> None:
        """Raises InvalidValueError where this state belongs to a plan with other arms."""
        if self.arms != plan.arms:
            fault = (
                f"state is of the arms {', '.join(self.arms)}, the plan's are "
                f"{', '.join(plan.arms)}: a plan may not change during a test, start a new one"
            )
            raise InvalidValueError([fault])

    def to_json(self) -> dict[str, Any]:
        """The versioned state in JSON types; `from_json` reads it back."""
        return {
            "v": VERSION,
            "arms": list(self.arms),
            "pairs": [pair.to_json() for pair in self.pairs],
            "requests": list(self.requests),
            "trials": list(self.trials),
            "goods": list(self.goods),
            "experience": self.experience.to_json(),
            "srm": self.srm.to_json(),
            "unit": self.unit.value,
            "decision": None if self.decision is None else self.decision.to_json(),
            "out": list(self.out),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ABState":
        """The state of a version 1 record; another version raises InvalidValueError."""
        if data["v"] != VERSION:
            raise InvalidValueError(
                [f"A/B state version {data['v']!r} is unknown, read: {VERSION}"]
            )
        decision = data["decision"]
        return cls(
            arms=tuple(data["arms"]),
            pairs=tuple(Pair.from_json(pair) for pair in data["pairs"]),
            requests=tuple(data["requests"]),
            trials=tuple(data["trials"]),
            goods=tuple(data["goods"]),
            experience=Experience.from_json(data["experience"]),
            srm=SrmState.from_json(data["srm"]),
            unit=Unit(data["unit"]),
            decision=None if decision is None else Decision.from_json(decision),
            out=tuple(data.get("out", ())),
        )

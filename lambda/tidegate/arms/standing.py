"""How an A/B test stands after a look: what a verdict of it carries, for the loop and for people.

Rates and differences are those of the objective as the plan names it, whichever way is better.
"""

from collections.abc import Mapping

from tidegate.untyped import Any
from tidegate.values import value


@value
class ArmStanding:
    """One arm: what it served and won, and how it compares with the control at the same times.

    `difference` is its rate less the control's, with anytime-valid bounds. `progress` is how much
    of what would prove it better than the control is there, from 0 to 1, and negative where the
    control leads. `guard` says how its guardrails stand, `out` why it was taken out (None: it was
    not), `safe` whether each of its guardrails is proven to keep its margin.
    """

    slot: str
    requests: int
    trials: int
    rate: float | None
    lower: float | None
    upper: float | None
    difference: float | None = None
    difference_lower: float | None = None
    difference_upper: float | None = None
    progress: float = 0.0
    guard: str = ""
    safe: bool = False
    out: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The standing in JSON types; `from_json` reads it back."""
        return {name: getattr(self, name) for name in _ARM}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ArmStanding":
        """The standing that `to_json` wrote."""
        return cls(**data)


_ARM = (
    *("slot", "requests", "trials", "rate", "lower", "upper"),
    *("difference", "difference_lower", "difference_upper", "progress", "guard", "safe", "out"),
)


@value
class Standing:
    """The whole test: arms with the control first, and what the objective says so far.

    `conclusion` is `continue`, `hold`, `winner` or `tie`, and `slot` whom it is about. `leader` is
    the challenger that does best, `None` once all are out. `shares` are those that Thompson
    sampling would give next, in percent; None where the plan fixes them.
    """

    conclusion: str
    slot: str | None
    leader: str | None
    arms: tuple[ArmStanding, ...]
    requests: int
    horizon_requests: int
    split: str
    """What the sample-ratio test says, in a sentence."""
    regret: str
    shares: Mapping[str, int] | None = None

    @property
    def out(self) -> dict[str, str]:
        """Arms that were taken out, with the reason."""
        return {arm.slot: arm.out for arm in self.arms if arm.out is not None}

    def to_json(self) -> dict[str, Any]:
        """The standing in JSON types; `from_json` reads it back."""
        return {
            "conclusion": self.conclusion,
            "slot": self.slot,
            "leader": self.leader,
            "arms": [arm.to_json() for arm in self.arms],
            "requests": self.requests,
            "horizon_requests": self.horizon_requests,
            "split": self.split,
            "regret": self.regret,
            "shares": None if self.shares is None else dict(self.shares),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Standing":
        """The standing that `to_json` wrote."""
        shares = data["shares"]
        read = {
            "arms": tuple(ArmStanding.from_json(arm) for arm in data["arms"]),
            "shares": None if shares is None else {s: int(n) for s, n in shares.items()},
        }
        return cls(**{**data, **read})

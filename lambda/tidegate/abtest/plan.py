"""The plan of an A/B test: what was agreed before it begins, and may not change while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.arms.terms import Better, Policy
from tidegate.closing import window_intervals
from tidegate.errors import InvalidValueError
from tidegate.observation import OutcomeKind
from tidegate.slots import ARMS, PAIR

__all__ = ["ABPlan", "Better", "Policy"]

SLOTS: tuple[str, ...] = tuple(slot.value for slot in (*ARMS, *PAIR))
"""Names that an arm may have."""

MOST_EXACT_ARMS = 2
"""With four arms exact laws decide 4 % sooner than bets, and take four times the state."""

DELAYED = 4.0
"""How much more is known in the end of what one interval served than what it shows at first, where
events come late; a guess that only says which effects are worth betting on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ABPlan:
    """Which arms are compared on which objective, and with which chances of being wrong.

    `alpha` bounds the chance that the verdict ever names a winner that is not better than each
    other arm; `beta` the chance that arms are ever called a tie though one falls short of the best
    by `tie_margin` (absolute, a share; None never calls a tie). `horizon_requests`, of all arms,
    is when the error budget is used up but for a small reserve; the test may go on beyond.

    The objective is the rate of right outcomes among the known (labels), or of conversions or
    complaints within the outcome window. `shares` in percent are those of the fixed policy, and the
    first ones of Thompson sampling, equal when empty. `least_share` keeps every arm in the test;
    `memory_requests` is after how many requests an outcome counts half when the next shares are
    drawn (None never forgets).
    """

    arms: tuple[str, ...]
    control: str
    horizon_requests: int
    kind: OutcomeKind = OutcomeKind.LABELS
    better: Better = Better.LARGER
    tie_margin: float | None = 0.01
    alpha: float = 0.05
    beta: float = 0.05
    policy: Policy = Policy.FIXED
    shares: Mapping[str, int] = field(default_factory=dict)
    least_share: float = 0.0
    """Least share of an arm under Thompson sampling; 0 means a fifth of an equal share."""
    memory_requests: int | None = None
    outcome_window_seconds: int = 86_400

    def __post_init__(self) -> None:
        faults = (*self._arm_faults(), *self._number_faults(), *self._share_faults())
        if faults:
            raise InvalidValueError(faults)

    @property
    def exact(self) -> bool:
        """Whether the error budget is spent on exact laws.

        That takes totals of strata that do not depend on the evidence before: a split fixed ahead,
        and no sets at risk, from which conversions are missing that came earlier.
        """
        fixed = self.policy is Policy.FIXED and not self.kind.has_events_only
        return fixed and len(self.arms) <= MOST_EXACT_ARMS

    @property
    def level(self) -> float:
        """Chance allowed to each claim "this arm is better than that one".

        With b the best arm, a wrong winner takes one of so many false claims as there are arms:
        that one of the others is better than b, or that b is better than an arm as good as b.
        """
        return self.alpha / len(self.arms)

    @property
    def tie_level(self) -> float:
        """Chance allowed to each claim "this arm falls short of that one by less than the margin".

        A wrong tie takes a false claim that one of the others is that close to the best arm.
        """
        return self.beta / (len(self.arms) - 1)

    @property
    def floor(self) -> float:
        """Least share of an arm under Thompson sampling: 10 % for two arms unless given."""
        return self.least_share if self.least_share > 0 else 0.2 / len(self.arms)

    @property
    def strata_factor(self) -> float:
        """How much more, or less, a first stratum will come to tell than it tells at first."""
        delayed = DELAYED if self.kind.has_events_only else 1.0
        return delayed * self._evenness

    @property
    def _evenness(self) -> float:
        """Variance of a stratum once one arm has all but the floor, over that at equal shares."""
        if self.policy is Policy.FIXED:
            return 1.0
        arms = len(self.arms)
        leader = 1 - (arms - 1) * self.floor
        return 2 * arms * self.floor * leader / (self.floor + leader)

    @property
    def window_intervals(self) -> int:
        """Intervals after which an outcome is no longer waited for."""
        return window_intervals(self.outcome_window_seconds)

    @property
    def first_shares(self) -> dict[str, int]:
        """The shares in percent with which the test begins."""
        if self.shares:
            return {arm: self.shares[arm] for arm in self.arms}
        each, rest = divmod(100, len(self.arms))
        return {arm: each + (1 if i < rest else 0) for i, arm in enumerate(self.arms)}

    def _arm_faults(self) -> list[str]:
        faults = [
            f"an arm is named {', '.join(SLOTS)}, got {arm!r}"
            for arm in self.arms
            if arm not in SLOTS
        ]
        if not 2 <= len(self.arms) <= len(ARMS):
            faults.append(f"an A/B test has 2 to {len(ARMS)} arms, got {len(self.arms)}")
        if len(set(self.arms)) != len(self.arms):
            faults.append(f"each arm is named once, got {', '.join(self.arms)}: drop the second")
        if self.control not in self.arms:
            faults.append(
                f"control must be one of the arms {', '.join(self.arms)}, got {self.control!r}"
            )
        return faults

    def _number_faults(self) -> list[str]:
        faults = []
        for name, value, low, high in (
            ("horizon_requests", self.horizon_requests, 100, 10**12),
            ("outcome_window_seconds", self.outcome_window_seconds, 1, 30 * 86_400),
            ("memory_requests", self.memory_requests, 100, 10**12),
        ):
            if value is not None and not low <= value <= high:
                faults.append(f"{name} must be {low} to {high}, got {value}")
        for name, share in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < share < 0.5:
                faults.append(f"{name} must be above 0 and below 0.5, got {share}")
        if self.kind is OutcomeKind.COMPLAINTS and self.better is Better.LARGER:
            faults.append("of complaints fewer are better: set better to smaller")
        if self.tie_margin is not None and not 0 < self.tie_margin < 1:
            faults.append(
                f"tie_margin must be above 0 and below 1, got {self.tie_margin}: 0.01 calls arms "
                "a tie that differ by less than a percentage point"
            )
        return faults

    def _share_faults(self) -> list[str]:
        faults = []
        if self.shares and sorted(self.shares) != sorted(self.arms):
            faults.append(
                f"shares must name each arm ({', '.join(self.arms)}), got {', '.join(self.shares)}"
            )
        if self.shares and (sum(self.shares.values()) != 100 or min(self.shares.values()) < 1):
            faults.append(
                f"shares must be 1 or more and add up to 100, got {dict(self.shares)}: an arm "
                "without traffic cannot be compared"
            )
        most = 1 / len(self.arms) if self.arms else 1.0
        if not 0 <= self.least_share <= most:
            faults.append(
                f"least_share must be 0 to {most:.3g} for {len(self.arms)} arms, "
                f"got {self.least_share}"
            )
        return faults

    def to_json(self) -> dict[str, Any]:
        """The plan in JSON types; `from_json` reads it back."""
        return {
            "arms": list(self.arms),
            "control": self.control,
            "horizon_requests": self.horizon_requests,
            "kind": self.kind.value,
            "better": self.better.value,
            "tie_margin": self.tie_margin,
            "alpha": self.alpha,
            "beta": self.beta,
            "policy": self.policy.value,
            "shares": dict(self.shares),
            "least_share": self.least_share,
            "memory_requests": self.memory_requests,
            "outcome_window_seconds": self.outcome_window_seconds,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ABPlan":
        """The plan that `to_json` wrote, checked again."""
        kinds = {
            "arms": tuple(data["arms"]),
            "kind": OutcomeKind(data["kind"]),
            "better": Better(data["better"]),
            "policy": Policy(data["policy"]),
        }
        return cls(**{**data, **kinds})

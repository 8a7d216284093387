"""The terms of an A/B test in a release plan. Loads nothing heavy, since every plan loads it."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from tidegate.observation import OutcomeKind
from tidegate.slots import ARMS
from tidegate.strategies import Split, Strategy
from tidegate.untyped import Any
from tidegate.values import value

MOST_CHALLENGERS = len(ARMS) - 1


class Better(StrEnum):
    """Which way the objective is good."""

    LARGER = "larger"
    SMALLER = "smaller"


class Policy(StrEnum):
    """Who sets the shares: the plan, once and for all, or the evidence (Thompson sampling)."""

    FIXED = "fixed"
    THOMPSON = "thompson"


class Winner(StrEnum):
    """What happens when a challenger has won: it is promoted, or a person is asked."""

    PROMOTE = "promote"
    ASK = "ask"


@value
class ABTerms:
    """Which objective decides between the live version and its challengers, and how surely.

    `alpha` and `beta` are the chances of naming a wrong winner and of calling a wrong tie
    (`tidegate.abtest.plan` says it exactly); those of the release are of its guardrails. `shares`
    are in percent, the control's first, then the challengers' in the order of their slots; empty
    gives each arm the same. Under `thompson` they are redrawn every `reallocate_seconds` at most.
    """

    challengers: int
    horizon_requests: int
    kind: OutcomeKind = OutcomeKind.LABELS
    better: Better = Better.LARGER
    tie_margin: float | None = 0.01
    alpha: float = 0.05
    beta: float = 0.05
    policy: Policy = Policy.FIXED
    shares: tuple[int, ...] = ()
    reallocate_seconds: int = 3_600
    winner: Winner = Winner.PROMOTE

    @property
    def first_shares(self) -> tuple[int, ...]:
        """The shares with which the test begins: the control's first, 100 in all."""
        if self.shares:
            return self.shares
        arms = self.challengers + 1
        each, rest = divmod(100, arms)
        return tuple(each + (1 if place < rest else 0) for place in range(arms))

    def faults(self) -> tuple[str, ...]:
        """What is wrong with these terms: empty when nothing is."""
        return (*self._number_faults(), *self._share_faults())

    def _number_faults(self) -> tuple[str, ...]:
        faults: list[str] = []
        if not 1 <= self.challengers <= MOST_CHALLENGERS:
            faults.append(
                f"challengers must be 1 to {MOST_CHALLENGERS}, got {self.challengers}: they are "
                "the versions tested against the live one, and an endpoint has at most "
                f"{len(ARMS)} production variants"
            )
        for name, number, low, high in (
            ("horizon_requests", self.horizon_requests, 100, 10**12),
            ("reallocate_seconds", self.reallocate_seconds, 60, 30 * 86_400),
        ):
            if not low <= number <= high:
                faults.append(f"{name} must be {low} to {high}, got {number}")
        for name, share in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < share < 0.5:
                faults.append(f"objective {name} must be above 0 and below 0.5, got {share}")
        if self.kind is OutcomeKind.COMPLAINTS and self.better is Better.LARGER:
            faults.append("objective complaints: fewer are better, set better to smaller")
        if self.tie_margin is not None and not 0 < self.tie_margin < 1:
            faults.append(
                f"objective tie_margin must be above 0 and below 1, got {self.tie_margin}: 0.01 "
                "calls arms a tie that differ by less than a percentage point"
            )
        return tuple(faults)

    def _share_faults(self) -> tuple[str, ...]:
        if not self.shares:
            return ()
        told = list(self.shares)
        if len(told) != self.challengers + 1:
            return (
                (
                    f"arm shares must name the control's and {self.challengers} of challengers, "
                    f"got {told}: the control's comes first"
                ),
            )
        if sum(told) != 100 or min(told) < 1:
            return (
                (
                    f"arm shares must be 1 or more each and add up to 100, got {told}, which are "
                    f"{sum(told)}: an arm without traffic cannot be compared"
                ),
            )
        return ()

    def to_json(self) -> dict[str, Any]:
        """The terms in JSON types; `from_json` reads it back."""
        return {
            "challengers": self.challengers,
            "horizon_requests": self.horizon_requests,
            "kind": self.kind.value,
            "better": self.better.value,
            "tie_margin": self.tie_margin,
            "alpha": self.alpha,
            "beta": self.beta,
            "policy": self.policy.value,
            "shares": list(self.shares),
            "reallocate_seconds": self.reallocate_seconds,
            "winner": self.winner.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ABTerms":
        """The terms that `to_json` wrote."""
        margin = data["tie_margin"]
        return cls(
            challengers=int(data["challengers"]),
            horizon_requests=int(data["horizon_requests"]),
            kind=OutcomeKind(data["kind"]),
            better=Better(data["better"]),
            tie_margin=None if margin is None else float(margin),
            alpha=float(data["alpha"]),
            beta=float(data["beta"]),
            policy=Policy(data["policy"]),
            shares=tuple(int(share) for share in data["shares"]),
            reallocate_seconds=int(data["reallocate_seconds"]),
            winner=Winner(data["winner"]),
        )


@value
class ABParts:
    """The parts of a plan that the rules of A/B tests are about."""

    strategy: Strategy
    split: Split
    shares: Sequence[int]
    outcome_kinds: Collection[OutcomeKind]
    terms: ABTerms | None


def ab_faults(parts: ABParts) -> tuple[str, ...]:
    """Why a plan cannot be an A/B test's, or has what only one may have: a sentence each."""
    terms = parts.terms
    if parts.strategy is not Strategy.AB_TEST:
        if terms is None:
            return ()
        return (f"objective and challengers are for strategy ab-test, got {parts.strategy}",)
    if terms is None:
        return (
            (
                "strategy ab-test needs an objective: say what the winner is better at, such as "
                "{ kind: conversions, horizon_requests: 100000 }"
            ),
        )
    faults = list(terms.faults())
    tested = 100 - terms.first_shares[0] if not faults else None
    if tested is not None and tuple(parts.shares) != (tested,):
        faults.append(
            f"steps of ab-test are one, of the challengers' shares together ({tested} percent), "
            f"got {tuple(parts.shares)}"
        )
    if parts.split is not Split.ROUTER:
        faults.append(
            f"split must be router for strategy ab-test, got {parts.split}: with split endpoint "
            "SageMaker draws each request anew, one user meets all arms, and no outcome says "
            "which of them it is due to"
        )
    faults.extend(
        f"guardrail outcomes has kind {kind}, the objective {terms.kind}: a model has one kind "
        "of outcomes, give both the same"
        for kind in parts.outcome_kinds
        if kind is not terms.kind
    )
    return tuple(faults)

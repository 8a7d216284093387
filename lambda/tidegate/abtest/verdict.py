"""What the judge says of an A/B test, and the numbers behind it.

All rates and differences are those of the objective as the plan names it (right outcomes,
conversions or complaints, as shares of trials), whichever way is better.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from tidegate.abtest.srm import SrmReport


class ABVerdictKind(StrEnum):
    """`winner` names a slot, which may be the control; `hold` says that nothing can be compared."""

    WINNER = "winner"
    TIE = "tie"
    CONTINUE = "continue"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmEvidence:
    """One arm: requests, trials with a known outcome, their rate and its anytime-valid interval."""

    slot: str
    requests: int
    trials: int
    rate: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEvidence:
    """Two arms: rate of `first` less that of `second`, compared at the same times.

    `leader` is decided to be better where `evidence` reaches `limit` (both in good trials beyond
    expectation if the split is fixed, else logarithms of an e-value); `better` is then its slot.
    """

    first: str
    second: str
    first_rate: float | None
    second_rate: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    leader: str | None
    evidence: float
    limit: float | None
    better: str | None
    tied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Regret:
    """Good outcomes missed so far against always serving the `best` arm, as estimated now."""

    best: str | None
    missed: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ABVerdict:
    """One verdict: what to do, one sentence that says why, and the evidence behind it."""

    kind: ABVerdictKind
    reason: str
    slot: str | None
    """The winner; of a tie the arm to keep, which is the control if it is among them."""
    tied: tuple[str, ...]
    arms: tuple[ArmEvidence, ...]
    pairs: tuple[PairEvidence, ...]
    """Each arm against the control, then the other pairs (without intervals)."""
    srm: SrmReport
    regret: Regret
    requests: int
    horizon_requests: int
    requests_needed: int | None
    """Requests of all arms still needed at the present difference, None when unknown."""

    def to_json(self) -> dict[str, Any]:
        """The verdict in JSON types; `from_json` reads it back."""
        return {
            "kind": self.kind.value,
            "reason": self.reason,
            "slot": self.slot,
            "tied": list(self.tied),
            "arms": [asdict(arm) for arm in self.arms],
            "pairs": [asdict(pair) for pair in self.pairs],
            "srm": self.srm.to_json(),
            "regret": asdict(self.regret),
            "requests": self.requests,
            "horizon_requests": self.horizon_requests,
            "requests_needed": self.requests_needed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ABVerdict":
        """The verdict that `to_json` wrote."""
        read = {
            "kind": ABVerdictKind(data["kind"]),
            "tied": tuple(data["tied"]),
            "arms": tuple(ArmEvidence(**arm) for arm in data["arms"]),
            "pairs": tuple(PairEvidence(**pair) for pair in data["pairs"]),
            "srm": SrmReport(**data["srm"]),
            "regret": Regret(**data["regret"]),
        }
        return cls(**{**data, **read})

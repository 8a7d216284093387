"""What the judge says of the evidence, and the numbers behind it."""

from collections.abc import Mapping
from enum import StrEnum

from tidegate.arms.standing import Standing
from tidegate.untyped import Any
from tidegate.values import value


class VerdictKind(StrEnum):
    """`continue` gathers more evidence; `hold` says that there is too little of it to go on.

    `keep` is an A/B test's: the live version stays, as none of the others is better.
    """

    CONTINUE = "continue"
    HOLD = "hold"
    PROMOTE = "promote"
    ROLL_BACK = "roll-back"
    KEEP = "keep"


class Claim(StrEnum):
    """What a piece of evidence speaks for: of `limit`, that a fixed limit is broken."""

    HARM = "harm"
    SAFE = "safe"
    LIMIT = "limit"


@value
class Evidence:
    """The evidence for one claim about one metric.

    `log_evidence` is the natural logarithm of an e-value: its expectation is at most 1 while the
    claim is false, so it passes `log_limit` with at most the claim's share of the error budget,
    however often one looks (Ville's inequality). Rates are shares of requests; `lower` and `upper`
    bound the difference candidate - live in an anytime-valid interval, None without data.
    """

    metric: str
    claim: Claim
    log_evidence: float
    log_limit: float
    live_rate: float | None
    candidate_rate: float | None
    lower: float | None = None
    upper: float | None = None

    @property
    def reached(self) -> bool:
        """Whether the claim is proven at its share of the error budget."""
        return self.log_evidence >= self.log_limit

    def to_json(self) -> dict[str, Any]:
        """The evidence in JSON types."""
        return {
            "metric": self.metric,
            "claim": self.claim.value,
            "log_evidence": self.log_evidence,
            "log_limit": self.log_limit,
            "live_rate": self.live_rate,
            "candidate_rate": self.candidate_rate,
            "lower": self.lower,
            "upper": self.upper,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Evidence":
        """The evidence that `to_json` wrote."""
        return cls(**{**data, "claim": Claim(data["claim"])})


@value
class Verdict:
    """One verdict: what to do, one sentence that says why, and the evidence for each claim."""

    kind: VerdictKind
    reason: str
    evidence: tuple[Evidence, ...] = ()
    candidate_requests: int = 0
    live_requests: int = 0
    requests_needed: int | None = None
    """Candidate requests still needed to promote at the current rates: None when unknown.

    Of an A/B test: requests of all arms together."""
    ab_test: Standing | None = None
    """Of an A/B test: how each arm stands; `evidence` is then of the leading challenger."""

    def to_json(self) -> dict[str, Any]:
        """The verdict in JSON types; `from_json` reads it back."""
        return {
            "kind": self.kind.value,
            "reason": self.reason,
            "evidence": [item.to_json() for item in self.evidence],
            "candidate_requests": self.candidate_requests,
            "live_requests": self.live_requests,
            "requests_needed": self.requests_needed,
            **({} if self.ab_test is None else {"ab_test": self.ab_test.to_json()}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Verdict":
        """The verdict that `to_json` wrote."""
        standing = data.get("ab_test")
        return cls(
            kind=VerdictKind(data["kind"]),
            reason=data["reason"],
            evidence=tuple(Evidence.from_json(item) for item in data["evidence"]),
            candidate_requests=int(data["candidate_requests"]),
            live_requests=int(data["live_requests"]),
            requests_needed=data["requests_needed"],
            ab_test=None if standing is None else Standing.from_json(standing),
        )

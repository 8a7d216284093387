"""Sample-ratio mismatch: does each slot get the share of requests that the split says.

Where it does not, something other than the split decides who is served by which slot, the slots are
not comparable, and no verdict may be given. The test is sequential and exact: in each stratum the
requests are multinomial with the configured shares; a Dirichlet law of the true shares is bet on,
learnt from the strata before (Lindon & Malek, 2011.03567). The shares may differ from stratum to
stratum: what is carried on is how much more than configured each slot got.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.observation import Unit
from tidegate.words import one_of, percent, thousands

ALPHA = 0.001
"""Chance of ever calling a split that is as configured a mismatch."""

PRIOR_REQUESTS = 1_000.0
"""Requests that the configured shares count for in the law bet on. 100 to 3 000 differ little."""

IMPOSSIBLE = 700.0
"""Logarithm of the evidence where a slot without a share had requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SrmState:
    """Evidence of a mismatch as logarithms: now, and the most so far, which is what counts."""

    log_evidence: float = 0.0
    most: float = 0.0
    observed: Mapping[str, int] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """Requests of all slots that were tested."""
        return sum(self.observed.values())

    def to_json(self) -> dict[str, Any]:
        """The state in JSON types; `from_json` reads it back."""
        return {
            "log_evidence": self.log_evidence,
            "most": self.most,
            "observed": dict(self.observed),
            "expected": dict(self.expected),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SrmState":
        """The state that `to_json` wrote."""
        return cls(
            log_evidence=float(data["log_evidence"]),
            most=float(data["most"]),
            observed={slot: int(n) for slot, n in data["observed"].items()},
            expected={slot: float(n) for slot, n in data["expected"].items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SrmReport:
    """What the test says: `mismatch` is None where it cannot be made, and `reason` says why."""

    mismatch: bool | None
    reason: str
    log_evidence: float = 0.0
    log_limit: float = -math.log(ALPHA)

    def to_json(self) -> dict[str, Any]:
        """The report in JSON types."""
        return {
            "mismatch": self.mismatch,
            "reason": self.reason,
            "log_evidence": self.log_evidence,
            "log_limit": self.log_limit,
        }


def update(state: SrmState, counts: Mapping[str, int], shares: Mapping[str, float]) -> SrmState:
    """The state after one stratum: units by slot, and the shares by which they were drawn.

    Shares may be in any unit: they are divided by their sum.
    """
    total = sum(counts.values())
    configured = _normalised(counts, shares)
    sole = sum(share > 0 for share in configured.values()) == 1
    if total == 0 or (sole and not _impossible(counts, configured)):
        return state
    gain = _log_gain(state, counts, configured)
    now = min(state.log_evidence + gain, IMPOSSIBLE)
    slots = state.observed.keys() | configured.keys()
    return SrmState(
        log_evidence=now,
        most=max(state.most, now),
        observed={s: state.observed.get(s, 0) + counts.get(s, 0) for s in sorted(slots)},
        expected={
            s: state.expected.get(s, 0.0) + total * configured.get(s, 0.0) for s in sorted(slots)
        },
    )


def _normalised(counts: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, float]:
    whole = math.fsum(shares.values())
    if whole <= 0 or min(shares.values()) < 0 or min(counts.values(), default=0) < 0:
        fault = (
            f"counts and shares must be 0 or more and not all shares 0, got {dict(counts)} "
            f"and {dict(shares)}: pass the split that the requests were stamped with"
        )
        raise InvalidValueError([fault])
    slots = sorted(counts.keys() | shares.keys())
    return {slot: shares.get(slot, 0.0) / whole for slot in slots}


def _impossible(counts: Mapping[str, int], configured: Mapping[str, float]) -> bool:
    return any(counts.get(slot, 0) > 0 for slot, share in configured.items() if share == 0)


def _log_gain(state: SrmState, counts: Mapping[str, int], configured: Mapping[str, float]) -> float:
    """Logarithm of the Dirichlet-multinomial chance of the counts over the configured one."""
    if _impossible(counts, configured):
        return IMPOSSIBLE
    total = sum(counts.values())
    pseudo = PRIOR_REQUESTS + state.requests
    guesses = {
        slot: share * _tilt(state, slot, share) for slot, share in configured.items() if share > 0
    }
    whole = math.fsum(guesses.values())
    gain = math.lgamma(pseudo) - math.lgamma(pseudo + total)
    for slot, guess in guesses.items():
        weight, count = pseudo * guess / whole, counts.get(slot, 0)
        gain += math.lgamma(weight + count) - math.lgamma(weight)
        gain -= count * math.log(configured[slot])
    return gain


def _tilt(state: SrmState, slot: str, share: float) -> float:
    """How much more than configured the slot got so far, drawn towards 1."""
    prior = PRIOR_REQUESTS * share
    return (prior + state.observed.get(slot, 0)) / (prior + state.expected.get(slot, 0.0))


def report(state: SrmState, *, unit: Unit, alpha: float = ALPHA) -> SrmReport:
    """What the evidence says so far, in a sentence; what was once a mismatch stays one."""
    limit = -math.log(alpha)
    if unit is Unit.RESOLVER:
        return SrmReport(
            mismatch=None,
            reason="not applicable: DNS answers are cached by resolvers, which then send all their "
            "users to one slot, so that requests do not follow the shares of the split",
            log_limit=limit,
        )
    drawn = "users" if unit is Unit.USER else "requests"
    told = ", ".join(
        f"{slot} {percent(n / max(1, state.requests))} of {drawn} "
        f"(configured {percent(state.expected[slot] / max(1, state.requests))})"
        for slot, n in state.observed.items()
    )
    if state.most < limit:
        reason = f"the split is as configured: {told}" if told else f"no {drawn} yet"
        return SrmReport(
            mismatch=False, reason=reason, log_evidence=state.log_evidence, log_limit=limit
        )
    return SrmReport(
        mismatch=True,
        reason=f"the split is not as configured: {told}, of {thousands(state.requests)} in all; "
        f"chance would show this in fewer than 1 of {one_of(state.most)} releases "
        f"(limit 1 of {one_of(limit)}): find out what routes requests past the split",
        log_evidence=state.log_evidence,
        log_limit=limit,
    )

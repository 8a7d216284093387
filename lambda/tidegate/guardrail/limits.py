"""Limits that stay as they are for a whole release, and how sure it is that a fleet is above one.

A limit is what the live version did in the hour before the release, plus the plan's margin. Against
a limit nothing is compared at the same time: an incident that hits every version is taken for harm,
and staying below a limit proves no more than that. Pure.

The evidence is a mixture of likelihood ratios against the limit, so that it is an e-value for "the
share of bad requests is at most the limit" whenever one looks (Ville's inequality; Robbins 1970).
"""

import math
from collections.abc import Mapping, Sequence

from tidegate.guardrail.fleets import FleetCounts, FleetTotals, totals, typical_slow
from tidegate.plan import Guardrail, Metric, ReleasePlan
from tidegate.untyped import Any
from tidegate.values import value
from tidegate.verdict import Claim, Evidence
from tidegate.words import one_of, percent, thousands

BASELINE_SECONDS = 3_600
"""How long before the release the live version is looked at."""

SLOW_SHARE = 0.10
"""What the live version's 90th percentile means for the live version itself."""

_ALTERNATIVES = 16


@value
class FixedLimit:
    """The largest share of bad requests that is no harm; slow ones are above `milliseconds`."""

    metric: Metric
    share: float
    baseline: float | None
    milliseconds: float | None = None


def fixed_limits(plan: ReleasePlan, baseline: Sequence[FleetCounts]) -> tuple[FixedLimit, ...]:
    """The limits of a plan's guardrails; latency has none where nothing was served before."""
    found = [_limit(guardrail, baseline) for guardrail in plan.guardrails]
    return tuple(limit for limit in found if limit is not None)


def _limit(guardrail: Guardrail, baseline: Sequence[FleetCounts]) -> FixedLimit | None:
    if guardrail.metric is Metric.ERRORS:
        rate = totals(baseline).error_rate
        share = (0.0 if rate is None else rate) + guardrail.margin
        return FixedLimit(metric=Metric.ERRORS, share=share, baseline=rate)
    slow = typical_slow(baseline)
    if guardrail.metric is not Metric.LATENCY or slow is None:
        return None
    return FixedLimit(
        metric=Metric.LATENCY,
        share=SLOW_SHARE + guardrail.margin,
        baseline=SLOW_SHARE,
        milliseconds=slow * guardrail.tolerated_slowdown,
    )


@value
class Measured:
    """A fleet measured against one limit: so many of its requests were surely bad."""

    limit: FixedLimit
    bad: int
    trials: int

    def evidence(self, *, alpha: float) -> Evidence:
        """How sure it is that the limit is broken, at this share of the error budget."""
        return Evidence(
            metric=self.limit.metric.value,
            claim=Claim.HARM,
            log_evidence=log_above(self.bad, self.trials, limit=self.limit.share),
            log_limit=-math.log(alpha),
            live_rate=self.limit.baseline,
            candidate_rate=None if self.trials == 0 else self.bad / self.trials,
        )

    def needed(self, *, alpha: float) -> int:
        """How many requests it takes until harm of twice the margin is expected to show.

        Expected evidence of a request is the Kullback-Leibler divergence of that share of bad ones
        from the limit; a mixture of so many alternatives costs the logarithm of their number.
        """
        known = 0.0 if self.limit.baseline is None else self.limit.baseline
        limit = self.limit.share
        harmful = min(2 * limit - known, (1 + limit) / 2)
        if not 0 < limit < 1:
            return 0
        each = harmful * math.log(harmful / limit) + (1 - harmful) * math.log(
            (1 - harmful) / (1 - limit)
        )
        return math.ceil((math.log(_ALTERNATIVES - 1) - math.log(alpha)) / each)

    def broken(self, evidence: Evidence) -> str:
        """Why the candidate is taken back, in a sentence."""
        return (
            f"roll back because {self._name} are {percent(evidence.candidate_rate)} of "
            f"{thousands(self.trials)} requests that the candidate served, above the fixed "
            f"limit of {percent(self.limit.share)} ({self._before}), and chance would show as much "
            f"by now in 1 of {one_of(evidence.log_evidence)} releases at the limit (allowed: 1 of "
            f"{one_of(evidence.log_limit)})"
        )

    def to_json(self) -> dict[str, Any]:
        """The measurement in JSON types; `from_json` reads it back."""
        limit = self.limit
        return {
            "metric": limit.metric.value,
            "share": limit.share,
            "baseline": limit.baseline,
            "milliseconds": limit.milliseconds,
            "bad": self.bad,
            "trials": self.trials,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Measured":
        """The measurement that `to_json` wrote."""
        limit = FixedLimit(
            metric=Metric(data["metric"]),
            share=float(data["share"]),
            baseline=None if data["baseline"] is None else float(data["baseline"]),
            milliseconds=None if data["milliseconds"] is None else float(data["milliseconds"]),
        )
        return cls(limit=limit, bad=int(data["bad"]), trials=int(data["trials"]))

    @property
    def _name(self) -> str:
        if self.limit.milliseconds is None:
            return "errors"
        return f"requests slower than {self.limit.milliseconds:.3g} ms"

    @property
    def _before(self) -> str:
        if self.limit.baseline is None:
            return "the margin alone: the live version served nothing in the hour before"
        return f"the live version's {percent(self.limit.baseline)} in the hour before, and a margin"


def measured(limit: FixedLimit, counts: Sequence[FleetCounts]) -> Measured:
    """What the intervals say of one limit. Failed requests have no latency that counts here."""
    total: FleetTotals = totals(counts)
    if limit.milliseconds is None:
        return Measured(limit=limit, bad=total.errors, trials=total.requests)
    slow = sum(item.surely_slow(limit.milliseconds) for item in counts)
    return Measured(limit=limit, bad=slow, trials=total.requests)


def log_above(bad: int, trials: int, *, limit: float) -> float:
    """The logarithm of the e-value for "more than the limit are bad"; 0 is no evidence."""
    if trials == 0 or not 0 < limit < 1:
        return 0.0
    logs = [
        bad * math.log(share / limit) + (trials - bad) * math.log((1 - share) / (1 - limit))
        for share in (
            limit + (1 - limit) * step / _ALTERNATIVES for step in range(1, _ALTERNATIVES)
        )
    ]
    largest = max(logs)
    mixed = sum(math.exp(log - largest) for log in logs) / len(logs)
    return largest + math.log(mixed)

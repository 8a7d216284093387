"""Says in one sentence, in plain words and with the numbers, why the verdict is what it is."""

import math

from tidegate import latency
from tidegate.judge import latency_splits
from tidegate.judge.limits import LEAST_CANDIDATE_TRIALS
from tidegate.judge.state import JudgeState
from tidegate.judge.tally import Tally
from tidegate.observation import OutcomeKind
from tidegate.plan import Guardrail, Metric
from tidegate.values import value
from tidegate.verdict import Evidence
from tidegate.words import milliseconds, one_of, percent, points, thousands

_OUTCOMES = {
    OutcomeKind.LABELS: "wrong outcomes",
    OutcomeKind.CONVERSIONS: "requests without a conversion",
    OutcomeKind.COMPLAINTS: "requests with a complaint",
}


@value
class Early:
    """Latencies of both slots while too few live ones are known to say what is slow."""

    candidate: latency.Histogram
    live: latency.Histogram

    @classmethod
    def of(cls, state: JudgeState, slowdown: float) -> "Early | None":
        """What the state has of them, None without any of either slot.

        The candidate's are those of both slots less the live one's, at their own slowness again.
        """
        slack = latency_splits.tolerated_buckets(slowdown)
        rest = {b: n - state.live_latency.get(b, 0) for b, n in state.both_latency.items()}
        candidate = {bucket + slack: count for bucket, count in rest.items() if count > 0}
        if not candidate or not state.live_latency:
            return None
        return cls(candidate=candidate, live=state.live_latency)

    @property
    def told(self) -> str:
        """Both slots' medians and ninth deciles."""
        middle, slow = (_milliseconds(self.candidate, quantile) for quantile in (0.5, 0.9))
        of_live = [_milliseconds(self.live, quantile) for quantile in (0.5, 0.9)]
        return (
            f"half of {thousands(sum(self.candidate.values()))} candidate requests take more than "
            f"{middle}, a tenth more than {slow}, against {' and '.join(of_live)} of "
            f"{thousands(sum(self.live.values()))} live ones"
        )


def _milliseconds(seen: latency.Histogram, quantile: float) -> str:
    """The lower edge of the quantile's bucket: what more than the rest take."""
    bucket = latency.quantile_bucket(seen, quantile)
    if bucket is None:
        raise ValueError("there is no latency to tell: add some first")
    return milliseconds(latency.upper_edge_milliseconds(max(0, bucket - 1)))


@value
class Finding:
    """One claim about one metric: its evidence and the counts behind it, ready to be told."""

    guardrail: Guardrail
    evidence: Evidence
    tally: Tally
    edge: int | None
    """The bucket of latency above which a live request counts as slow, None while not known."""
    early: Early | None = None
    """What is told of latency in place of the tally, while that is empty."""

    @property
    def name(self) -> str:
        """The harm in words."""
        if self.guardrail.metric is Metric.OUTCOMES:
            return _OUTCOMES[self.guardrail.kind]
        if self.guardrail.metric is Metric.LATENCY:
            return f"requests slower than {_slow(self.edge, self.guardrail.tolerated_slowdown)}"
        return "errors"

    @property
    def rates(self) -> str:
        """Both rates in words, the candidate's first."""
        return f"{percent(self.tally.candidate_rate)} against {percent(self.tally.live_rate)}"


def _slow(edge: int | None, slowdown: float) -> str:
    if edge is None:
        return "the live version's 90th percentile"
    live = latency.upper_edge_milliseconds(edge)
    slack = latency_splits.tolerated_buckets(slowdown)
    if slack == 0:
        return milliseconds(live)
    candidate = latency.upper_edge_milliseconds(edge + slack)
    return (
        f"{milliseconds(live)} ({milliseconds(candidate)} for the candidate, as a slowdown of "
        f"{slowdown:.3g} is tolerated)"
    )


def rolled_back(harm: Finding, *, alpha: float) -> str:
    """Why the candidate is taken back: what is worse, by how much, and how sure that is."""
    tally, evidence = harm.tally, harm.evidence
    if harm.early is not None:
        return f"roll back because {slower(harm, harm.early, alpha=alpha, of='releases')}"
    things = "outcomes" if harm.guardrail.metric is Metric.OUTCOMES else "requests"
    more = (tally.candidate_rate or 0.0) - (tally.live_rate or 0.0)
    return (
        f"roll back because {harm.name} are {percent(tally.candidate_rate)} of "
        f"{thousands(tally.candidate_trials)} candidate {things} against "
        f"{percent(tally.live_rate)} of {thousands(tally.live_trials)} live ones: "
        f"{points(more)} points worse (between {points(evidence.lower)} and "
        f"{points(evidence.upper)}), and {chance_of(harm, alpha=alpha, of='releases')}"
    )


def slower(harm: Finding, early: Early, *, alpha: float, of: str) -> str:
    """That the candidate is slower, told by quantiles."""
    slowdown = harm.guardrail.tolerated_slowdown
    more = f", by more than the tolerated {slowdown:.3g} times" if slowdown > 1 else ""
    return f"the candidate is slower{more}: {early.told}, and {chance_of(harm, alpha=alpha, of=of)}"


def chance_of(harm: Finding, *, alpha: float, of: str) -> str:
    """How often chance alone would show as much harm, of harmless releases or whatever it is of."""
    evidence = harm.evidence
    return (
        f"chance would show as much by now in 1 of {one_of(evidence.log_evidence)} harmless {of} "
        f"(allowed: 1 of {one_of(evidence.log_limit)} by now, 1 of {one_of(-math.log(alpha))} in "
        "all)"
    )


def evidence_so_far(finding: Finding) -> str:
    """How far the evidence is, of how far it has to be."""
    evidence = finding.evidence
    return f"evidence {max(0.0, evidence.log_evidence):.1f} of {evidence.log_limit:.1f}"


def promoted(safe: list[Finding], *, candidate_requests: int) -> str:
    """Why the candidate may replace the live version: no harm above any margin."""
    each = ", ".join(
        f"{item.name} are {item.rates}, at most {points(item.evidence.upper)} points worse "
        f"(margin {points(item.guardrail.margin)})"
        for item in safe
    )
    return (
        f"promote because no harm reaches its margin: {each}, "
        f"after {thousands(candidate_requests)} candidate requests"
    )


def held(scarce: list[Finding], *, candidate_requests: int) -> str:
    """What is too little to judge by."""
    each = ", ".join(
        f"{item.guardrail.metric} {thousands(item.tally.candidate_trials)}" for item in scarce
    )
    return (
        f"hold because {thousands(candidate_requests)} candidate requests are too few to judge by: "
        f"each metric needs {LEAST_CANDIDATE_TRIALS} candidate trials beside live ones, and of "
        f"{each} so far"
    )


def continued(unproven: list[Finding], *, candidate_requests: int, needed: int | None) -> str:
    """What is still to be shown, and about how many requests that takes."""
    each = ", ".join(
        f"{item.name} within {points(item.guardrail.margin)} points (now {item.rates}, "
        f"{evidence_so_far(item)})"
        for item in unproven
    )
    rest = (
        "and at the current rates more requests would not show it"
        if needed is None
        else f"which takes about {thousands(needed)} more candidate requests at the current rates"
    )
    return (
        f"continue because after {thousands(candidate_requests)} candidate requests no harm is "
        f"proven, but it is still to be shown: {each}, {rest}"
    )

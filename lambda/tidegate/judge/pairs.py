"""Judges a shadow: both versions answered the same requests, so that answers come in pairs.

Errors are compared among the pairs that exactly one version failed: were the candidate no worse,
each of them would be its own at most by the toss of a coin (McNemar, Psychometrika 1947). Answers
that differ are held against the plan's margin. Both laws are carried along like all others
(`exact/walk.py`) and pay from the same budget. Latencies are compared as in other releases.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidegate import latency
from tidegate.exact.counts import binomial
from tidegate.exact.law import Law
from tidegate.exact.walk import Increment
from tidegate.judge import latency_splits, scores
from tidegate.judge.advance import (
    latency_increments,
    looked,
    requests_of,
    serving_tables,
    shown,
    tolerated,
    with_increments,
)
from tidegate.judge.harm import LATE_ODDS_RATIO
from tidegate.judge.increments import LATE, midpoint
from tidegate.judge.limits import Limits
from tidegate.judge.state import JudgeState, MetricState
from tidegate.judge.strata import Comparison, Counts, ServingStratum, Table
from tidegate.observation import Observation, PairCounts
from tidegate.plan import Guardrail, Metric, ReleasePlan
from tidegate.values import value

BISECTIONS = 40
"""Halvings when the best stake is looked for: any stake is fair, so that this is precise enough."""

PRIOR_PAIRS = 10.0
"""Pseudo-pairs of the guess that stakes are chosen by."""


@value
class Differences:
    """What pairs say of one metric: in how many the candidate was worse, better, or the same."""

    worse: int = 0
    better: int = 0
    pairs: int = 0

    def log_gain(self, stake: float, margin: float) -> float:
        """Natural logarithm of what a stake against harm wins in these pairs.

        Each pair multiplies the wealth by 1 + stake * (margin - d), d being 1, -1 or 0. While the
        candidate is worse by the margin or more, the mean of d is at least the margin, so that the
        wealth is not expected to grow, whatever ties both answers of a pair together
        (Waudby-Smith and Ramdas, 2010.09686).
        """
        same = self.pairs - self.worse - self.better
        return (
            self.worse * math.log1p(stake * (margin - 1))
            + self.better * math.log1p(stake * (margin + 1))
            + same * math.log1p(stake * margin)
        )


def best_stake(seen: Differences, margin: float) -> float:
    """The stake under which the wealth grows fastest, should pairs go on as guessed from these."""
    whole = seen.pairs + PRIOR_PAIRS
    worse, better = (seen.worse + 0.5) / whole, seen.better / whole
    low, high = 0.0, 1 / (1 - margin)
    for _ in range(BISECTIONS):
        stake = (low + high) / 2
        pull = (
            worse * (margin - 1) / (1 + stake * (margin - 1))
            + better * (margin + 1) / (1 + stake * (margin + 1))
            + (1 - worse - better) * margin / (1 + stake * margin)
        )
        if pull > 0:
            low = stake
        else:
            high = stake
    return low


def differences(metric: Metric, pairs: PairCounts) -> Differences:
    """What these pairs say of errors or of agreement."""
    if metric is Metric.AGREEMENT:
        return Differences(worse=pairs.differed, pairs=pairs.answered)
    return Differences(
        worse=pairs.candidate_only_error, better=pairs.live_only_error, pairs=pairs.pairs
    )


def advance(
    plan: ReleasePlan,
    comparison: Comparison,
    state: JudgeState,
    observations: Sequence[Observation],
    *,
    limits: Limits,
) -> JudgeState:
    """The state after the pairs of these increments, whatever order they come in."""
    if not observations:
        return state
    newest = max(item.key.interval for item in observations)
    now = newest if state.newest is None else max(newest, state.newest)
    for stratum in _strata(observations, comparison):
        state = _plus(plan, state, stratum, limits=limits, now=now)
    return replace(
        state,
        metrics=tuple(looked(item, limits, now=now) for item in state.metrics),
        newest=now,
        candidate_requests=state.candidate_requests
        + requests_of(observations, comparison.candidate),
        live_requests=state.live_requests + requests_of(observations, comparison.live),
    )


def latencies_of_pairs(
    observations: Sequence[Observation], comparison: Comparison
) -> list[ServingStratum]:
    """How long both versions took in each interval of a shadow, to be compared as serving is."""
    return [_latencies(pairs) for pairs in _strata(observations, comparison)]


def _strata(observations: Sequence[Observation], comparison: Comparison) -> list[PairCounts]:
    """The pairs of each interval, in the order of time."""
    found: dict[tuple[int, int], PairCounts] = {}
    for item in observations:
        at = (item.key.interval, item.key.split_version)
        mine = item.key.slot == comparison.candidate and item.evidence
        if mine and item.pairs is not None:
            found[at] = found.get(at, PairCounts()) + item.pairs
    return [found[at] for at in sorted(found)]


def _plus(
    plan: ReleasePlan, state: JudgeState, pairs: PairCounts, *, limits: Limits, now: int
) -> JudgeState:
    known = PairCounts() if state.pairs is None else state.pairs
    serving = _latencies(pairs)
    candidate = tolerated(plan, serving.candidate.latency)
    both = scores.remember(state.both_latency, latency.add(serving.live.latency, candidate))
    metrics = []
    for guardrail, item in zip(plan.guardrails, state.metrics, strict=True):
        if guardrail.metric is Metric.LATENCY:
            seen = latency_increments(candidate, serving.live.latency, both)
            tables = serving_tables(guardrail, serving, state.live_latency)
            after = shown(item, tables, guardrail, limits)
            metrics.append(replace(after, harm=with_increments(item.harm, seen, now=now)))
        else:
            after = _with_pairs(item, pairs, guardrail, now=now)
            proven = limits.safe(item)
            metrics.append(after if proven else _bet(after, pairs, known, guardrail))
    return replace(
        state,
        metrics=tuple(metrics),
        both_latency=both,
        live_latency=latency_splits.remember(state.live_latency, serving.live_seen),
        pairs=_counts_only(known + pairs),
    )


def _counts_only(pairs: PairCounts) -> PairCounts:
    return replace(pairs, distances={}, live_latency={}, candidate_latency={}, slices={})


def _latencies(pairs: PairCounts) -> ServingStratum:
    return ServingStratum(
        live=Counts(requests=pairs.pairs, latency=pairs.live_latency),
        candidate=Counts(requests=pairs.pairs, latency=pairs.candidate_latency),
        live_seen=pairs.live_latency,
    )


def _with_pairs(
    item: MetricState, pairs: PairCounts, guardrail: Guardrail, *, now: int
) -> MetricState:
    seen = differences(guardrail.metric, pairs)
    increment = _increment(guardrail, seen)
    # A pair is one draw: whoever counts requests and whoever counts clients sees the same.
    witnesses: Mapping[str, Increment | None] = dict.fromkeys(item.harm.gates, increment)
    return replace(
        item,
        harm=with_increments(item.harm, witnesses, now=now),
        tallies=(item.tally.plus(_table(guardrail.metric, pairs)),),
    )


def _increment(guardrail: Guardrail, seen: Differences) -> Increment | None:
    """The candidate's part of what tells the versions apart, and the law that bounds it."""
    if guardrail.metric is Metric.AGREEMENT:
        trials, share = seen.pairs, guardrail.margin
    else:
        trials, share = seen.worse + seen.better, 1 / 2
    if trials == 0:
        return None
    law: Law = binomial(trials, share)
    return Increment(
        value=seen.worse,
        law=law,
        variance=trials * share * (1 - share),
        drifts={LATE: midpoint(law, LATE_ODDS_RATIO[guardrail.metric])},
    )


def _table(metric: Metric, pairs: PairCounts) -> Table:
    """The counts as people read them: of agreement, the live version differs from nothing."""
    if metric is Metric.AGREEMENT:
        return Table(
            candidate_trials=pairs.answered,
            candidate_events=pairs.differed,
            live_trials=pairs.answered,
            live_events=0,
        )
    return Table(
        candidate_trials=pairs.pairs,
        candidate_events=pairs.candidate_only_error + pairs.both_error,
        live_trials=pairs.pairs,
        live_events=pairs.live_only_error + pairs.both_error,
    )


def _bet(
    item: MetricState, pairs: PairCounts, known: PairCounts, guardrail: Guardrail
) -> MetricState:
    """The evidence of safety after a bet that was chosen before these pairs were seen."""
    stake = best_stake(differences(guardrail.metric, known), guardrail.margin)
    gain = differences(guardrail.metric, pairs).log_gain(stake, guardrail.margin)
    return replace(item, log_safety=item.log_safety + gain)

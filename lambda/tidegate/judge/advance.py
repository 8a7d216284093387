"""Takes newly closed increments into the judge's state, stratum by stratum in the order of time.

Everything a bet on safety is made with (guessed rates, edges of latency) is taken from the state
before the stratum; scores of latency come from both slots together. A claim that is proven is
looked at no further: its evidence stays as it was when it passed its limit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidegate import latency
from tidegate.closing import window_intervals
from tidegate.exact.walk import Increment
from tidegate.judge import latency_splits, safe, scores
from tidegate.judge.harm import LATE_EFFECT, LATE_ODDS_RATIO, HarmState
from tidegate.judge.increments import of_events, of_scores
from tidegate.judge.limits import Limits
from tidegate.judge.outcome_tables import OutcomeTables, outcome_tables
from tidegate.judge.state import JudgeState, MetricState
from tidegate.judge.strata import (
    Comparison,
    ServingStratum,
    Table,
    serving_strata,
)
from tidegate.observation import Observation, last_delay
from tidegate.plan import Guardrail, Metric, ReleasePlan

SCORES = {"body": scores.body, "tail": scores.tail, "stretch": scores.stretch}
"""Score of latencies by the witness that counts it."""

NOTHING = Table(candidate_trials=0, candidate_events=0, live_trials=0, live_events=0)


def advance(
    plan: ReleasePlan,
    comparison: Comparison,
    state: JudgeState,
    observations: Sequence[Observation],
    *,
    limits: Limits,
) -> JudgeState:
    """The state after these increments, whatever order they come in."""
    window = window_intervals(plan.outcome_window_seconds)
    now = _newest(state, observations, window)
    if now is None:
        return state
    metrics = {item.metric: item for item in state.metrics}
    live, both = state.live_latency, state.both_latency
    for stratum in serving_strata(observations, comparison):
        candidate = tolerated(plan, stratum.candidate.latency)
        both = scores.remember(both, latency.add(stratum.live.latency, candidate))
        for guardrail in plan.guardrails if stratum.two_sided else ():
            item = metrics[guardrail.metric]
            if guardrail.metric is Metric.ERRORS:
                item = replace(item, harm=_errors(item.harm, stratum, now=now))
            if guardrail.metric is Metric.LATENCY:
                increments = latency_increments(candidate, stratum.live.latency, both)
                item = replace(item, harm=with_increments(item.harm, increments, now=now))
            tables = serving_tables(guardrail, stratum, live)
            metrics[guardrail.metric] = shown(item, tables, guardrail, limits)
        live = latency_splits.remember(live, stratum.live_seen)
    for guardrail in plan.guardrails:
        if guardrail.metric is Metric.OUTCOMES:
            known = outcome_tables(
                observations, comparison, kind=guardrail.kind, window_intervals=window
            )
            outcomes = metrics[Metric.OUTCOMES]
            metrics[Metric.OUTCOMES] = _outcomes(outcomes, known, guardrail, limits, now=now)
    return JudgeState(
        metrics=tuple(looked(metrics[item.metric], limits, now=now) for item in state.metrics),
        live_latency=live,
        both_latency=both,
        newest=now,
        candidate_requests=state.candidate_requests
        + requests_of(observations, comparison.candidate),
        live_requests=state.live_requests + requests_of(observations, comparison.live),
    )


def requests_of(observations: Sequence[Observation], slot: str) -> int:
    """How many requests a slot had in these increments."""
    return sum(item.requests for item in observations if item.key.slot == slot)


def _newest(state: JudgeState, observations: Sequence[Observation], window: int) -> int | None:
    """The last interval of which anything was closed: how far the release is in time."""
    closed = [] if state.newest is None else [state.newest]
    for item in observations:
        closed.append(item.key.interval)
        closed.extend(
            item.key.interval + last_delay(bucket, window_intervals=window)
            for bucket in item.outcomes
        )
    return max(closed, default=None)


def tolerated(plan: ReleasePlan, seen: latency.Histogram) -> dict[int, int]:
    """The candidate's latencies, made faster by the slowdown that the plan tolerates."""
    slowdowns = [g.tolerated_slowdown for g in plan.guardrails if g.metric is Metric.LATENCY]
    slack = latency_splits.tolerated_buckets(slowdowns[0]) if slowdowns else 0
    faster: dict[int, int] = {}
    for bucket, count in seen.items():
        sooner = max(0, bucket - slack)
        faster[sooner] = faster.get(sooner, 0) + count
    return faster


def _errors(harm: HarmState, stratum: ServingStratum, *, now: int) -> HarmState:
    ratio = LATE_ODDS_RATIO[Metric.ERRORS]
    tables = {"requests": stratum.errors, "clients": stratum.clients}
    increments = {name: of_events([table], odds_ratio=ratio) for name, table in tables.items()}
    return with_increments(harm, increments, now=now)


def latency_increments(
    candidate: latency.Histogram, live: latency.Histogram, both: latency.Histogram
) -> dict[str, Increment | None]:
    """What each witness of latency sees in a stratum; `both` are those that ranks are among."""
    return {
        name: of_scores(candidate, live, score(both), effect=LATE_EFFECT)
        for name, score in SCORES.items()
    }


def with_increments(
    harm: HarmState, seen: Mapping[str, Increment | None], *, now: int
) -> HarmState:
    """The walks of a metric with what each of its witnesses saw."""
    for witness, increment in seen.items():
        harm = harm.plus(witness, increment, now=now)
    return harm


def serving_tables(
    guardrail: Guardrail, stratum: ServingStratum, reference: latency.Histogram
) -> list[Table]:
    """The tables that people and the claim of safety see: none where nothing can be seen yet."""
    if guardrail.metric is Metric.ERRORS:
        return [stratum.errors]
    edges = latency_splits.edges(reference)
    if guardrail.metric is not Metric.LATENCY or edges is None:
        return []
    slack = latency_splits.tolerated_buckets(guardrail.tolerated_slowdown)
    return [stratum.slower_than(bucket, tolerated_buckets=slack) for bucket in edges]


def _outcomes(
    item: MetricState, tables: OutcomeTables, guardrail: Guardrail, limits: Limits, *, now: int
) -> MetricState:
    harm, safety = tables
    increment = of_events(harm, odds_ratio=LATE_ODDS_RATIO[Metric.OUTCOMES])
    item = replace(item, harm=item.harm.plus("outcomes", increment, now=now))
    for table in harm:
        item = shown(item, [table, NOTHING], guardrail, limits)
    for table in safety:
        item = shown(item, [NOTHING, table], guardrail, limits)
    return item


def shown(
    state: MetricState, channels: Sequence[Table], guardrail: Guardrail, limits: Limits
) -> MetricState:
    """The state with one more stratum in its counts and in the evidence of safety."""
    if not channels:
        return state
    counted = replace(
        state,
        tallies=tuple(
            tally.plus(table) for tally, table in zip(state.tallies, channels, strict=True)
        ),
    )
    if limits.safe(state):
        return counted
    harmless = safe.update(
        state.log_safety,
        channels[state.margin_channel],
        rates=state.tally.guess(),
        margin=guardrail.margin,
    )
    return replace(counted, log_safety=harmless)


def looked(item: MetricState, limits: Limits, *, now: int) -> MetricState:
    """The metric after a look at its walks."""
    return replace(item, harm=item.harm.look(item.metric, limits.budgets[item.metric], now=now))

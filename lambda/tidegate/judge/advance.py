"""Takes newly closed increments into the judge's state, stratum by stratum in the order of time.

Everything a bet is made with (guessed rates, edges of latency) is taken from the state before the
stratum. A claim that is proven is bet on no further: its evidence stays as it was when it passed
its limit, which keeps the verdict and stays within the error budget.
"""

from collections.abc import Sequence
from dataclasses import replace

from tidegate import latency
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.judge import harm, latency_splits, safe
from tidegate.judge.limits import Limits
from tidegate.judge.state import JudgeState, MetricState
from tidegate.judge.strata import (
    Comparison,
    ServingStratum,
    Table,
    outcome_strata,
    serving_strata,
)
from tidegate.observation import Observation
from tidegate.plan import Guardrail, Metric, ReleasePlan


def advance(
    plan: ReleasePlan,
    comparison: Comparison,
    state: JudgeState,
    observations: Sequence[Observation],
) -> JudgeState:
    """The state after these increments, whatever order they come in."""
    metrics = {item.metric: item for item in state.metrics}
    guardrails = {item.metric: item for item in plan.guardrails}
    limits = Limits.of(plan)
    reference = state.live_latency
    for stratum in serving_strata(observations, comparison):
        for metric, guardrail in guardrails.items():
            channels = _serving_channels(guardrail, stratum, reference)
            if channels:
                metrics[metric] = _step(metrics[metric], channels, guardrail, limits)
        reference = latency_splits.remember(reference, stratum.live_seen)
    if Metric.OUTCOMES in guardrails:
        window = max(1, plan.outcome_window_seconds // INTERVAL_SECONDS)
        outcomes, guardrail = metrics[Metric.OUTCOMES], guardrails[Metric.OUTCOMES]
        for table in outcome_strata(observations, comparison, window_intervals=window):
            outcomes = _step(outcomes, [table], guardrail, limits)
        metrics[Metric.OUTCOMES] = outcomes
    return JudgeState(
        metrics=tuple(metrics[item.metric] for item in state.metrics),
        live_latency=reference,
        candidate_requests=state.candidate_requests + _requests(observations, comparison.candidate),
        live_requests=state.live_requests + _requests(observations, comparison.live),
    )


def _requests(observations: Sequence[Observation], slot: str) -> int:
    return sum(item.requests for item in observations if item.key.slot == slot)


def _serving_channels(
    guardrail: Guardrail, stratum: ServingStratum, reference: latency.Histogram
) -> list[Table]:
    """The tables in which this metric's harm is looked for: none where it cannot be seen yet."""
    if guardrail.metric is Metric.ERRORS:
        return [stratum.errors]
    edges = latency_splits.edges(reference)
    if guardrail.metric is not Metric.LATENCY or edges is None:
        return []
    slack = latency_splits.tolerated_buckets(guardrail.tolerated_slowdown)
    return [stratum.slower_than(bucket, tolerated_buckets=slack) for bucket in edges]


def _step(
    state: MetricState, channels: list[Table], guardrail: Guardrail, limits: Limits
) -> MetricState:
    advanced = replace(
        state,
        tallies=tuple(
            tally.plus(table) for tally, table in zip(state.tallies, channels, strict=True)
        ),
    )
    if not limits.harmful(state):
        worse = harm.update(state.harm, channels, restart_rate=limits.restart_rate)
        advanced = replace(advanced, harm=worse)
    if not limits.safe(state):
        harmless = safe.update(
            state.safe,
            channels[state.margin_channel],
            rates=state.tally.guess(),
            margin=guardrail.margin,
        )
        advanced = replace(advanced, safe=harmless)
    return advanced

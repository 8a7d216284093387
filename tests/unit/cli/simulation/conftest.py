"""Plans and traffic to simulate, small enough for a unit test."""

from dataclasses import replace

import pytest

from cli.simulation.behaviour import Behaviour, Traffic, exponential_delays, lognormal
from tidegate.observation import OutcomeKind
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step


@pytest.fixture
def plan() -> ReleasePlan:
    """Three guardrails, two steps of five minutes, half an hour of patience."""
    return ReleasePlan(
        steps=(Step(share_percent=10, bake_seconds=300), Step(share_percent=50, bake_seconds=300)),
        guardrails=(
            Guardrail(metric=Metric.ERRORS, margin=0.05),
            Guardrail(metric=Metric.LATENCY, margin=0.20, tolerated_slowdown=1.5),
            Guardrail(metric=Metric.OUTCOMES, margin=0.10),
        ),
        hold_seconds=1_800,
    )


@pytest.fixture
def live() -> Behaviour:
    """A live version with a few errors and wrong answers."""
    return Behaviour(
        errors=0.01,
        latency=lognormal(p50_milliseconds=50, p99_milliseconds=150),
        known=exponential_delays(mean_seconds=60, outcome_window_seconds=86_400, known_share=1.0),
        wrong=0.10,
    )


@pytest.fixture
def traffic(live: Behaviour) -> Traffic:
    """Three hundred requests a minute."""
    return Traffic(requests_per_minute=300, live=live)


@pytest.fixture
def errors_only(plan: ReleasePlan) -> ReleasePlan:
    """The same plan with a guardrail on errors alone."""
    return replace(plan, guardrails=(Guardrail(metric=Metric.ERRORS, margin=0.05),))


def of_events(plan: ReleasePlan, kind: OutcomeKind) -> ReleasePlan:
    """The same plan, judged on events alone, which come within ten minutes."""
    guardrail = Guardrail(metric=Metric.OUTCOMES, margin=0.08, kind=kind)
    return replace(plan, guardrails=(guardrail,), outcome_window_seconds=600)


@pytest.fixture
def conversions(plan: ReleasePlan) -> ReleasePlan:
    """Only good events are reported."""
    return of_events(plan, OutcomeKind.CONVERSIONS)


@pytest.fixture
def complaints(plan: ReleasePlan) -> ReleasePlan:
    """Only bad events are reported."""
    return of_events(plan, OutcomeKind.COMPLAINTS)


@pytest.fixture
def buyers(live: Behaviour) -> Traffic:
    """One answer in five converts, within minutes."""
    known = exponential_delays(mean_seconds=120, outcome_window_seconds=600, known_share=0.2)
    return Traffic(requests_per_minute=300, live=replace(live, known=known, wrong=0.0))


@pytest.fixture
def complainers(live: Behaviour) -> Traffic:
    """One answer in twenty is complained about, within minutes."""
    known = exponential_delays(mean_seconds=120, outcome_window_seconds=600, known_share=0.05)
    return Traffic(requests_per_minute=300, live=replace(live, known=known, wrong=1.0))

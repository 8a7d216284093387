"""The estimate: close to what simulating gives, and always monotone in what helps."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.simulation.behaviour import Behaviour, Traffic
from cli.simulation.estimate import budget_minutes, needs_of
from cli.simulation.harms import Rung, harm_of
from cli.simulation.release import End, Setting, simulate_release
from tidegate.plan import Metric, ReleasePlan, Step

SIMULATED = (Metric.ERRORS, Metric.LATENCY, Metric.OUTCOMES)
"""What releases that move traffic are guarded on; a shadow's agreement is not simulated."""

FACTOR = 2.0
"""How far the estimate may be from simulated releases, either way; also said in the docs."""

RUNS = 20


def simulated_minutes(plan: ReleasePlan, traffic: Traffic, candidate: Behaviour, end: End) -> float:
    """Minutes of bake until four releases of five ended so; infinite where fewer did."""
    setting = Setting(plan=plan, traffic=traffic, candidate=candidate)
    outcomes = [simulate_release(setting, np.random.default_rng([7, run])) for run in range(RUNS)]
    minutes = sorted(o.seconds / 60 if o.end is end else np.inf for o in outcomes)
    return float(minutes[int(0.8 * RUNS) - 1]) - plan.warm_up_seconds / 60


def one_step(plan: ReleasePlan, metric: Metric, *, share: int) -> ReleasePlan:
    """One step without a bake: it ends as soon as there is the evidence."""
    guardrails = tuple(g for g in plan.guardrails if g.metric is metric)
    step = Step(share_percent=share, bake_seconds=0)
    return replace(plan, steps=(step,), guardrails=guardrails, hold_seconds=36_000)


@pytest.mark.parametrize("metric", SIMULATED)
@pytest.mark.parametrize("busy", [(10, 60.0), (50, 15.0)])
def test_seeing_harm_takes_about_as_long_as_estimated(
    plan: ReleasePlan, traffic: Traffic, metric: Metric, busy: tuple[int, float]
):
    """At the margin, four releases of five are rolled back by then, within a factor."""
    slow = replace(traffic, requests_per_minute=busy[1])
    single = one_step(plan, metric, share=busy[0])
    harm = harm_of(single.guardrails[0], slow.live, rung=Rung.MARGIN)
    assert harm is not None
    (need,) = needs_of(single, slow)
    found = simulated_minutes(single, slow, harm.candidate, End.ROLLED_BACK)
    assert need.seen_minutes is not None
    assert found / FACTOR <= need.seen_minutes + 1
    assert need.seen_minutes <= found * FACTOR + 1


@pytest.mark.parametrize("metric", SIMULATED)
def test_showing_safety_takes_about_as_long_as_estimated(
    plan: ReleasePlan, traffic: Traffic, metric: Metric
):
    """Without harm, four releases of five are promoted by then, within a factor."""
    slow = replace(traffic, requests_per_minute=60)
    single = one_step(plan, metric, share=20)
    (need,) = needs_of(single, slow)
    found = simulated_minutes(single, slow, slow.live, End.PROMOTED)
    assert need.shown_minutes is not None
    assert found / FACTOR <= need.shown_minutes + 1
    assert need.shown_minutes <= found * FACTOR + 1


@pytest.mark.parametrize("kind", ["conversions", "complaints"])
def test_events_take_about_as_long_as_estimated(request: pytest.FixtureRequest, kind: str):
    """Harm by the events that come, safety by the windows that have passed."""
    plan: ReleasePlan = request.getfixturevalue(kind)
    busy: Traffic = request.getfixturevalue({"conversions": "buyers"}.get(kind, "complainers"))
    slow = replace(busy, requests_per_minute=60)
    single = one_step(plan, Metric.OUTCOMES, share=20)
    harm = harm_of(single.guardrails[0], slow.live, rung=Rung.MARGIN)
    assert harm is not None
    (need,) = needs_of(single, slow)
    seen = simulated_minutes(single, slow, harm.candidate, End.ROLLED_BACK)
    shown = simulated_minutes(single, slow, slow.live, End.PROMOTED)
    assert need.seen_minutes is not None
    assert need.shown_minutes is not None
    assert seen / FACTOR <= need.seen_minutes + 1 <= seen * FACTOR + 2
    assert shown / FACTOR <= need.shown_minutes + 1 <= shown * FACTOR + 2


@settings(max_examples=40)
@given(per_minute=st.floats(0.5, 5_000), more=st.floats(1.2, 10))
def test_more_traffic_never_takes_longer(per_minute: float, more: float):
    """Requests are what evidence is made of."""
    plan = ReleasePlan()
    live = Behaviour(errors=0.01, latency=(1.0,) * 1 + (0.0,) * 76, known=(), wrong=0.0)
    slow, fast = (
        needs_of(plan, Traffic(requests_per_minute=rate, live=live))[0]
        for rate in (per_minute, per_minute * more)
    )
    assert fast.seen_minutes is not None
    assert slow.seen_minutes is None or fast.seen_minutes <= 1.02 * slow.seen_minutes


def test_outcomes_that_never_come_are_never_judged(plan: ReleasePlan, traffic: Traffic):
    """None is no duration, not a short one."""
    unknown = replace(traffic.live, known=(0.0,) * len(traffic.live.known))
    need = needs_of(plan, replace(traffic, live=unknown))[-1]
    assert (need.seen_minutes, need.shown_minutes, need.minutes) == (None, None, None)


def test_the_budget_is_bakes_and_hold(plan: ReleasePlan):
    """After that a release waits for an operator."""
    assert budget_minutes(plan) == (300 + 300 + 1_800) / 60

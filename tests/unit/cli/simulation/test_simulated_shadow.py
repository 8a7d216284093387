"""Simulated shadows: judged by pairs, in the time that a real one takes."""

from dataclasses import replace

import numpy as np
import pytest

from cli.simulation.advice import advise
from cli.simulation.behaviour import Behaviour, Traffic
from cli.simulation.estimate import needs_of
from cli.simulation.figures import Given, Source, basis_of
from cli.simulation.harms import Rung, ladder, sought
from cli.simulation.release import End, Outcome, Setting, simulate_release
from tests.shadow_world import shadowed
from tidegate.errors import InvalidValueError
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.shadow.pairing import Pairing
from tidegate.strategies import Mechanism, Strategy

FACTOR, RUNS = 2.0, 20
"""How far the estimate may be from simulated shadows, and how many there are of each."""


@pytest.fixture
def shadow() -> ReleasePlan:
    """Failures, latency and answers are compared, for half an hour."""
    return ReleasePlan(
        strategy=Strategy.SHADOW,
        mechanism=Mechanism.SHADOW,
        steps=(Step(share_percent=100, bake_seconds=1_800),),
        guardrails=(
            Guardrail(metric=Metric.ERRORS, margin=0.05),
            Guardrail(metric=Metric.LATENCY, margin=0.20, tolerated_slowdown=1.5),
            Guardrail(metric=Metric.AGREEMENT, margin=0.10),
        ),
        lag_seconds=300,
        pairing=Pairing(answer="/label"),
    )


@pytest.fixture
def copied(traffic: Traffic) -> Traffic:
    """Sixty requests a minute; a harmless candidate differs at one answer in fifty."""
    return Traffic(requests_per_minute=60, live=replace(traffic.live, differs=0.02))


def run(plan: ReleasePlan, traffic: Traffic, candidate: Behaviour, *, seed: int = 1) -> Outcome:
    """One shadow."""
    setting = Setting(plan=plan, traffic=traffic, candidate=candidate)
    return simulate_release(setting, np.random.default_rng(seed))


def test_a_harmless_candidate_passes_after_the_bake(shadow: ReleasePlan, copied: Traffic):
    """With enough pairs nothing but the plan's own time is waited for; each request is a pair."""
    outcome = run(shadow, replace(copied, requests_per_minute=600), copied.live)
    assert outcome.end is End.PROMOTED
    assert 1_800 <= outcome.seconds <= 1_800 + 300
    assert outcome.candidate_requests > 0.9 * 10 * 1_800


def test_every_harm_of_the_ladder_is_tried(shadow: ReleasePlan, copied: Traffic):
    """Answers that differ are counted whole: a margin of agreement is no difference."""
    harms = {harm.name: harm for harm in ladder(shadow, copied.live)}
    assert len(harms) == 1 + 4 * 3
    assert harms["agreement twice margin"].candidate.differs == pytest.approx(0.20)
    assert harms["agreement twice margin"].words == "2 → 20 % differ"
    assert harms["agreement outage"].words == "all differ"
    assert not harms["agreement half margin"].forbidden


def test_less_harm_than_a_harmless_candidate_does_is_left_out(shadow: ReleasePlan, copied: Traffic):
    """Half the margin is no harm where good versions differ at more of the answers."""
    differing = replace(copied.live, differs=0.08)
    rungs = [h.rung for h in ladder(shadow, differing) if h.metric is Metric.AGREEMENT]
    assert rungs == [Rung.MARGIN, Rung.TWICE, Rung.OUTAGE]


@pytest.mark.parametrize("metric", [Metric.ERRORS, Metric.LATENCY, Metric.AGREEMENT])
def test_harm_fails_and_is_blamed(shadow: ReleasePlan, copied: Traffic, metric: Metric):
    """Whatever got worse ends the shadow, and no user was there to be harmed."""
    outages = [h for h in ladder(shadow, copied.live) if h.rung is Rung.OUTAGE]
    harm = next(h for h in outages if h.metric is metric)
    outcome = run(shadow, copied, harm.candidate)
    assert (outcome.end, outcome.blamed) == (End.ROLLED_BACK, metric)


def one_guardrail(plan: ReleasePlan, metric: Metric) -> ReleasePlan:
    """One guardrail and no bake: it ends as soon as there is the evidence."""
    guardrails = tuple(g for g in plan.guardrails if g.metric is metric)
    pairing = plan.pairing if metric is Metric.AGREEMENT else None
    step = Step(share_percent=100, bake_seconds=0)
    return replace(
        plan, steps=(step,), guardrails=guardrails, pairing=pairing, hold_seconds=360_000
    )


def simulated_minutes(plan: ReleasePlan, traffic: Traffic, candidate: Behaviour, end: End) -> float:
    """Minutes of bake until four shadows of five ended so; infinite where fewer did."""
    outcomes = [run(plan, traffic, candidate, seed=seed) for seed in range(RUNS)]
    minutes = sorted(o.seconds / 60 if o.end is end else np.inf for o in outcomes)
    return float(minutes[int(0.8 * RUNS) - 1]) - plan.warm_up_seconds / 60


@pytest.mark.parametrize("metric", [Metric.ERRORS, Metric.LATENCY, Metric.AGREEMENT])
def test_a_shadow_takes_about_as_long_as_estimated(
    shadow: ReleasePlan, copied: Traffic, metric: Metric
):
    """To see the harm it should see, and to show that there is none, within a factor."""
    slow = replace(copied, requests_per_minute=10)
    single = one_guardrail(shadow, metric)
    harm = sought(single.guardrails[0], slow.live)
    assert harm is not None
    (need,) = needs_of(single, slow)
    seen = simulated_minutes(single, slow, harm.candidate, End.ROLLED_BACK)
    shown = simulated_minutes(single, slow, slow.live, End.PROMOTED)
    assert need.seen_minutes is not None
    assert need.shown_minutes is not None
    # Captures are waited for in either: what is compared is the time beyond that.
    assert seen / FACTOR <= need.seen_minutes + 1 <= seen * FACTOR + 2
    assert shown / FACTOR <= need.shown_minutes + 1 <= shown * FACTOR + 2


def test_a_shadow_takes_as_long_as_the_release_machine_takes():
    """Warming up, baking, waiting for captures and looking take as long as in the real loop."""
    world = shadowed(differing=1)
    world.run()
    record = world.record()
    assert record.decided_at is not None
    live = Behaviour(
        errors=0.0,
        latency=tuple(float(bucket == 20) for bucket in range(77)),
        known=(),
        wrong=0.0,
        differs=0.01,
    )
    outcome = run(record.plan, Traffic(requests_per_minute=30, live=live), live)
    assert outcome.end is End.PROMOTED
    took = record.decided_at - record.started_at
    assert abs(outcome.seconds - took) <= 2 * INTERVAL_SECONDS


def test_a_shadow_that_is_too_short_is_advised_to_bake_longer(shadow: ReleasePlan, copied: Traffic):
    """There is no share to grow, and with the bake that is named it has the time."""
    slow = replace(copied, requests_per_minute=0.2)
    plan = replace(shadow, hold_seconds=0)
    (said,) = advise(plan, slow).warnings()
    assert "; a bake of " in said
    assert "to see agreement at twice the margin (2 → 20 % differ)" in said
    (remedy,) = advise(plan, slow).remedies
    longer = replace(plan, steps=(replace(plan.steps[0], bake_seconds=remedy.bake_seconds),))
    assert advise(longer, slow).warnings() == ()


def test_how_much_a_good_candidate_differs_is_given_or_assumed(shadow: ReleasePlan):
    """A quarter of what may differ, unless it is said; the figure tells which."""
    assumed = basis_of(Given(requests_per_minute=60), observed=None, plan=shadow)
    given = basis_of(Given(requests_per_minute=60, differing=0.04), observed=None, plan=shadow)
    assert assumed is not None
    assert given is not None
    assert assumed.traffic.live.differs == pytest.approx(0.025)
    assert (given.figures[-1].text, given.figures[-1].source) == (
        "4 % without harm",
        Source.GIVEN,
    )


@pytest.mark.parametrize(("differing", "told"), [(0.10, "below the margin"), (1.5, "0 to 1")])
def test_no_candidate_is_harmless_that_differs_by_the_margin(
    shadow: ReleasePlan, differing: float, told: str
):
    """Refused, with the margin in the sentence."""
    given = Given(requests_per_minute=60, differing=differing)
    with pytest.raises(InvalidValueError, match=told):
        basis_of(given, observed=None, plan=shadow)


def test_answers_are_compared_by_shadows_only(plan: ReleasePlan):
    """A plan without pairs has no answers that could differ."""
    given = Given(requests_per_minute=60, differing=0.01)
    with pytest.raises(InvalidValueError, match="for a shadow"):
        basis_of(given, observed=None, plan=plan)

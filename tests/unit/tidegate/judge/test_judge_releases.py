"""Whole releases, simulated with fixed seeds: rarely wrong, soon right.

`bench/judge` runs such releases in greater numbers and for longer. Limits are those at which a
judge with exactly the allowed error rate would fail once in a thousand such tests.
"""

import statistics
from dataclasses import replace
from itertools import islice

import pytest
from scipy import stats

from bench.judge.margins import at_margin, called_safe
from bench.judge.product import verdicts
from bench.judge.recorded import plan_of
from bench.judge.scenarios import named
from bench.judge.simulate import simulate
from bench.judge.worlds import (
    Behaviour,
    Delay,
    Family,
    Latency,
    Scenario,
    always,
    since,
)
from tidegate.plan import Guardrail, Metric, ReleasePlan
from tidegate.verdict import VerdictKind

USUAL = Behaviour(errors=always(0.0), outcomes=always(0.15), latency=Latency(tail_share=0.0))
BOTH_STEPS = Scenario(
    name="both steps",
    family=Family.HARMLESS,
    per_minute=always(60),
    shares=((0, 0.10), (10, 0.50)),
    live=USUAL,
    candidate=USUAL,
)
CANARY = replace(BOTH_STEPS, name="canary", shares=((0, 0.10),))

LENIENT = replace(
    plan_of(BOTH_STEPS),
    guardrails=(
        Guardrail(metric=Metric.ERRORS, margin=0.03),
        Guardrail(metric=Metric.LATENCY, margin=0.20),
        Guardrail(metric=Metric.OUTCOMES, margin=0.08),
    ),
)
"""The margins of the example project."""


def plausible(wrong: int, *, of: int, chance: float) -> bool:
    """Whether so many or more happen in one of a thousand tests at exactly this chance."""
    return bool(stats.binom.sf(wrong - 1, of, chance) > 0.001)


def first(
    kinds: set[VerdictKind], scenario: Scenario, *, runs: int, looks: int, plan: ReleasePlan
) -> list[tuple[VerdictKind, int] | None]:
    """The first verdict of these kinds in each release, with the candidate requests by then."""
    recorded = simulate(scenario, runs, 1_000)
    return [
        next(
            (
                (verdict.kind, verdict.candidate_requests)
                for verdict in islice(verdicts(recorded, run, plan=plan), looks)
                if verdict.kind in kinds
            ),
            None,
        )
        for run in range(runs)
    ]


def requests_until(
    kind: VerdictKind, scenario: Scenario, *, releases: int = 20, looks: int = 80
) -> list[int]:
    """Candidate requests until the verdict, which every release must get."""
    decided = {VerdictKind.PROMOTE, VerdictKind.ROLL_BACK}
    ends = first(decided, scenario, runs=releases, looks=looks, plan=LENIENT)
    assert {None if end is None else end[0] for end in ends} == {kind}
    return sorted(end[1] for end in ends if end is not None)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("stationary", marks=pytest.mark.accept),
        "ramp and drifting rates",
        pytest.param("shared incidents", marks=pytest.mark.accept),
        pytest.param("late conversions", marks=pytest.mark.accept),
    ],
)
def test_harmless_candidate_is_rarely_rolled_back(name: str):
    """Looked at in every interval, under drift, incidents and late events, alpha holds.

    Traffic is thin, so that this is quick, and the ramp is looked at beyond its first step.
    """
    scenario, runs = replace(named(name), per_minute=always(120)), 16
    plan = plan_of(scenario)
    ends = first({VerdictKind.ROLL_BACK}, scenario, runs=runs, looks=70, plan=plan)
    wrong = sum(end is not None for end in ends)
    assert plausible(wrong, of=runs, chance=plan.alpha)


@pytest.mark.parametrize("scenario", at_margin(), ids=lambda scenario: scenario.name)
def test_harm_at_the_margin_is_rarely_called_safe(scenario: Scenario):
    """Looked at in every interval, beta holds for the metric that is harmed."""
    wrong = called_safe(scenario, runs=20, seed=2_000, looks=40)
    assert plausible(wrong, of=20, chance=plan_of(scenario).beta)


def test_safety_is_found_where_there_is_no_harm():
    """The same count is all of them once the candidate is like the live version."""
    scenario = replace(at_margin()[0], candidate=at_margin()[0].live)
    assert called_safe(scenario, runs=5, seed=1, looks=120) == 5


def test_being_safe_at_no_margin_is_no_question():
    """A harmless release is at no metric's margin."""
    with pytest.raises(ValueError, match="'both steps' is harmless"):
        called_safe(BOTH_STEPS, runs=1, seed=1)


def test_better_candidate_is_promoted_within_800_requests():
    """Half the wrong outcomes, all else equal: promoted every time, and soon."""
    better = replace(BOTH_STEPS, candidate=replace(USUAL, outcomes=always(0.07)))
    assert requests_until(VerdictKind.PROMOTE, better)[-1] <= 800


def test_candidate_with_errors_is_rolled_back_within_60_requests():
    """One error in ten against none at a tenth of the traffic."""
    bad = replace(CANARY, candidate=replace(USUAL, errors=always(0.1)))
    assert statistics.median(requests_until(VerdictKind.ROLL_BACK, bad)) <= 60


def test_slow_candidate_is_rolled_back_within_60_requests():
    """Ten times the latency at a tenth of the traffic."""
    slow = replace(CANARY, candidate=replace(USUAL, slowdown=always(10.0)))
    assert requests_until(VerdictKind.ROLL_BACK, slow)[-1] <= 60


def test_candidate_that_gets_stuck_is_rolled_back():
    """Every third request takes a thousand times as long."""
    stuck = replace(USUAL, latency=replace(USUAL.latency, slow_share=0.35, slow_factor=1_000.0))
    bad = replace(CANARY, candidate=stuck)
    assert statistics.median(requests_until(VerdictKind.ROLL_BACK, bad, releases=10)) <= 120


def test_candidate_with_more_wrong_outcomes_is_rolled_back():
    """Twice the wrong outcomes at a tenth of the traffic."""
    wrong = replace(CANARY, candidate=replace(USUAL, outcomes=always(0.3)))
    found = requests_until(VerdictKind.ROLL_BACK, wrong, releases=15, looks=120)
    assert statistics.median(found) <= 250


def test_candidate_that_turns_bad_after_half_an_hour_is_rolled_back():
    """A late start of harm is found even where promotion did not end the release before."""
    late = replace(CANARY, candidate=replace(USUAL, errors=since(30, 0.0, 0.1)), delay=Delay())
    ends = first({VerdictKind.ROLL_BACK}, late, runs=15, looks=60, plan=LENIENT)
    requests = [end[1] for end in ends if end is not None]
    assert len(requests) == len(ends)
    assert statistics.median(requests) <= 180 + 75

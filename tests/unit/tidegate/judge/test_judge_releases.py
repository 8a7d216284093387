"""Whole releases, simulated with fixed seeds: rarely wrong, soon right.

`bench/judge_validity.py` runs the same releases in greater numbers. Limits are those at which a
judge with exactly the allowed error rate would fail once in a thousand such tests.
"""

import statistics

import pytest

from bench.judge_validity import (
    PLAN,
    Scenario,
    Traffic,
    always,
    at_least,
    at_margin,
    final,
    harmless,
    proven,
    run,
)
from tidegate.plan import Metric
from tidegate.verdict import Claim, VerdictKind

CANARY = ((0, 0.1),)


def requests_until(kind: VerdictKind, scenario: Scenario, releases: int = 20) -> list[int]:
    """Candidate requests until the verdict, which every release must get."""
    ends = [final(run(scenario, seed=seed)) for seed in range(releases)]
    assert {ended for ended, _ in ends} == {kind}
    return sorted(requests for _, requests in ends)


@pytest.mark.parametrize("scenario", harmless(), ids=lambda s: s.name)
def test_harmless_candidate_is_rarely_rolled_back(scenario: Scenario):
    """Looked at in every interval, under drift, bursts and late outcomes, alpha holds."""
    wrong = sum(
        final(run(scenario, seed=1_000 + seed))[0] is VerdictKind.ROLL_BACK for seed in range(30)
    )
    assert at_least(wrong, of=30, chance=PLAN.alpha) > 0.001


@pytest.mark.parametrize(
    ("metric", "scenario"), at_margin(), ids=lambda x: x.name if isinstance(x, Scenario) else x
)
def test_harm_at_the_margin_is_rarely_called_safe(metric: Metric, scenario: Scenario):
    """Looked at in every interval, beta holds for the metric that is harmed."""
    wrong = sum(proven(run(scenario, seed=2_000 + seed), metric, Claim.SAFE) for seed in range(20))
    assert at_least(wrong, of=20, chance=PLAN.beta) > 0.001


def test_better_candidate_is_promoted_within_800_requests():
    """Half the wrong outcomes, all else equal: promoted every time, and soon."""
    better = Scenario(name="better", candidate=Traffic(outcomes=always(0.07)))
    assert requests_until(VerdictKind.PROMOTE, better)[-1] <= 800


def test_candidate_with_errors_is_rolled_back_within_60_requests():
    """One error in ten against none at a tenth of the traffic."""
    bad = Scenario(name="bad", shares=CANARY, candidate=Traffic(errors=always(0.1)))
    assert statistics.median(requests_until(VerdictKind.ROLL_BACK, bad)) <= 60


def test_slow_candidate_is_rolled_back_within_60_requests():
    """Ten times the latency at a tenth of the traffic."""
    slow = Scenario(name="slow", shares=CANARY, candidate=Traffic(milliseconds=always(40)))
    assert requests_until(VerdictKind.ROLL_BACK, slow)[-1] <= 60


def test_candidate_with_more_wrong_outcomes_is_rolled_back():
    """Twice the wrong outcomes at a tenth of the traffic."""
    wrong = Scenario(
        name="wrong", shares=CANARY, intervals=80, candidate=Traffic(outcomes=always(0.3))
    )
    assert statistics.median(requests_until(VerdictKind.ROLL_BACK, wrong, releases=15)) <= 250


def test_candidate_that_turns_bad_after_half_an_hour_is_rolled_back():
    """A late start of harm is found even where promotion did not end the release before."""
    late = Scenario(
        name="late",
        shares=CANARY,
        intervals=60,
        ends=(VerdictKind.ROLL_BACK,),
        candidate=Traffic(errors=lambda t: 0.0 if t < 30 else 0.1),
    )
    ends = [run(late, seed=seed)[-1] for seed in range(15)]
    assert all(verdict.kind is VerdictKind.ROLL_BACK for verdict in ends)
    assert statistics.median(verdict.candidate_requests for verdict in ends) <= 180 + 75

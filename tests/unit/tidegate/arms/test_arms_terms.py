"""Terms of A/B tests: what a plan may say, and what only an A/B test may."""

from dataclasses import replace
from typing import Any

import pytest

from tests.ab_world import TERMS, plan_of
from tests.samples import PLAN
from tidegate.arms.terms import ABTerms, Better, Policy, Winner
from tidegate.errors import InvalidValueError
from tidegate.observation import OutcomeKind
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.strategies import Split


def test_a_plan_reads_back_as_it_was_written():
    """Other plans say nothing of tests."""
    terms = replace(
        TERMS,
        kind=OutcomeKind.COMPLAINTS,
        better=Better.SMALLER,
        tie_margin=None,
        policy=Policy.THOMPSON,
        winner=Winner.ASK,
        shares=(50, 30, 20),
    )
    plan = plan_of(terms)
    assert ReleasePlan.from_json(plan.to_json()) == plan
    assert "ab_test" not in PLAN.to_json()
    assert plan.outcome_kind is OutcomeKind.COMPLAINTS


@pytest.mark.parametrize("challengers", range(1, 10))
def test_equal_shares_add_up(challengers: int):
    """The first arms have what is left over."""
    shares = ABTerms(challengers=challengers, horizon_requests=100).first_shares
    assert sum(shares) == 100
    assert max(shares) - min(shares) <= 1
    assert len(shares) == challengers + 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"challengers": 0}, "challengers must be 1 to 9, got 0"),
        ({"challengers": 10}, "at most 10 production variants"),
        ({"horizon_requests": 99}, "horizon_requests must be 100 to"),
        ({"reallocate_seconds": 59}, "reallocate_seconds must be 60 to"),
        ({"alpha": 0.5}, "objective alpha must be above 0 and below 0.5"),
        ({"beta": 0.0}, "objective beta must be above 0 and below 0.5"),
        ({"tie_margin": 0.0}, "tie_margin must be above 0 and below 1"),
        ({"kind": OutcomeKind.COMPLAINTS}, "set better to smaller"),
        ({"shares": (50, 50)}, "must name the control's and 2 of challengers"),
        ({"shares": (100, 0, 0)}, "without traffic cannot be compared"),
        ({"shares": (50, 30, 10)}, "which are 90"),
    ],
)
def test_a_fault_of_the_terms_is_a_fault_of_the_plan(changes: dict[str, Any], words: str):
    """With the value got and what is allowed."""
    terms = replace(TERMS, **changes)
    with pytest.raises(InvalidValueError, match=words):
        plan_of(TERMS, ab_test=terms)


def test_a_test_needs_the_router_an_objective_and_one_kind_of_outcomes():
    """All of it is told at once."""
    with pytest.raises(InvalidValueError) as refused:
        plan_of(
            split=Split.ENDPOINT,
            steps=(Step(share_percent=10, bake_seconds=60),),
            guardrails=(
                Guardrail(metric=Metric.OUTCOMES, margin=0.1, kind=OutcomeKind.CONVERSIONS),
            ),
        )
    text = "; ".join(refused.value.faults)
    for words in (
        "split must be router",
        "steps of ab-test are one",
        "guardrail outcomes has kind conversions, the objective labels",
    ):
        assert words in text
    with pytest.raises(InvalidValueError, match="needs an objective"):
        plan_of(ab_test=None)


def test_other_strategies_have_no_arms():
    """An objective there would be read by nobody."""
    with pytest.raises(InvalidValueError, match="are for strategy ab-test, got canary"):
        replace(PLAN, ab_test=TERMS)

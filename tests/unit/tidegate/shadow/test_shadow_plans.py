"""What a shadow's plan must and may not say."""

from collections.abc import Mapping
from typing import Any

import pytest

from tidegate.errors import InvalidValueError
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.shadow.pairing import Pairing
from tidegate.strategies import Mechanism, Strategy

ERRORS = Guardrail(metric=Metric.ERRORS, margin=0.02)
AGREEMENT = Guardrail(metric=Metric.AGREEMENT, margin=0.05)
SHADOW: Mapping[str, Any] = {
    "strategy": Strategy.SHADOW,
    "mechanism": Mechanism.SHADOW,
    "steps": (Step(share_percent=100, bake_seconds=600),),
    "guardrails": (ERRORS, AGREEMENT),
    "lag_seconds": 600,
    "pairing": Pairing(answer="/label", tolerance=0.1, slice="/region"),
    "then": Strategy.CANARY,
}


def test_a_shadow_plan_reads_back() -> None:
    """What is compared and what follows are part of the plan."""
    plan = ReleasePlan(**SHADOW)
    assert ReleasePlan.from_json(plan.to_json()) == plan


def test_other_plans_say_nothing_of_shadows() -> None:
    """Their records stay as they were."""
    assert {"pairing", "then"}.isdisjoint(ReleasePlan().to_json())


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"steps": (Step(share_percent=50, bake_seconds=600),)}, "every request is copied"),
        ({"lag_seconds": 30}, "lag_seconds of strategy shadow must be at least 300, got 30"),
        ({"pairing": None}, "guardrail agreement and compare belong together"),
        ({"guardrails": (ERRORS,)}, "guardrail agreement and compare belong together"),
        ({"then": Strategy.BIG_BANG}, "then must be one of canary, linear, rolling, got big-bang"),
        ({"pairing": Pairing(answer="label")}, "must be a JSON pointer, such as /label"),
        ({"pairing": Pairing(tolerance=-1)}, "tolerance of compare must be 0 or more, got -1"),
        (
            {"guardrails": (AGREEMENT, Guardrail(metric=Metric.OUTCOMES, margin=0.1))},
            "outcomes means nothing to strategy shadow",
        ),
    ],
)
def test_a_plan_that_no_shadow_can_have_is_refused(changes: dict[str, Any], fault: str) -> None:
    """Each rule says what is wrong and what is allowed."""
    with pytest.raises(InvalidValueError, match=fault):
        ReleasePlan(**{**SHADOW, **changes})


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"guardrails": (AGREEMENT,)}, "guardrail agreement needs strategy shadow, got canary"),
        ({"pairing": Pairing()}, "compare is for strategy shadow, got canary"),
        ({"then": Strategy.CANARY}, "then is for strategy shadow, got canary"),
    ],
)
def test_what_only_shadows_have_is_refused_elsewhere(changes: dict[str, Any], fault: str) -> None:
    """It would be ignored, and nobody would know."""
    with pytest.raises(InvalidValueError, match=fault):
        ReleasePlan(**changes)

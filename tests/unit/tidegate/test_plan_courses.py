"""What a strategy asks of the steps of its plan."""

import pytest

from tidegate.errors import InvalidValueError
from tidegate.plan import ReleasePlan, Step
from tidegate.strategies import Strategy


def plan_of(strategy: Strategy, *steps: tuple[int, int]) -> ReleasePlan:
    """A plan by weights with these shares and bakes."""
    made = tuple(Step(share_percent=share, bake_seconds=bake) for share, bake in steps)
    return ReleasePlan(strategy=strategy, steps=made)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (((10, 60), (50, 60)), "steps of strategy linear must be equal, got (10, 50)"),
        (((20, 60), (40, 60)), "steps of strategy linear must be equal, got (20, 40)"),
        (((33, 60), (67, 60)), "steps of strategy linear must be equal, got (33, 67)"),
        (((60, 60),), "a step of strategy linear is at most 50 percent, got 60"),
        (((50, 60), (20, 60)), "steps must rise"),
        (((40, 60), (80, 90)), "steps of strategy linear bake equally long, got [60, 90] seconds"),
        ((), "at least one step"),
    ],
)
def test_linear_steps_that_are_not_equal_are_refused(steps: tuple[tuple[int, int], ...], told: str):
    """A plan that is called linear moves the same share, and waits as long, in each step."""
    with pytest.raises(InvalidValueError) as refused:
        plan_of(Strategy.LINEAR, *steps)

    assert told in str(refused.value)


def test_a_rolling_plan_may_round_its_shares():
    """Three instances are 33, 34 and 33 percent."""
    assert len(plan_of(Strategy.ROLLING, (33, 60), (67, 60)).steps) == 2


def test_a_rolling_plan_has_equal_batches():
    """Rounding explains one point, not more."""
    with pytest.raises(InvalidValueError, match="steps of strategy rolling must be equal"):
        plan_of(Strategy.ROLLING, (25, 60), (60, 60))


def test_a_canary_may_have_any_rising_steps():
    """Only strategies with equal steps ask for them."""
    assert len(plan_of(Strategy.CANARY, (1, 60), (90, 300)).steps) == 2

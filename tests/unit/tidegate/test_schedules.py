"""Steps that follow from one number."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.plan import ReleasePlan, Step
from tidegate.schedules import (
    LEAST_PERCENT,
    MOST_PERCENT,
    batch_size,
    linear_steps,
    rolling_steps,
)
from tidegate.strategies import Mechanism, Strategy

PERCENTS = st.integers(LEAST_PERCENT, MOST_PERCENT)


def shares(steps: tuple[Step, ...]) -> list[int]:
    """The shares of steps."""
    return [step.share_percent for step in steps]


def test_linear_steps_are_equal_and_end_before_everything():
    """The shift to 100 percent is the promotion, and no step."""
    assert shares(linear_steps(step_percent=20, bake_seconds=60)) == [20, 40, 60, 80]
    assert shares(linear_steps(step_percent=30, bake_seconds=60)) == [30, 60, 90]
    assert shares(linear_steps(step_percent=50, bake_seconds=60)) == [50]


def test_a_rolling_step_is_the_share_of_a_batch_of_instances():
    """Of four instances, 25 percent are one and 50 percent two; of ten, 25 percent are two."""
    assert shares(rolling_steps(instances=4, batch_percent=25, bake_seconds=60)) == [25, 50, 75]
    assert shares(rolling_steps(instances=4, batch_percent=50, bake_seconds=60)) == [50]
    assert shares(rolling_steps(instances=10, batch_percent=25, bake_seconds=60)) == [
        20,
        40,
        60,
        80,
    ]


def test_a_batch_is_whole_instances_and_at_least_one():
    """Half of three is one, and so are five percent of four."""
    assert batch_size(instances=3, batch_percent=50) == 1
    assert batch_size(instances=4, batch_percent=5) == 1


@given(percent=PERCENTS, bake=st.integers(0, 86_400))
def test_every_linear_schedule_is_a_legal_plan(percent: int, bake: int):
    """Whatever the project file may say is a plan that can be released."""
    steps = linear_steps(step_percent=percent, bake_seconds=bake)

    plan = ReleasePlan(strategy=Strategy.LINEAR, mechanism=Mechanism.WEIGHTS, steps=steps)

    assert plan.steps == steps


@given(instances=st.integers(2, 100), percent=PERCENTS)
def test_every_rolling_schedule_is_a_legal_plan(instances: int, percent: int):
    """Whole percents of any number of instances rise, in equal steps up to rounding."""
    steps = rolling_steps(instances=instances, batch_percent=percent, bake_seconds=60)

    plan = ReleasePlan(strategy=Strategy.ROLLING, mechanism=Mechanism.WEIGHTS, steps=steps)

    assert plan.steps == steps

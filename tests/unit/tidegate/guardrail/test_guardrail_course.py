"""What SageMaker's guardrails ask of a plan."""

from typing import Any

import pytest

from tests.unit.tidegate.guardrail.guardrail_world import PLAN
from tidegate.errors import InvalidValueError
from tidegate.guardrail.course import batch_instances, shifts
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.schedules import linear_steps, rolling_steps
from tidegate.strategies import Mechanism, Strategy


def plan(strategy: Strategy, *steps: tuple[int, int], **changes: Any) -> ReleasePlan:
    """A plan by guardrail."""
    made = tuple(Step(share_percent=share, bake_seconds=bake) for share, bake in steps)
    fields = {"strategy": strategy, "mechanism": Mechanism.GUARDRAIL, "steps": made}
    return ReleasePlan(**{**fields, **changes})


@pytest.mark.parametrize(
    ("strategy", "steps", "words"),
    [
        (Strategy.CANARY, [(10, 60), (50, 60)], "one of at most 50 percent"),
        (Strategy.CANARY, [(60, 60)], "one of at most 50 percent"),
        (Strategy.CANARY, [(10, 3_601)], "WaitIntervalInSeconds"),
        (Strategy.BIG_BANG, [(50, 60)], "one step of 100 percent"),
        (Strategy.BIG_BANG, [(100, 3_601)], "0 to 3600"),
        (Strategy.LINEAR, [(5 * n, 60) for n in range(1, 20)], "LinearStepSize"),
        (Strategy.LINEAR, [(10 * n, 3_000) for n in range(1, 10)], "ends an update after"),
    ],
)
def test_what_sagemaker_refuses_is_refused_at_synth(
    strategy: Strategy, steps: list[tuple[int, int]], words: str
):
    """Each with the limit and what to do."""
    with pytest.raises(InvalidValueError, match=words):
        plan(strategy, *steps)


@pytest.mark.parametrize(
    "made",
    [
        PLAN,
        plan(Strategy.BIG_BANG, (100, 600)),
        plan(Strategy.BIG_BANG, (100, 0)),
        plan(Strategy.CANARY, (50, 3_600)),
        ReleasePlan(
            strategy=Strategy.LINEAR,
            mechanism=Mechanism.GUARDRAIL,
            steps=linear_steps(step_percent=10, bake_seconds=600),
        ),
        ReleasePlan(
            strategy=Strategy.ROLLING,
            mechanism=Mechanism.GUARDRAIL,
            steps=rolling_steps(instances=4, batch_percent=25, bake_seconds=600),
        ),
    ],
)
def test_what_sagemaker_takes_survives_json(made: ReleasePlan):
    """The guard reads the plan from the template."""
    assert ReleasePlan.from_json(made.to_json()) == made


def test_outcomes_cannot_be_watched():
    """Nothing says which fleet a prediction came from."""
    outcomes = (Guardrail(metric=Metric.OUTCOMES, margin=0.1),)
    with pytest.raises(InvalidValueError, match="no container of this project says which version"):
        plan(Strategy.BIG_BANG, (100, 600), guardrails=outcomes)


def test_every_strategy_waits_after_its_last_shift():
    """Big bang has one shift, the others one more than they have steps."""
    assert shifts(Strategy.BIG_BANG, [100]) == 1
    assert shifts(Strategy.CANARY, [10]) == 2
    assert shifts(Strategy.LINEAR, [25, 50, 75]) == 4


@pytest.mark.parametrize("instances", range(2, 60))
def test_a_batch_is_found_again_in_its_share(instances: int):
    """Whole percents lose nothing, for as many instances as rolling by percents makes sense."""
    for batch in range(1, instances // 2 + 1):
        share = round(100 * batch / instances)
        assert batch_instances(share, instances=instances) == batch

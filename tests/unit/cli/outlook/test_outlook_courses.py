"""The course of traffic by every strategy, and what cannot be."""

from dataclasses import replace

import pytest

from cli.outlook.course import Course, Refused, other_courses, planned_course
from tests.samples import PLAN
from tidegate.fleet import Fleet
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.schedules import linear_steps
from tidegate.strategies import LEGAL, Mechanism, Strategy

FOUR = Fleet(instance_type="ml.m5.large", instances=4, start_seconds=300)
ONE = replace(FOUR, instances=1)
LINEAR = replace(
    PLAN, strategy=Strategy.LINEAR, steps=linear_steps(step_percent=25, bake_seconds=120)
)
Key = tuple[Strategy, Mechanism]


def others(plan: ReleasePlan, fleet: Fleet) -> dict[Key, Course | Refused]:
    """Everything but the plan, by combination."""
    return {(item.strategy, item.mechanism): item for item in other_courses(plan, fleet)}


def shares(plan: ReleasePlan, key: Key, fleet: Fleet = FOUR) -> list[int]:
    """The shares of another combination."""
    course = others(plan, fleet)[key]
    assert isinstance(course, Course), course
    return [stage.share_percent for stage in course.stages]


def why(plan: ReleasePlan, key: Key, fleet: Fleet = FOUR) -> str:
    """Why another combination cannot be."""
    refused = others(plan, fleet)[key]
    assert isinstance(refused, Refused), refused
    return refused.why


def test_every_legal_combination_is_there_once():
    """The plan's own and the others together are the table of legal ones."""
    every = {(s, m) for s, combination in LEGAL.items() for m in combination.mechanisms}

    found = others(PLAN, FOUR)

    assert found.keys() | {(PLAN.strategy, PLAN.mechanism)} == every
    assert (PLAN.strategy, PLAN.mechanism) not in found


def test_the_plan_is_taken_as_it_is():
    """Shares, bakes and patience are the plan's; the promotion ends it."""
    stages = planned_course(PLAN).stages

    assert [(s.share_percent, s.bake_seconds, s.hold_seconds) for s in stages] == [
        (10, 120, 600),
        (50, 120, 600),
    ]


def test_another_mechanism_moves_the_same_shares():
    """A linear plan of four steps has them by DNS too, and one more stage by SageMaker."""
    assert shares(LINEAR, (Strategy.LINEAR, Mechanism.DNS)) == [25, 50, 75]
    assert shares(LINEAR, (Strategy.LINEAR, Mechanism.GUARDRAIL)) == [25, 50, 75, 100]


def test_sagemakers_canary_has_one_step_of_whole_instances():
    """Ten percent of four instances are one, a quarter of the traffic."""
    assert shares(PLAN, (Strategy.CANARY, Mechanism.GUARDRAIL)) == [25, 100]
    two = replace(FOUR, instances=2)
    assert shares(PLAN, (Strategy.CANARY, Mechanism.GUARDRAIL), two) == [50, 100]


def test_guardrails_never_hold():
    """SageMaker waits as long as it was told and goes on."""
    course = others(PLAN, FOUR)[Strategy.ROLLING, Mechanism.GUARDRAIL]

    assert isinstance(course, Course)
    assert {stage.hold_seconds for stage in course.stages} == {0}


def test_a_shadow_gets_no_user():
    """It is watched for as long as the plan watches."""
    course = others(PLAN, FOUR)[Strategy.SHADOW, Mechanism.SHADOW]

    assert isinstance(course, Course)
    assert [(s.share_percent, s.bake_seconds) for s in course.stages] == [(0, 240)]


def test_one_instance_has_no_half():
    """What the endpoint cannot have is told with its rule, without what to use instead."""
    told = why(PLAN, (Strategy.ROLLING, Mechanism.WEIGHTS), ONE)

    assert told.startswith("strategy rolling by weights needs at least 2 instances")
    assert "; use" not in told


@pytest.mark.parametrize(
    ("bake_seconds", "told"),
    [(3_601, "at most 3600 (WaitIntervalInSeconds), got 3601"), (3_600, "together, at most 25200")],
)
def test_sagemaker_waits_only_so_long(bake_seconds: int, told: str):
    """A bake, and all of them together, have limits there; ours have not."""
    steps = tuple(Step(share_percent=s, bake_seconds=bake_seconds) for s in range(10, 100, 10))
    long = replace(LINEAR, steps=steps)

    assert told in why(long, (Strategy.LINEAR, Mechanism.GUARDRAIL))
    assert len(shares(long, (Strategy.LINEAR, Mechanism.DNS))) == 9


def test_outcomes_are_not_watched_by_guardrail():
    """A plan with a guardrail that its alarm could not be fed with is refused there, not here."""
    outcomes = replace(PLAN, guardrails=(Guardrail(metric=Metric.OUTCOMES, margin=0.1),))

    assert "guardrail outcomes cannot be watched" in why(
        outcomes, (Strategy.BIG_BANG, Mechanism.GUARDRAIL)
    )
    assert shares(outcomes, (Strategy.BIG_BANG, Mechanism.DNS)) == [100]

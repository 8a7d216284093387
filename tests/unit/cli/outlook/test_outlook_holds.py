"""What is told of a plan is what the release machine then does."""

from dataclasses import replace

import pytest

from cli.outlook.course import planned_course
from cli.outlook.figures import outlook_of
from cli.plans import Agreed
from tests.release_world import ReleaseWorld, Traffic
from tests.samples import PLAN
from tidegate.decide import Next
from tidegate.fleet import Fleet
from tidegate.loop.task import TaskOutput
from tidegate.plan import ReleasePlan
from tidegate.release import Phase
from tidegate.schedules import linear_steps, rolling_steps
from tidegate.strategies import Strategy

FLEET = Fleet(instance_type="ml.m5.large", instances=3, start_seconds=300)
LINEAR = replace(
    PLAN, strategy=Strategy.LINEAR, steps=linear_steps(step_percent=25, bake_seconds=180)
)
ROLLING = replace(
    PLAN,
    strategy=Strategy.ROLLING,
    steps=rolling_steps(instances=3, batch_percent=40, bake_seconds=300),
)
PLANS = [
    pytest.param(PLAN, id="canary"),
    pytest.param(LINEAR, id="linear"),
    pytest.param(ROLLING, id="rolling"),
]
PER_SECOND = 20


def released(plan: ReleasePlan, traffic: Traffic) -> tuple[ReleaseWorld, list[float]]:
    """A release by the plan, and the shares that the candidate had, each as long as it stayed."""
    shares: list[float] = []

    def look(world: ReleaseWorld, _: TaskOutput) -> None:
        share = round(world.shares()["green"])
        if share not in shares[-1:]:
            shares.append(share)

    world = ReleaseWorld.deployed(plan=plan, traffic=traffic, on_task=look)
    assert world.run() is Next.REPORT
    return world, shares


@pytest.mark.parametrize("plan", PLANS)
def test_a_good_version_takes_what_the_plan_says(plan: ReleasePlan):
    """Every share is served in turn, within the span, and to as many users as was told."""
    outlook = outlook_of(
        planned_course(plan),
        Agreed(model="flights", region="eu-west-1", plan=plan, fleet=FLEET, price=None),
    )

    world, shares = released(plan, Traffic(requests_per_second=PER_SECOND))

    record = world.record()
    assert record.phase is Phase.PROMOTED
    assert record.decided_at is not None
    assert shares == [0, *(step.share_percent for step in plan.steps), 100]
    minutes = (record.decided_at - record.started_at) / 60
    assert outlook.minutes.least <= minutes <= outlook.minutes.most
    served = sum(
        o.requests for o in world.counters.read(record.release_id) if o.key.slot == "green"
    )
    assert record.finished_at is not None
    after = record.finished_at - record.decided_at
    exposed = served / PER_SECOND / 60
    assert outlook.exposed_minutes.least * 0.98 <= exposed
    assert exposed <= outlook.exposed_minutes.most + after / 60


@pytest.mark.parametrize("plan", PLANS)
def test_a_bad_version_goes_back_from_its_first_share(plan: ReleasePlan):
    """Nobody meets a larger share of a version that fails every fifth request."""
    traffic = Traffic(requests_per_second=PER_SECOND, error_shares={"green": 0.2})

    world, shares = released(plan, traffic)

    assert world.record().phase is Phase.ROLLED_BACK
    assert shares == [0, plan.steps[0].share_percent, 0]

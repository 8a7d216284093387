"""Time, exposure and cost, by hand and by property."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.outlook.comparison import compare
from cli.outlook.course import planned_course
from cli.outlook.figures import Outlook, outlook_of
from cli.plans import Agreed, Price
from tests.ab_world import TERMS, plan_of
from tests.samples import PLAN
from tidegate.fleet import Fleet, Hosting
from tidegate.schedules import LEAST_PERCENT, MOST_PERCENT, linear_steps, rolling_steps
from tidegate.strategies import Mechanism, Strategy

FLEET = Fleet(instance_type="ml.m5.large", instances=4, start_seconds=300)
PRICE = Price(usd_per_hour=0.25, date="2026-01-01", source="a test")
AGREED = Agreed(model="flights", region="eu-west-1", plan=PLAN, fleet=FLEET, price=PRICE)
"""10 and 50 percent of two minutes each, hold 10 minutes, warm-up 20 s."""


def found(strategy: Strategy, mechanism: Mechanism, agreed: Agreed = AGREED) -> Outlook:
    """The outlook of a combination."""
    for outlook in compare(agreed).outlooks:
        if (outlook.course.strategy, outlook.course.mechanism) == (strategy, mechanism):
            return outlook
    raise AssertionError((strategy, mechanism))


def test_a_plan_takes_its_bakes_and_at_most_its_holds():
    """20 s of warm-up, twice 5 s of announcing, 4 minutes; then twice 10 and a look's minute."""
    minutes = outlook_of(planned_course(PLAN), AGREED).minutes

    assert minutes.least == pytest.approx(4.5)
    assert minutes.most == pytest.approx(4.5 + 2 * 11)


def test_exposure_is_share_times_time():
    """A tenth of 2 minutes and 20 s of warm-up, and a half of 2 minutes."""
    outlook = outlook_of(planned_course(PLAN), AGREED)

    assert outlook.exposed_minutes.least == pytest.approx(0.1 * (2 + 1 / 3) + 0.5 * 2)
    assert outlook.exposed_minutes.most == pytest.approx(0.1 * (12 + 1 / 3) + 0.5 * 12)
    assert outlook.most_exposed_percent == 50


def test_one_group_has_a_batch_more_while_it_is_released():
    """Each step waits for new instances, and nothing stands between releases."""
    fleet = replace(FLEET, hosting=Hosting.FLEET)
    steps = rolling_steps(instances=4, batch_percent=25, bake_seconds=120)
    plan = replace(PLAN, strategy=Strategy.ROLLING, steps=steps)
    outlook = outlook_of(planned_course(plan), replace(AGREED, fleet=fleet, plan=plan))

    assert (outlook.extra_instances, outlook.standing_instances) == (1, 0)
    slots = outlook_of(planned_course(plan), replace(AGREED, plan=plan))
    assert outlook.minutes.least == slots.minutes.least
    assert outlook.minutes.most == pytest.approx(slots.minutes.most + 3 * 5)


def test_weights_keep_a_second_fleet_between_releases_too():
    """Four instances beside four: for the release, and 730 hours a month."""
    outlook = outlook_of(planned_course(PLAN), AGREED)

    assert (outlook.extra_instances, outlook.standing_instances) == (4, 4)
    assert outlook.instance_hours.least == pytest.approx(4 * 4.5 / 60)
    assert outlook.usd is not None
    assert outlook.usd.least == pytest.approx(0.25 * 4 * 4.5 / 60)
    assert outlook.usd_standing_month == 4 * 730 * 0.25


def test_a_fleet_of_sagemakers_is_there_for_the_update():
    """Two bakes of two minutes at least; at most it waits for the fleet to start."""
    canary = found(Strategy.CANARY, Mechanism.GUARDRAIL)

    assert (canary.extra_instances, canary.standing_instances) == (4, 0)
    assert canary.usd_standing_month == 0
    assert (canary.minutes.least, canary.minutes.most) == (4, 9)


def test_a_rolling_update_needs_a_batch_only():
    """One instance of four; each of four batches may take its time to start."""
    rolling = found(Strategy.ROLLING, Mechanism.GUARDRAIL)

    assert rolling.extra_instances == 1
    assert (rolling.minutes.least, rolling.minutes.most) == (8, 28)


def test_an_unknown_price_makes_no_dollars():
    """Instances are counted all the same."""
    outlook = outlook_of(planned_course(PLAN), replace(AGREED, price=None))

    assert outlook.usd is None
    assert outlook.usd_standing_month is None
    assert outlook.instance_hours.least > 0


def test_the_way_back_says_what_is_waited_for():
    """Weights wait for nothing; others for alarm, cache or the start of instances."""
    waits = {
        outlook.course.mechanism: outlook.way_back.wait_seconds
        for outlook in compare(AGREED).outlooks
        if outlook.course.strategy in {Strategy.CANARY, Strategy.SHADOW}
    }

    assert waits == {
        Mechanism.WEIGHTS: 0,
        Mechanism.GUARDRAIL: 60,
        Mechanism.DNS: 60,
        Mechanism.SHADOW: 0,
    }
    assert found(Strategy.ROLLING, Mechanism.GUARDRAIL).way_back.wait_seconds == 360


def test_evidence_is_told_for_what_it_is():
    """Only what serves beside another version can be compared with it."""
    assert found(Strategy.BIG_BANG, Mechanism.GUARDRAIL).evidence == "absolute"
    assert found(Strategy.BIG_BANG, Mechanism.DNS).evidence == "absolute"
    assert found(Strategy.LINEAR, Mechanism.GUARDRAIL).evidence == (
        "concurrent to 75 %, then absolute"
    )
    assert found(Strategy.LINEAR, Mechanism.DNS).evidence == "concurrent, by resolver"
    assert found(Strategy.SHADOW, Mechanism.SHADOW).evidence == "paired, no outcomes"
    assert found(Strategy.CANARY, Mechanism.WEIGHTS).evidence == "concurrent, by request"


@given(
    percent=st.integers(LEAST_PERCENT, MOST_PERCENT),
    bake=st.integers(0, 86_400),
    hold=st.integers(0, 86_400),
    instances=st.integers(1, 20),
)
def test_figures_hold_together(percent: int, bake: int, hold: int, instances: int):
    """Least is no more than most, nobody is exposed for longer than it takes, hours follow."""
    steps = linear_steps(step_percent=percent, bake_seconds=bake)
    plan = replace(PLAN, strategy=Strategy.LINEAR, steps=steps, hold_seconds=hold)
    fleet = replace(FLEET, instances=instances)

    comparison = compare(replace(AGREED, plan=plan, fleet=fleet))

    for outlook in comparison.outlooks:
        assert outlook.minutes.least <= outlook.minutes.most
        assert outlook.exposed_minutes.least <= outlook.minutes.least + 1e-9
        assert outlook.exposed_minutes.most <= outlook.minutes.most + 1e-9
        assert outlook.standing_instances in {0, outlook.extra_instances}
        assert outlook.instance_hours.most == pytest.approx(
            outlook.extra_instances * outlook.minutes.most / 60
        )


def test_every_challenger_of_a_test_has_instances_of_its_own():
    """Two of them stand beside the live version; their share together is what users meet."""
    agreed = replace(AGREED, plan=plan_of(replace(TERMS, shares=(40, 30, 30))))
    outlook = outlook_of(planned_course(agreed.plan), agreed)

    assert (outlook.extra_instances, outlook.standing_instances) == (8, 8)
    assert outlook.most_exposed_percent == 60
    assert outlook.evidence == "concurrent, by user"
    other = found(Strategy.AB_TEST, Mechanism.WEIGHTS)
    assert (other.extra_instances, other.most_exposed_percent) == (4, 50)

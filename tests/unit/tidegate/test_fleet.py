"""What an endpoint's fleet rules out."""

import pytest

from tidegate.fleet import Fleet, Hosting, fleet_faults, legal_for
from tidegate.strategies import IMPLEMENTED, LEGAL, Mechanism, Strategy

HALVED = [
    (Strategy.CANARY, Mechanism.GUARDRAIL),
    (Strategy.LINEAR, Mechanism.GUARDRAIL),
    (Strategy.ROLLING, Mechanism.GUARDRAIL),
    (Strategy.ROLLING, Mechanism.WEIGHTS),
]


def fleet(instances: int = 4, instance_type: str = "ml.m5.large") -> Fleet:
    """A fleet of so many instances."""
    return Fleet(instance_type=instance_type, instances=instances, start_seconds=300)


def test_a_fleet_of_several_instances_may_have_every_legal_combination():
    """The table of combinations is all that counts then."""
    every = [(s, m) for s, combination in LEGAL.items() for m in combination.mechanisms]

    assert list(legal_for(fleet())) == every


@pytest.mark.parametrize(("strategy", "mechanism"), HALVED)
def test_one_instance_cannot_be_halved(strategy: Strategy, mechanism: Mechanism):
    """The fault has the rule, the value and what is legal instead."""
    (fault,) = fleet_faults(strategy, mechanism, fleet(instances=1))

    assert "needs at least 2 instances, instances.min is 1" in fault
    assert "half" in fault
    offered = fault.split("; use ")[1].split(", ")
    legal = [f"{s} by {m}" for s, m in legal_for(fleet(instances=1)) if (s, m) in IMPLEMENTED]
    assert "canary by weights" in legal
    assert offered == legal
    assert fleet_faults(strategy, mechanism, fleet(instances=2)) == ()


def test_two_slots_of_one_instance_may_have_a_canary_by_weights():
    """Weights are a share of requests, not of instances."""
    assert fleet_faults(Strategy.CANARY, Mechanism.WEIGHTS, fleet(instances=1)) == ()


def test_inf1_is_updated_all_at_once():
    """SageMaker would do something else than the plan says, so the plan is refused."""
    inf1 = fleet(instance_type="ml.inf1.xlarge")

    (fault,) = fleet_faults(Strategy.LINEAR, Mechanism.GUARDRAIL, inf1)

    assert "SageMaker updates Inf1 endpoints all at once" in fault
    assert fleet_faults(Strategy.BIG_BANG, Mechanism.GUARDRAIL, inf1) == ()
    assert fleet_faults(Strategy.LINEAR, Mechanism.WEIGHTS, inf1) == ()


def test_instances_of_ones_own_may_be_replaced_where_there_are_two():
    """In one group: a batch is at most half of them."""

    def on_ec2(count: int) -> Fleet:
        return Fleet(
            instance_type="m5.large", instances=count, start_seconds=300, hosting=Hosting.FLEET
        )

    assert set(legal_for(on_ec2(2))) == {
        (Strategy.LINEAR, Mechanism.WEIGHTS),
        (Strategy.CANARY, Mechanism.WEIGHTS),
        (Strategy.ROLLING, Mechanism.WEIGHTS),
    }
    (fault,) = fleet_faults(Strategy.ROLLING, Mechanism.WEIGHTS, on_ec2(1))
    assert "needs at least 2 instances" in fault


def test_serverless_may_be_switched_or_stepped_between_tracks():
    """One variant without instances leaves a big bang, and DNS."""
    serverless = Fleet(
        instance_type="",
        instances=0,
        start_seconds=300,
        hosting=Hosting.SERVERLESS,
        memory_mb=2048,
        provisioned=1,
    )

    assert set(legal_for(serverless)) == {
        (Strategy.BIG_BANG, Mechanism.GUARDRAIL),
        (Strategy.BIG_BANG, Mechanism.DNS),
        (Strategy.LINEAR, Mechanism.DNS),
        (Strategy.CANARY, Mechanism.DNS),
    }
    (fault,) = fleet_faults(Strategy.AB_TEST, Mechanism.WEIGHTS, serverless)
    assert "a serverless endpoint has one variant; use big-bang by guardrail" in fault
    assert serverless.named == "serverless, 2048 MB, 1 provisioned"
    assert Fleet.from_json(serverless.to_json()) == serverless

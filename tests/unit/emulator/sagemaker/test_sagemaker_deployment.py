"""A DeploymentConfig as steps."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.deployment import ALL_AT_ONCE, ShiftStep, plan_of
from emulator.sagemaker.errors import SageMakerError


def _routing(kind: Any, **more: Any) -> Any:
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": 60, **more},
            "TerminationWaitInSeconds": 30,
        }
    }


def _size(kind: Any, value: Any) -> Any:
    return {"Type": kind, "Value": value}


def test_no_config_is_all_at_once():
    """Without a DeploymentConfig all traffic moves at once and nothing bakes."""
    assert plan_of(None, [1]) is ALL_AT_ONCE


def test_all_at_once_bakes_after_the_shift():
    """ALL_AT_ONCE is one step to everything with the wait interval as bake."""
    plan = plan_of(_routing("ALL_AT_ONCE"), [1])
    assert plan.steps == (ShiftStep(share=1.0, bake_seconds=60.0),)
    assert plan.termination_wait_seconds == 30.0


def test_canary_has_two_steps():
    """CANARY goes to its size and then to everything."""
    plan = plan_of(_routing("CANARY", CanarySize=_size("CAPACITY_PERCENT", 10)), [2])
    assert [step.share for step in plan.steps] == [0.1, 1.0]


def test_instance_count_is_a_share_of_the_variant():
    """A size in instances is read as their share of the variant."""
    plan = plan_of(_routing("CANARY", CanarySize=_size("INSTANCE_COUNT", 1)), [4])
    assert plan.steps[0].share == 0.25


@given(percent=st.integers(10, 50))
def test_linear_rises_to_everything(percent: Any):
    """LINEAR rises by its step, never falls, and ends at everything."""
    step = _size("CAPACITY_PERCENT", percent)
    shares = [s.share for s in plan_of(_routing("LINEAR", LinearStepSize=step), [4]).steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) == -(-100 // percent)


@pytest.mark.parametrize(
    ("kind", "member", "value"),
    [
        ("CANARY", "CanarySize", 51),
        ("LINEAR", "LinearStepSize", 9),
        ("LINEAR", "LinearStepSize", 60),
    ],
)
def test_sizes_outside_the_limits_are_refused(kind: Any, member: Any, value: Any):
    """A canary over half, or a linear step outside 10 to 50 percent, is a ValidationException."""
    with pytest.raises(SageMakerError, match=member):
        plan_of(_routing(kind, **{member: _size("CAPACITY_PERCENT", value)}), [4])


def test_one_instance_cannot_canary():
    """One instance of one is all of it: more than the half that is allowed."""
    with pytest.raises(SageMakerError, match="CanarySize"):
        plan_of(_routing("CANARY", CanarySize=_size("INSTANCE_COUNT", 1)), [1])


def test_missing_size_is_refused():
    """CANARY without its size is a ValidationException."""
    with pytest.raises(SageMakerError, match="CanarySize is required"):
        plan_of(_routing("CANARY"), [4])


def _rolling(value: Any, kind: Any = "CAPACITY_PERCENT", **more: Any) -> Any:
    size = {"MaximumBatchSize": _size(kind, value), "WaitIntervalInSeconds": 60}
    return {"RollingUpdatePolicy": size | more}


@pytest.mark.parametrize(
    ("size", "count", "batches"),
    [
        (_rolling(50), 2, [1, 2]),
        (_rolling(50), 3, [1, 2, 3]),
        (_rolling(1, "INSTANCE_COUNT"), 4, [1, 2, 3, 4]),
        (_rolling(30), 10, [3, 6, 9, 10]),
        (_rolling(5), 3, [1, 2, 3]),
    ],
)
def test_rolling_goes_by_whole_instances(size: Any, count: int, batches: list[int]):
    """The new fleet grows by batches, its share of the traffic is its share of the instances."""
    plan = plan_of(size, [count])
    assert [step.instances for step in plan.steps] == batches
    assert [step.share for step in plan.steps] == [n / count for n in batches]
    assert plan.rolls
    assert plan.rollback_batch == count


def test_rolling_back_may_go_by_batches_too():
    """RollbackMaximumBatchSize limits what is given back at once."""
    plan = plan_of(_rolling(50, RollbackMaximumBatchSize=_size("CAPACITY_PERCENT", 25)), [8])
    assert plan.rollback_batch == 2


@pytest.mark.parametrize(
    ("size", "counts", "words"),
    [
        (_rolling(51), [4], "5% to 50%"),
        (_rolling(4), [4], "5% to 50%"),
        (_rolling(1, "INSTANCE_COUNT"), [1], "5% to 50%"),
        (_rolling(50), [1], "5% to 50%"),
        (_rolling(50), [2, 2], "one production variant"),
    ],
)
def test_rolling_outside_its_limits_is_refused(size: Any, counts: list[int], words: str):
    """Batches are 5 to 50 percent of the instances of a single variant."""
    with pytest.raises(SageMakerError, match=words):
        plan_of(size, counts)


def test_both_policies_are_refused():
    """Blue/green and rolling exclude each other."""
    rolling = {"MaximumBatchSize": _size("CAPACITY_PERCENT", 50), "WaitIntervalInSeconds": 0}
    with pytest.raises(SageMakerError, match="Only one of"):
        plan_of(_routing("ALL_AT_ONCE") | {"RollingUpdatePolicy": rolling}, [4])


def test_alarms_are_taken_over():
    """The alarms of AutoRollbackConfiguration belong to the plan."""
    config = _routing("ALL_AT_ONCE") | {
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}, {"AlarmName": "b"}]}
    }
    assert plan_of(config, [1]).alarms == ("a", "b")


def test_waits_must_fit_into_the_timeout():
    """A maximum execution time that the waits alone would use up is refused."""
    config = _routing("ALL_AT_ONCE")
    config["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] = 90
    with pytest.raises(SageMakerError, match="larger than all waits together"):
        plan_of(config, [1])
    config["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] = 91
    assert plan_of(config, [1]).steps[0].bake_seconds == 60.0

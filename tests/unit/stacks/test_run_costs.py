"""What a run of training costs at most, and where the price is from."""

from dataclasses import replace
from pathlib import Path

import pytest

from stacks.project.training_shape import Approval
from stacks.project.training_spec import ScriptsSpec, TrainingSpec
from stacks.run_costs import training_cost

TRAINING = TrainingSpec(
    code=Path("code"),
    code_digest="d",
    data=None,
    scripts=ScriptsSpec(process="p.py", train="t.py", evaluate="e.py"),
    hyperparameters={},
    requirements=(),
    instance_type="ml.m5.large",
    volume_gb=30,
    timeout_seconds=1800,
    schedule=None,
    approval=Approval.MANUALLY,
    keep_days=30,
)


def test_three_jobs_may_each_take_their_limit():
    """One instance each, at the price of the region, which is dated and has a source."""
    cost = training_cost("m", TRAINING, region="eu-west-1")
    assert cost.usd_at_most == pytest.approx(3 * 0.5 * 0.128)
    assert "as of 2023-12-31" in cost.said
    assert cost.to_json()["jobs"] == 3


def test_a_price_that_is_not_known_is_no_number():
    """Neither 0 nor a guess."""
    cost = training_cost(
        "m", replace(TRAINING, instance_type="ml.p4d.24xlarge"), region="us-east-1"
    )
    assert cost.to_json()["usd_at_most"] is None
    assert "is not known" in cost.said

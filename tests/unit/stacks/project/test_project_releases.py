"""Strategies of a project file: which steps they make, and what they refuse."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.plans import release_plans
from tests.unit.stacks.project.conftest import GOOD
from tidegate.plan import ReleasePlan


def with_release(*lines: str, instances: str = "{ min: 4 }") -> str:
    """The good file with these lines of a release section."""
    keys = "".join(f"      {line}\n" for line in lines)
    text = GOOD.replace("{ min: 1, max: 2 }", instances)
    head, tail = text.split("      strategy: canary\n")
    return head + keys + tail[tail.index("      guardrails:") :]


@pytest.fixture
def plan(folder: Path) -> Callable[..., ReleasePlan]:
    """The plan that lines of a release section make."""

    def read(*lines: str, instances: str = "{ min: 4 }") -> ReleasePlan:
        (folder / "tidegate.yaml").write_text(with_release(*lines, instances=instances))
        return release_plans(folder / "tidegate.yaml")["fraud"]

    return read


def steps(plan: ReleasePlan) -> list[tuple[int, int]]:
    """Shares and bakes."""
    return [(step.share_percent, step.bake_seconds) for step in plan.steps]


def test_linear_is_by_weights_in_five_shifts(plan: Callable[..., ReleasePlan]):
    """Nothing but the strategy has to be said."""
    linear = plan("strategy: linear")

    assert steps(linear) == [(20, 600), (40, 600), (60, 600), (80, 600)]
    assert linear.mechanism == "weights"


def test_linear_steps_are_what_the_file_says(plan: Callable[..., ReleasePlan]):
    """One share and one bake make all the steps."""
    assert steps(plan("strategy: linear", "step_percent: 50", "bake: 1h")) == [(50, 3_600)]


def test_rolling_steps_follow_the_instances(plan: Callable[..., ReleasePlan]):
    """Four instances roll one by one, ten in batches of two."""
    lines = ("strategy: rolling", "mechanism: weights", "bake: 5m")

    assert steps(plan(*lines)) == [(25, 300), (50, 300), (75, 300)]
    assert [share for share, _ in steps(plan(*lines, instances="{ min: 10 }"))] == [20, 40, 60, 80]


def test_rolling_needs_two_instances(plan: Callable[..., ReleasePlan]):
    """The fault is at the strategy, with the rule and what is legal instead; it comes alone."""
    with pytest.raises(ProjectFaultsError) as refused:
        plan("strategy: rolling", "mechanism: weights", instances="{ min: 1, max: 8 }")

    (told,) = str(refused.value).splitlines()
    assert told.startswith(
        "tidegate.yaml:15: strategy rolling by weights needs at least 2 instances, instances.min "
        "is 1: a batch is at most half of a slot's instances; use "
    )
    assert "canary by weights" in told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("strategy: linear", "batch_percent: 20"), "batch_percent means nothing to strategy lin"),
        (("strategy: canary", "step_percent: 20"), "step_percent means nothing to strategy canary"),
        (("strategy: canary", "bake: 5m"), "bake means nothing to strategy canary: drop it, use s"),
        (
            ("strategy: linear", "steps: [{ share_percent: 5, bake: 5m }]"),
            "steps means nothing to strategy linear: drop it, use step_percent and bake",
        ),
        (("strategy: linear", "step_percent: 60"), "step_percent is 60, must be at most 50"),
        (("strategy: linear", "step_percent: 1"), "step_percent is 1, must be at least 5"),
        (("strategy: linear", "bake: 31d"), "bake (in seconds) must be 0 to 2592000, got 2678400"),
        (("strategy: linear", "mechanism: shadow"), "strategy linear cannot be done by shadow"),
    ],
)
def test_keys_that_mean_nothing_or_too_much_are_faults(
    plan: Callable[..., ReleasePlan], lines: tuple[str, ...], told: str
):
    """Nothing is ignored: a key of another strategy is a fault at its line."""
    with pytest.raises(ProjectFaultsError) as refused:
        plan(*lines)

    assert told in str(refused.value)

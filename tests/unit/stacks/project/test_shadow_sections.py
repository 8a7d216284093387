"""Shadows in a project file: two plans of one section, and what they need of the others."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.load import load_project
from stacks.project.spec import ModelSpec
from tests.unit.stacks.project.conftest import GOOD
from tidegate.plan import Metric
from tidegate.shadow.pairing import Pairing
from tidegate.strategies import Mechanism, Strategy

RELEASE = GOOD[GOOD.index("      strategy: canary\n") :]
SHADOW = """\
      strategy: shadow
      bake: 20m
      compare: { answer: /label, tolerance: 0.1, slice: /region }
      guardrails:
        errors: { margin: 0.02 }
        agreement: { margin: 0.05 }
"""
CAPTURED = ("{ percent: 0 }", "{ percent: 100 }")
FIXED = ("{ min: 1, max: 2 }", "{ min: 2 }")


@pytest.fixture
def model(folder: Path) -> Callable[..., ModelSpec]:
    """The model that a release section makes."""

    def load(section: str) -> ModelSpec:
        text = GOOD.replace(RELEASE, section).replace(*CAPTURED).replace(*FIXED)
        (folder / "tidegate.yaml").write_text(text)
        (found,) = load_project(folder / "tidegate.yaml").models.values()
        return found

    return load


def test_a_shadow_compares_all_requests_for_its_bake(model: Callable[..., ModelSpec]) -> None:
    """Its lag waits for captures, without being told to."""
    plan = model(SHADOW).plan
    assert (plan.strategy, plan.mechanism) == (Strategy.SHADOW, Mechanism.SHADOW)
    assert [(step.share_percent, step.bake_seconds) for step in plan.steps] == [(100, 1_200)]
    assert plan.lag_seconds == 600
    assert plan.pairing == Pairing(answer="/label", tolerance=0.1, slice="/region")
    assert model(SHADOW).following is None


def test_what_follows_has_the_same_guardrails_but_those_of_pairs(
    model: Callable[..., ModelSpec],
) -> None:
    """Outcomes wait until users get answers, and agreement ends with the copies."""
    section = SHADOW.replace(
        "        agreement", "        outcomes: { margin: 0.1 }\n        agreement"
    )
    found = model(section + "      then: linear\n      step_percent: 25\n")
    assert found.following is not None
    assert found.plan.then is Strategy.LINEAR
    assert [g.metric for g in found.plan.guardrails] == [Metric.ERRORS, Metric.AGREEMENT]
    assert [g.metric for g in found.following.guardrails] == [Metric.ERRORS, Metric.OUTCOMES]
    assert [step.share_percent for step in found.following.steps] == [25, 50, 75]
    assert found.following.mechanism is Mechanism.WEIGHTS
    assert found.following.lag_seconds == 30


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ([CAPTURED], "instances.max is 2, strategy shadow needs a fixed number of instances"),
        ([FIXED], "data_capture is 0 percent, strategy shadow needs percent: 100"),
        ([FIXED, ("data_capture: { percent: 0 }", "")], "data_capture is off, strategy shadow"),
        (
            [FIXED, CAPTURED, ("      bake: 20m", "      steps: [{ share_percent: 5, bake: 1m }]")],
            "steps means nothing to strategy shadow: drop it, use bake",
        ),
        ([FIXED, CAPTURED, ("bake: 20m", "lag: 1m")], "lag (in seconds) of strategy shadow must"),
        ([FIXED, CAPTURED, ("bake: 20m", "then: ab-test")], "then must be one of canary, linear"),
        (
            [FIXED, CAPTURED, ("bake: 20m", "mechanism: weights")],
            "shadow cannot be done by weights",
        ),
        ([FIXED, CAPTURED, ("/label", "label")], "answer of compare must be a JSON pointer"),
        (
            [FIXED, CAPTURED, ("errors: ", "outcomes: ")],
            "guardrail outcomes means nothing to strategy shadow",
        ),
        (
            [("{ min: 1, max: 2 }", "{ min: 1 }"), CAPTURED, ("bake: 20m", "then: rolling")],
            "strategy rolling by weights needs at least 2 instances",
        ),
    ],
)
def test_what_a_shadow_cannot_have_is_refused_by_name(
    folder: Path, faults: Callable[..., list[str]], changes: list[tuple[str, str]], fault: str
) -> None:
    """Each fault says what is wrong, what was got, and what to do; it comes alone."""
    found = faults((RELEASE, SHADOW), *changes)
    assert len(found) == 1, found
    assert fault in found[0]


def test_compare_is_for_shadows_only(faults: Callable[..., list[str]]) -> None:
    """Elsewhere nothing would be compared, and nobody would know."""
    (fault,) = faults(("      strategy: canary\n", "      strategy: canary\n      compare: {}\n"))
    assert "compare is for strategy shadow, got canary: drop it" in fault

"""A/B tests in a project file: arms, objective, shares, and every fault of them at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project
from stacks.project.spec import ModelSpec
from tests.unit.stacks.project.conftest import GOOD, write_artifact
from tidegate.arms.terms import Better, Policy, Winner
from tidegate.observation import OutcomeKind
from tidegate.strategies import Mechanism, Split, Strategy

RELEASE = GOOD[GOOD.index("      strategy: canary\n") :]
TEST = """\
      strategy: ab-test
      split: router
      challengers:
        - artifact: build/fraud/v2
        - { artifact: build/fraud/v1, label: tuned, environment: { THREADS: "4" } }
      objective: { kind: complaints, horizon_requests: 50000, tie_margin: null }
      control_percent: 50
      policy: thompson
      reallocate: 2h
      winner: ask
      bake: 2d
      guardrails:
        errors: { margin: 0.02 }
"""


@pytest.fixture
def load(folder: Path) -> Callable[..., ModelSpec]:
    """The model of a release section with text in it replaced."""
    artifact = folder / "build" / "fraud" / "v2"
    write_artifact(artifact)
    (artifact / "model.joblib").write_bytes(b"trained better")

    def load_changed(*changes: tuple[str, str]) -> ModelSpec:
        text = GOOD.replace(RELEASE, TEST)
        for before, after in changes:
            assert before in text
            text = text.replace(before, after, 1)
        (folder / "tidegate.yaml").write_text(text)
        (found,) = load_project(folder / "tidegate.yaml").models.values()
        return found

    return load_changed


def test_the_section_says_a_plan_and_its_versions(load: Callable[..., ModelSpec]) -> None:
    """Challengers begin with the model's environment; complaints are better when fewer."""
    model = load()
    plan, terms = model.plan, model.plan.ab_test
    assert (plan.strategy, plan.mechanism, plan.split) == (
        Strategy.AB_TEST,
        Mechanism.WEIGHTS,
        Split.ROUTER,
    )
    assert [(step.share_percent, step.bake_seconds) for step in plan.steps] == [(50, 172_800)]
    assert plan.outcome_kind is OutcomeKind.COMPLAINTS
    assert terms is not None
    assert (terms.challengers, terms.first_shares) == (2, (50, 25, 25))
    assert (terms.better, terms.tie_margin, terms.horizon_requests) == (
        Better.SMALLER,
        None,
        50_000,
    )
    assert (terms.policy, terms.reallocate_seconds, terms.winner) == (
        Policy.THOMPSON,
        7_200,
        Winner.ASK,
    )
    assert [one.label for one in model.challengers] == ["v2", "tuned"]
    tuned = model.challengers[1]
    assert tuned.environment == {**model.environment, "THREADS": "4"}
    assert tuned.artifact == model.artifact


def test_shares_are_equal_unless_they_are_given(load: Callable[..., ModelSpec]) -> None:
    """In whole percents that add up."""
    plan = load(("      control_percent: 50\n", "")).plan
    assert plan.ab_test is not None
    assert plan.ab_test.first_shares == (34, 33, 33)
    assert plan.steps[0].share_percent == 66
    plan = load(("control_percent: 50", "shares: [70, 20, 10]")).plan
    assert plan.ab_test is not None
    assert plan.ab_test.first_shares == (70, 20, 10)
    assert plan.steps[0].share_percent == 30


FAULTS = [
    ("split: router", "split: endpoint", 16, "with split endpoint SageMaker draws each request"),
    ("kind: complaints", "kind: complaints, better: larger", 20, "set better to smaller"),
    ("build/fraud/v2\n", "build/fraud/v1\n", 18, "the same version as the model's own artifact"),
    ("build/fraud/v2\n", "build/fraud/v7\n", 18, "it does not exist"),
    ("control_percent: 50", "shares: [50, 50]", 21, "must name the control's and 2"),
    ("control_percent: 50", "shares: [60, 30, 20]", 21, "which are 110"),
    (
        "control_percent: 50",
        "control_percent: 50\n      shares: [50, 25, 25]",
        21,
        "say the same: give one of the two",
    ),
    ("horizon_requests: 50000", "horizon_requests: 10", 20, "must be 100 to"),
    ("reallocate: 2h", "reallocate: 5s", 23, "must be 60 to"),
    ("tie_margin: null", "tie_margin: 2.0", 20, "must be above 0 and below 1"),
    ("bake: 2d", "steps: [{ share_percent: 10, bake: 1h }]", 25, "steps means nothing to strategy"),
    (
        "errors: { margin: 0.02 }",
        "outcomes: { margin: 0.05 }",
        27,
        "has kind labels, the objective complaints",
    ),
    ("objective: {", "objective: { kinds: x,", 20, "unknown key"),
    ("strategy: ab-test", "strategy: canary", 17, "challengers means nothing to strategy canary"),
]


@pytest.mark.parametrize("case", FAULTS, ids=[case[3][:30] for case in FAULTS])
def test_a_fault_is_told_at_its_line(
    load: Callable[..., ModelSpec], case: tuple[str, str, int, str]
) -> None:
    """In words that say what to write instead."""
    before, after, line, words = case
    with pytest.raises(ProjectFaultsError) as refused:
        load((before, after))
    found = [str(fault) for fault in refused.value.faults]
    assert any(f":{line}: " in fault and words in fault for fault in found), found


def test_faults_come_all_at_once(load: Callable[..., ModelSpec]) -> None:
    """One in the arms hides none in the objective, or in the shares."""
    with pytest.raises(ProjectFaultsError) as refused:
        load(
            ("build/fraud/v2\n", "build/fraud/v1\n"),
            ("control_percent: 50", "shares: [50, 20, 20]"),
            ("split: router", "split: endpoint"),
            ("horizon_requests: 50000", "horizon_requests: 5"),
        )
    text = str(refused.value)
    for words in ("the same version", "which are 90", "split must be router", "100 to"):
        assert words in text


def test_a_test_without_challengers_says_how_to_name_them(load: Callable[..., ModelSpec]) -> None:
    """Also where the objective lacks."""
    listed = TEST[TEST.index("      challengers") : TEST.index("      objective")]
    with pytest.raises(ProjectFaultsError, match="challengers must be 1 to 9, got 0"):
        load((listed, ""))
    objective = TEST[TEST.index("      objective") : TEST.index("      control")]
    with pytest.raises(ProjectFaultsError, match="needs challengers") as refused:
        load((listed, ""), (objective, ""))
    assert "needs an objective" in str(refused.value)


def test_more_arms_than_an_endpoint_takes_are_refused(load: Callable[..., ModelSpec]) -> None:
    """SageMaker has ten variants; one of them is live."""
    many = "".join(
        f'        - {{ artifact: build/fraud/v2, environment: {{ N: "{n}" }} }}\n' for n in range(8)
    )
    with pytest.raises(ProjectFaultsError, match="at most 9 entries"):
        load(
            ("        - artifact: build/fraud/v2\n", f"        - artifact: build/fraud/v2\n{many}")
        )

"""Section `reaction` of a monitor: what it makes, and what is impossible beside it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.load import ProjectFaultsError, load_project
from tests.unit.stacks.project.conftest import GOOD
from tests.unit.tidegate.monitoring.made import baseline
from tidegate.monitoring.shares import Family
from tidegate.reaction.plan import Action, ReactionPlan

RELEASE = "    release:\n"
SECTION = """\
    monitoring:
      baseline: baseline.json
      outcomes: { expected: 0.1, rows: 100 }
      reaction: REACTION
"""


@pytest.fixture
def load(folder: Path) -> Callable[..., ReactionPlan | None]:
    """The reaction of a project file with this section."""

    def loaded(reaction: str, *, release: str = "      strategy: canary\n") -> ReactionPlan | None:
        (folder / "baseline.json").write_text(baseline("x").text())
        text = GOOD.replace("{ percent: 0 }", "{ percent: 100 }")
        section = SECTION.replace("REACTION", reaction)
        text = text.replace(RELEASE, f"{section}{RELEASE}", 1)
        text = text.replace("      strategy: canary\n", release)
        (folder / "tidegate.yaml").write_text(text)
        (model,) = load_project(folder / "tidegate.yaml").models.values()
        assert model.monitoring is not None
        return model.monitoring.reaction

    return loaded


def test_left_out_nothing_is_done(load: Callable[..., ReactionPlan | None]) -> None:
    """People are told, as always."""
    assert load("null") is None


def test_all_of_it(load: Callable[..., ReactionPlan | None]) -> None:
    """A kind that is not named asks for an alert."""
    plan = load("{ model_quality: roll-back, pause: 3d, most_a_month: 2 }")
    assert plan is not None
    assert plan.asks(Action.ROLL_BACK) == (Family.OUTCOMES,)
    assert plan.asks(Action.RETRAIN) == ()
    assert (plan.pause_seconds, plan.most_a_month) == (3 * 86_400, 2)


@pytest.mark.parametrize(
    ("reaction", "fault"),
    [
        ("{ data_drift: retrain }", "data_drift is retrain, the model has no section training"),
        ("{ prediction_drift: roll-back }", "monitoring has no predictions"),
        ("{ slices: roll-back }", "monitoring has no slices"),
        ("{ attribution_drift: roll-back }", "monitoring has no attributions"),
        ("{ pause: 5m }", "pause is 300 s, must be 1h to 90d"),
        ("{ most_a_month: 31 }", "most_a_month is 31, must be 1 to 30"),
        ("{ data_drift: panic }", "must be one of alert, retrain, roll-back"),
    ],
)
def test_faults_name_value_and_what_is_allowed(
    load: Callable[..., ReactionPlan | None], reaction: str, fault: str
) -> None:
    """At the line of the key."""
    with pytest.raises(ProjectFaultsError, match=r"tidegate\.yaml:") as refused:
        load(reaction)
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("release", "fault"),
    [
        ("      strategy: canary\n      mechanism: guardrail\n", "mechanism guardrail cannot do"),
        ("      strategy: shadow\n", "strategy shadow cannot do"),
    ],
)
def test_there_is_a_way_back_where_releases_are_started(
    load: Callable[..., ReactionPlan | None], release: str, fault: str
) -> None:
    """Not where a deploy is the release, nor where no version takes over."""
    with pytest.raises(ProjectFaultsError) as refused:
        load("{ model_quality: roll-back }", release=release)
    assert fault in str(refused.value)

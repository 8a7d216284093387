"""Section `monitoring` of a project file: what it makes, and every fault at once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stacks.project.load import ProjectFaultsError, load_project
from stacks.project.monitoring_spec import MonitoringSpec
from tests.unit.stacks.project.conftest import GOOD
from tests.unit.tidegate.monitoring.made import baseline
from tests.unit.tidegate.monitoring.worlds import made as evaluated
from tidegate.monitoring.baseline import ATTRIBUTIONS, PREDICTION, Baseline
from tidegate.monitoring.plan import ScorePlan

SECTION = """\
    monitoring:
      baseline: baseline.json
"""
RELEASE = "    release:\n"


@pytest.fixture
def load(folder: Path) -> Callable[..., MonitoringSpec | None]:
    """The monitor of a project file with these lines more in its section."""

    def loaded(
        more: str = "", *, made: Baseline | None = None, percent: int = 100
    ) -> MonitoringSpec | None:
        found = baseline("x", "y") if made is None else made
        (folder / "baseline.json").write_text(found.text())
        text = GOOD.replace("{ percent: 0 }", f"{{ percent: {percent} }}")
        (folder / "tidegate.yaml").write_text(text.replace(RELEASE, f"{SECTION}{more}{RELEASE}", 1))
        (model,) = load_project(folder / "tidegate.yaml").models.values()
        return model.monitoring

    return loaded


def test_little_is_needed(load: Callable[..., MonitoringSpec]) -> None:
    """A baseline; the rest has defaults."""
    found = load()
    assert found.baseline.name == "baseline.json"
    assert found.every_seconds == 3_600
    assert (found.plan.window_seconds, found.plan.alpha) == (86_400, 0.01)
    assert found.plan.outcomes is None


def test_all_of_it(load: Callable[..., MonitoringSpec]) -> None:
    """Outcomes come within the release's window."""
    found = load(
        "      window: 1h\n      every: 15m\n      records: /rows\n      client: /user\n"
        "      columns: [x, y]\n      tolerances: { x: 0.2 }\n"
        "      outcomes: { kind: complaints, expected: 0.01, rows: 500 }\n"
    )
    assert found.every_seconds == 900
    assert found.plan.tolerance_of("x") == 0.2
    assert found.plan.tolerance_of("y") == 0.05
    assert found.plan.columns == ("x", "y")
    assert found.plan.outcomes is not None
    assert found.plan.outcomes.window_seconds > 0


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("      alpha: 0.5\n", "alpha is 0.5"),
        ("      window: 90s\n", "window is 90 s"),
        ("      every: 2d\n", "every is '2d', must be 5m to 1d"),
        ("      tolerances: { z: 0.1 }\n", "tolerances.z: the baseline has no such feature"),
        ("      columns: [x]\n", "columns lack y"),
        ("      predictions: /p\n", "the baseline has none"),
        ("      records: rows\n", "must be a JSON pointer"),
        ("      outcomes: { expected: 2, rows: 5 }\n", "outcomes.expected is 2"),
    ],
)
def test_faults_name_value_and_what_is_allowed(
    load: Callable[..., MonitoringSpec], more: str, fault: str
) -> None:
    """At the line of the value."""
    with pytest.raises(ProjectFaultsError, match=r"tidegate\.yaml:") as refused:
        load(more)
    assert fault in str(refused.value)


def test_captures_and_predictions_are_needed(load: Callable[..., MonitoringSpec]) -> None:
    """Both faults at once."""
    made = baseline("x", PREDICTION)
    with pytest.raises(ProjectFaultsError) as refused:
        load(made=made, percent=0)
    told = str(refused.value)
    assert "monitoring reads what is captured" in told
    assert "the baseline has predictions, say where" in told


def test_a_missing_or_damaged_baseline_says_how_to_make_it(
    load: Callable[..., MonitoringSpec], folder: Path
) -> None:
    """The command is named."""
    load()
    (folder / "baseline.json").write_text("{}")
    with pytest.raises(ProjectFaultsError, match="tidegate monitor baseline"):
        load_project(folder / "tidegate.yaml")
    (folder / "baseline.json").unlink()
    with pytest.raises(ProjectFaultsError, match="no such file"):
        load_project(folder / "tidegate.yaml")


LEGACY = """\
      model_monitor:
        kinds: [model-quality, model-bias]
        role: arn:aws:iam::123456789012:role/model-monitor
        image: 156813124566.dkr.ecr.us-east-1.amazonaws.com/analyzer
        output: s3://reports/here/
"""


def test_model_monitor_says_all_that_its_kinds_lack(load: Callable[..., MonitoringSpec]) -> None:
    """Each key with the kinds that need it."""
    with pytest.raises(ProjectFaultsError) as refused:
        load(LEGACY)
    told = str(refused.value)
    for key, kinds in (
        ("ground_truth", "model-quality and model-bias"),
        ("problem", "model-quality"),
        ("clarify_image", "model-bias"),
        ("analysis", "model-bias"),
    ):
        assert f"model_monitor.{key} is missing: {kinds} needs it" in told


def test_model_monitor_of_data_quality_needs_no_more(load: Callable[..., MonitoringSpec]) -> None:
    """Its schedule is hourly, and places have no slash at their end."""
    found = load(LEGACY.replace("model-quality, model-bias", "data-quality")).model_monitor
    assert found is not None
    assert (found.output, found.schedule) == ("s3://reports/here", "cron(0 * ? * * *)")


WITH_QUALITY = """\
      predictions: /score
      score: { at: /score, auc_tolerance: 0.03 }
      slices: [city]
      outcomes: { expected: 0.2, rows: 500 }
"""


def test_scores_and_slices_are_those_of_the_baseline(load: Callable[..., MonitoringSpec]) -> None:
    """The threshold is the evaluation's."""
    plan = load(WITH_QUALITY, made=evaluated().baseline).plan
    assert plan.score == ScorePlan(at="/score", auc_tolerance=0.03)
    assert (plan.slices, plan.slice_tolerance) == (("city",), 0.05)


def test_what_the_baseline_lacks_is_told_at_once(load: Callable[..., MonitoringSpec]) -> None:
    """Evaluation, slice and attributions, each with how to make it."""
    with pytest.raises(ProjectFaultsError) as refused:
        load(
            "      score: { at: /score }\n      slices: [city]\n      attributions: /why\n"
            "      slice_tolerance: 2\n"
        )
    told = str(refused.value)
    for part in (
        "score is given, the baseline has no evaluation: make it with '--evaluation",
        "slices has 'city', the baseline is not cut by it: make it with --slice city",
        "attributions is given, the baseline has none",
        "score is given without outcomes",
        "slice_tolerance is 2",
    ):
        assert part in told


def test_attributions_of_the_baseline_are_asked_for(load: Callable[..., MonitoringSpec]) -> None:
    """And a slice of which nothing would be watched is a fault."""
    made = evaluated().baseline
    why = {**made.features, ATTRIBUTIONS: made.features["city"]}
    bare = replace(made.slices["city"], predictions=())
    with pytest.raises(ProjectFaultsError) as refused:
        load(
            "      predictions: /score\n      slices: [city]\n",
            made=replace(made, features=why, slices={"city": bare}),
        )
    told = str(refused.value)
    assert "attributions is missing" in told
    assert "nothing of it would be watched" in told

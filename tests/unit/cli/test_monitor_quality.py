"""Model quality on terminal and page, and evaluations read from files."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands.monitor import app
from cli.exits import CommandError
from cli.main import app as whole
from cli.monitor_page import monitor_page
from cli.monitor_quality_page import slice_rows
from cli.monitors import slices_of
from cli.monitorwords import quality_lines, slices_table
from tests.unit.tidegate.monitoring.worlds import Traffic, made
from tidegate.monitoring.baseline import ATTRIBUTIONS, read_baseline
from tidegate.monitoring.labels import judge_counts
from tidegate.monitoring.scores import ScoreCounts
from tidegate.monitoring.state import MonitorState
from tidegate.monitoring.view import metric_of, view_of

WATCHED = made()


def state() -> MonitorState:
    """Ten windows of labels; from the sixth on those of one city are the contrary."""
    found = MonitorState(baseline=WATCHED.baseline.digest)
    for number in range(10):
        counts = {"": ScoreCounts()}
        for row in Traffic(seed=number, broken=("oslo",) if number > 5 else ()).rows(300):
            for name in ("", f"city = {row['city']}"):
                wrong = (row["score"] >= 0.5) is not row["label"]
                into = counts.setdefault(name, ScoreCounts())
                into.put(row["score"], positive=row["label"], wrong=wrong)
        judge_counts(found, WATCHED, counts, window=number)
    return found


@pytest.fixture(scope="module")
def view() -> dict[str, Any]:
    """What is shown of them, as programs read it."""
    view = view_of("shop", state(), WATCHED, at=0.0)
    read: dict[str, Any] = json.loads(json.dumps(view))
    return read


def test_the_worst_slice_is_the_first(view: dict[str, Any]) -> None:
    """With what is found of it; the others are as they were."""
    table = slices_table(view["slices"])
    assert next(iter(table.columns[0].cells)) == "city = oslo"
    first, *others = slice_rows(view["slices"])
    assert "ranking" in first.found
    assert first.cells[-1] == "found"
    assert {row.found for row in others} == {"no"}
    assert all(row.cells[-1].endswith("of a finding") for row in others)
    assert "city = (other)" not in {row.name for row in others}


def test_the_terminal_says_ranking_and_calibration_with_bounds(view: dict[str, Any]) -> None:
    """Beside those of the evaluation."""
    (line,) = quality_lines(view)
    assert "AUC 0." in line
    assert "all along 0." in line
    assert "calibration error" in line
    found = {one["feature"]: one for one in view["findings"] if one["refused"]}
    assert found["(ranking)"]["of"] == "pairs"
    assert found["(ranking)"]["against"] == "in the evaluation"


def test_the_page_has_the_curve_and_the_slices(view: dict[str, Any]) -> None:
    """A line for scores and labels that agree, one for the labels, one for the evaluation."""
    page = monitor_page(view)
    assert page.count("<polyline") == 3 + 3
    assert "Reliability: how often labels are positive" in page
    assert "city = oslo" in page


def test_a_report_from_before_labels_were_joined_is_shown(view: dict[str, Any]) -> None:
    """Written by an older deploy."""
    old = {k: v for k, v in view.items() if k not in ("quality", "slices", "attributions")}
    assert quality_lines(old) == []
    assert "city = oslo" in monitor_page(old)


def test_metrics_have_the_figures() -> None:
    """Only those that there are."""
    values = metric_of("shop", state(), WATCHED).values
    assert values["SliceFindings"] >= 1
    assert 0.4 < values["AreaUnderCurve"] < 1
    assert 0 < values["CalibrationError"] < 1
    assert "AttributionRankingGain" not in values


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Training data with attributions, and an evaluation, as CSV."""
    paths = tmp_path / "training.csv", tmp_path / "evaluation.csv"
    for path, seed in zip(paths, (1, 2), strict=True):
        with path.open("w", newline="", encoding="utf-8") as stream:
            rows = csv.writer(stream)
            rows.writerow(["x", "city", "score", "label", "why"])
            for row in Traffic(seed=seed).rows(600):
                why = json.dumps({"x": row["x"], "city": -0.5})
                rows.writerow([row["x"], row["city"], row["score"], row["label"], why])
    return paths


def arguments(files: tuple[Path, Path], *more: str) -> list[str]:
    """The command on these files."""
    training, evaluation = files
    output = training.with_name("baseline.json")
    told = ["baseline", "--data", str(training), "--output", str(output), "--drop", "label"]
    return [*told, "--evaluation", str(evaluation), *more]


def test_an_evaluation_is_written_into_the_baseline(files: tuple[Path, Path]) -> None:
    """With slices by a column's own values and by edges, and attributions out of a cell."""
    options = ["--score", "score", "--label", "label", "--threshold", "0.5"]
    options += ["--slice", "city", "--slice", "x=0.25,0.75", "--attributions", "why"]
    told = CliRunner().invoke(app, arguments(files, *options, "--prediction", "score"))
    assert told.exit_code == 0, told.output
    assert "AUC 0." in told.output
    found = read_baseline(files[0].with_name("baseline.json").read_text())
    assert found.evaluation is not None
    assert found.evaluation.counts.known == 600
    assert found.slices["x"].bins.edges == (0.25, 0.75)
    assert sorted(found.features[ATTRIBUTIONS].bins.categories) == ["city", "x"]
    assert sum(found.features[ATTRIBUTIONS].cells[0].bins) == pytest.approx(480)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--score", "score"], "needs all of --evaluation, --score and --label"),
        (["--score", "score", "--label", "gone"], "has no column gone, there are: x, city"),
        (["--score", "score", "--label", "label", "--threshold", "7"], "--threshold is 7"),
        (["--score", "score", "--label", "city"], "city is"),
        (["--score", "score", "--label", "label", "--slice", "x=a"], "--slice is 'x=a'"),
    ],
)
def test_faults_of_an_evaluation(files: tuple[Path, Path], options: list, fault: str) -> None:
    """Exit code 3, and nothing is written."""
    told = CliRunner().invoke(whole, ["monitor", *arguments(files, *options)])
    assert told.exit_code == 3
    assert fault in " ".join(told.output.split())
    assert not files[0].with_name("baseline.json").exists()


def test_all_slices_that_are_none_are_told() -> None:
    """At once."""
    with pytest.raises(CommandError, match=r"'a=x'.*'b=1,'"):
        slices_of(["a=x", "c", "b=1,"])

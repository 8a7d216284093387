"""`tidegate monitor`: baselines from files, verdicts on the terminal and as a page."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands.monitor import app
from cli.main import app as whole
from cli.monitor_page import monitor_page, write_page
from cli.monitors import Choice, baseline_of
from cli.monitorwords import findings_table, headline, odds
from tests.unit.tidegate.monitoring.made import baseline, watched, window
from tidegate.monitoring.advance import close_outcomes, close_window
from tidegate.monitoring.baseline import PREDICTION, read_baseline
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.seasons import Season
from tidegate.monitoring.state import MonitorState
from tidegate.monitoring.view import view_of


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Training data as CSV."""
    path = tmp_path / "training.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["amount", "code", "score", "late", "at"])
        for number in range(500):
            day = 1 + number % 28
            moment = f"2026-02-{day:02}T08:00:00"
            rows.writerow([number % 50, 100 * (number % 2), number % 10 / 10, "yes", moment])
    return path


def test_a_baseline_is_written_from_csv(data: Path, tmp_path: Path) -> None:
    """Named categories are such, the prediction is watched apart, dropped columns are not."""
    output = tmp_path / "made" / "baseline.json"
    options = ["--data", str(data), "--output", str(output), "--drop", "late", "--drop", "at"]
    told = CliRunner().invoke(
        app, ["baseline", *options, "--category", "code", "--prediction", "score", "--json"]
    )
    assert told.exit_code == 0, told.output
    made = read_baseline(output.read_text())
    assert sorted(made.features) == [PREDICTION, "amount", "code"]
    assert made.features["code"].bins.categories == ("0", "100")
    assert json.loads(told.stdout)["rows"] == 400


def test_moments_are_read_and_told_apart(data: Path) -> None:
    """ISO 8601 without a zone is UTC."""
    choice = Choice(features=("amount",), time="at", season=Season.WEEKDAY)
    cells = baseline_of(data, choice).features["amount"].cells
    assert len(cells) == 7
    assert sum(cell.total for cell in cells) == 400


def test_json_lines_are_read_as_csv_is(data: Path, tmp_path: Path) -> None:
    """The same rows make the same counts."""
    path = tmp_path / "training.jsonl"
    with data.open(encoding="utf-8") as stream:
        rows = [json.dumps(row) for row in csv.DictReader(stream)]
    path.write_text("\n".join(rows))
    choice = Choice(features=("amount", "late"))
    assert baseline_of(path, choice) == baseline_of(data, choice)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--feature", "x"], "no row has x"),
        (["--season", "hour"], "season is hour"),
    ],
)
def test_faults_are_told_in_words(data: Path, tmp_path: Path, options: list, fault: str) -> None:
    """Exit code 3, and nothing is written."""
    output = tmp_path / "baseline.json"
    arguments = ["monitor", "baseline", "--data", str(data), "--output", str(output), *options]
    told = CliRunner().invoke(whole, arguments)
    assert told.exit_code == 3
    assert fault in told.output
    assert not output.exists()


@pytest.fixture
def view() -> dict[str, Any]:
    """A feature has drifted, another has not; outcomes became worse."""
    outcomes = OutcomePlan(expected=0.1, rows=10_000)
    seen = watched(MonitoringPlan(outcomes=outcomes), baseline("steady", "moved<b>"))
    state = MonitorState(baseline="b")
    for day in range(30):
        moved = (25.0,) * 4 if day < 20 else (5.0, 5.0, 30.0, 60.0)
        features = {"steady": (25.0,) * 4, "moved<b>": moved}
        close_window(state, seen, window(day, **features))
        counts = FeatureCounts(bins=[10.0, 90.0] if day < 20 else [50.0, 50.0])
        close_outcomes(state, seen, counts, window=day)
    return view_of("flights", state, seen, at=31 * 86_400.0)


def test_the_page_shows_what_moved(view: dict[str, Any], tmp_path: Path) -> None:
    """Charts over the windows, bars of the feature, and no name is taken for markup."""
    path = tmp_path / "pages" / "flights.html"
    write_page(path, view)
    page = path.read_text()
    assert page == monitor_page(view)
    assert page.count("<polyline") == 3 + 2 + 1
    assert "moved&lt;b&gt;" in page
    assert "moved<b>" not in page
    assert "1970-01-21" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_page_of_nothing_yet_is_a_page(view: dict[str, Any]) -> None:
    """Before the first window."""
    seen = watched(MonitoringPlan(), baseline("x"))
    fresh = view_of("flights", MonitorState(baseline="b"), seen, at=0.0)
    assert "waiting" in monitor_page(fresh)


def test_the_terminal_says_the_same(view: dict[str, Any]) -> None:
    """Verdict, findings first."""
    assert headline(view).startswith("flights: drift, ")
    table = findings_table(view["findings"])
    features = list(table.columns[1].cells)
    assert set(features[:2]) == {"moved<b>", "(outcome)"}


@pytest.mark.parametrize(
    ("evidence", "told"), [(0.0, "none"), (3.0, "20 : 1"), (14.0, "10^6 : 1"), (99.0, "10^12 : 1")]
)
def test_odds_are_for_people(evidence: float, told: str) -> None:
    """Natural logarithms are not."""
    assert odds(evidence) == told

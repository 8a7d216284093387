"""The baseline that comes with a trained version: made once, kept, and of the file's shape."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.unit.tidegate.monitoring.made import MemoryStore, baseline, captured
from tests.unit.tidegate.monitoring.worlds import Traffic, made
from tidegate.errors import InvalidValueError
from tidegate.monitoring.advance import Watched
from tidegate.monitoring.baseline import ATTRIBUTIONS, PREDICTION, Baseline
from tidegate.monitoring.bins import Bins, Kind
from tidegate.monitoring.look import CaptureFile, LookPorts, look
from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.quality_view import unwatched
from tidegate.monitoring.seasons import Season
from tidegate.monitoring.slices import Slicing
from tidegate.monitoring.state import MonitorState
from tidegate.monitoring.trained import (
    FILE,
    LivePackage,
    Reference,
    baseline_like,
    reference_of,
    rows_of,
)
from tidegate.monitoring.view import view_of

PACKAGE = LivePackage(arn="arn:aws:sagemaker:eu-west-1:1:model-package/m/3", moved_at=1_000.0)
ROWS = [{"record": {"x": n % 40, "y": "abc"[n % 3]}} for n in range(500)]
OUTCOMES = OutcomePlan(expected=0.2, rows=100, metric="wrong_share")


@dataclass(slots=True)
class Versions:
    """Port `TrainedVersions` in memory."""

    package: LivePackage | None = PACKAGE
    rows: list[dict[str, Any]] | None = field(default_factory=lambda: list(ROWS))
    report: dict[str, Any] = field(
        default_factory=lambda: {"rows": 500, "metrics": {"wrong_share": {"value": 0.1}}}
    )
    text: str | None = None
    made: int = 0

    def live(self) -> LivePackage | None:
        """The package."""
        return self.package

    def lines(self, package: LivePackage) -> Callable[[], Iterable[str]] | None:
        """The rows as lines."""
        rows = self.rows
        return None if rows is None else lambda: [json.dumps(row) for row in rows]

    def evaluation(self, package: LivePackage) -> dict[str, Any]:
        """The report."""
        return self.report

    def kept(self, package: LivePackage) -> str | None:
        """The text."""
        return self.text

    def keep(self, package: LivePackage, text: str) -> None:
        """Kept."""
        self.text, self.made = text, self.made + 1


@pytest.fixture
def file() -> Reference:
    """What the project file says: a number and a category."""
    rows = [{"x": n % 40, "y": "abc"[n % 3]} for n in range(300)]
    made = baseline_like(Reference(plan=MonitoringPlan(), baseline=mixed()), lambda: rows)
    return Reference(plan=MonitoringPlan(outcomes=OUTCOMES), baseline=made)


def mixed() -> Baseline:
    """A baseline of x, a number, and of y, a category that looks like anything."""
    made = baseline("x", "y")
    category = replace(made.features["y"].bins, kind=Kind.CATEGORY, edges=(), categories=("a",))
    features = {**made.features, "y": replace(made.features["y"], bins=category)}
    return replace(made, features=features)


@pytest.mark.parametrize("versions", [None, Versions(package=None), Versions(rows=None)])
def test_without_rows_of_its_own_the_files_baseline_counts(
    file: Reference, versions: Versions | None
) -> None:
    """Not trained here, nothing live, or an evaluation that left no rows."""
    assert reference_of(file, versions) is file


def test_a_trained_version_brings_its_own_baseline_and_expectation(file: Reference) -> None:
    """Of the same features and kinds; requests count from when it became live."""
    found = reference_of(file, Versions())
    assert (found.of, found.since) == ("package-3", 1_000.0)
    assert found.baseline.rows == 400
    kinds = {name: one.bins.kind for name, one in found.baseline.features.items()}
    assert kinds == {"x": Kind.NUMBER, "y": Kind.CATEGORY}
    assert found.plan.outcomes is not None
    assert (found.plan.outcomes.expected, found.plan.outcomes.rows) == (0.1, 500)


def test_it_is_made_once_and_kept(file: Reference) -> None:
    """What the run left may be gone when it is asked for again."""
    versions = Versions()
    first = reference_of(file, versions)
    versions.rows = None
    assert reference_of(file, versions) == first
    assert versions.made == 1


def test_an_expectation_without_a_metric_stays_the_files(file: Reference) -> None:
    """The project file's figure is all that is known."""
    plan = replace(file.plan, outcomes=replace(OUTCOMES, metric=None))
    found = reference_of(replace(file, plan=plan), Versions(report={}))
    assert found.plan.outcomes == plan.outcomes


def test_a_metric_that_is_not_there_is_told(file: Reference) -> None:
    """With what is needed."""
    with pytest.raises(InvalidValueError, match=r"wrong_share None of 500 rows.*needs"):
        reference_of(file, Versions(report={"rows": 500}))


def test_predictions_and_moments_are_read() -> None:
    """Beside the record, and seasons are told apart by `at`."""
    lines = [
        json.dumps({"record": {"x": n % 40}, "prediction": n % 2, "at": 86_400 * n})
        for n in range(200)
    ]
    before = replace(baseline("x", PREDICTION), season=Season.WEEKDAY)
    file = Reference(plan=MonitoringPlan(), baseline=before)
    found = baseline_like(file, lambda: rows_of(lines))
    assert [len(one.cells) for one in found.features.values()] == [7, 7]
    assert found.rows == 160


def trained_rows(*, why: bool = True) -> list[str]:
    """Lines of an evaluation's own `baseline.jsonl`, with all that a monitor may watch."""
    lines = []
    for row in Traffic(seed=5).rows(500):
        told = {
            "record": {"x": row["x"], "city": row["city"]},
            "prediction": row["score"],
            "score": row["score"],
            "label": row["label"],
        }
        lines.append(json.dumps({**told, "attributions": {"x": 1.0}} if why else told))
    return lines


def test_scores_labels_slices_and_attributions_are_read() -> None:
    """Where the plan watches them; numbers are cut as in the file's baseline."""
    file_ = made()
    sliced = {**file_.baseline.slices, "x": Slicing(bins=Bins(kind=Kind.NUMBER, edges=(0.5,)))}
    plan = replace(file_.plan, attributions="/why", slices=("city", "x"))
    file = Reference(plan=plan, baseline=replace(file_.baseline, slices=sliced))

    found = baseline_like(file, lambda: rows_of(trained_rows()))

    assert found.evaluation is not None
    assert found.evaluation.threshold == 0.5
    assert found.evaluation.counts.known == 500
    assert found.slices["x"].bins.edges == (0.5,)
    assert sum(one.known for one in found.slices["city"].evaluation) == 500
    assert ATTRIBUTIONS in found.features
    plain = replace(file, plan=replace(plan, score=None, attributions=None, slices=()))
    bare = baseline_like(plain, lambda: rows_of(trained_rows(why=False)))
    assert (bare.evaluation, bare.slices, ATTRIBUTIONS in bare.features) == (None, {}, False)


def test_what_is_watched_and_not_left_is_told() -> None:
    """A baseline without it would watch nothing, silently."""
    file_ = made()
    lines = [json.dumps({"record": {"x": 1, "city": "bonn"}, "prediction": 1})] * 200
    file = Reference(plan=file_.plan, baseline=file_.baseline)
    with pytest.raises(InvalidValueError, match=r"\(score\) is None, must be a chance"):
        baseline_like(file, lambda: rows_of(lines))


def test_an_older_baseline_of_a_version_says_what_it_does_not_watch() -> None:
    """It was kept before scores and slices were asked for."""
    file_ = made()
    old = replace(file_.baseline, slices={}, evaluation=None)
    watched = Watched.against(Reference(plan=file_.plan, baseline=old))
    assert unwatched(watched) == ["slices by city", "scores against labels"]
    assert view_of("m", MonitorState(baseline="b"), watched, at=0.0)["quality"] is None


@pytest.mark.parametrize("line", ["{}", "[]", "no", '{"record": 5}'])
def test_a_line_that_is_no_row_is_named(line: str) -> None:
    """By its number."""
    with pytest.raises(InvalidValueError, match=r"baseline\.jsonl:2: must be"):
        list(rows_of(['{"record": {}}', line]))


@dataclass(slots=True)
class Files:
    """One object of captures, of two requests."""

    read: int = 0

    def between(self, *, first_hour: int, last_hour: int) -> Iterable[CaptureFile]:
        """It."""
        return [CaptureFile(hour=last_hour, key="a")]

    def lines(self, file: CaptureFile) -> Iterable[str]:
        """One from before the version was live, one from after."""
        self.read += 1
        yield captured({"x": 5, "y": "a"}, {}, at="1970-01-01T00:10:00Z")
        yield captured({"x": 5, "y": "a"}, {}, at="1970-01-01T00:20:00Z")


def test_what_another_version_was_asked_does_not_count(file: Reference) -> None:
    """A new reference begins anew, at the moment the version became live."""
    store, files = MemoryStore(), Files()
    ports = LookPorts(store=store, files=files, now=1_300.0)
    stored, _ = look(ports, Watched.against(replace(file, plan=MonitoringPlan())))
    assert stored.state.totals.requests == 2
    reference = reference_of(file, Versions())
    watched = Watched.against(replace(reference, plan=MonitoringPlan()))
    stored, _ = look(ports, watched)
    assert stored.state.totals.requests == 1
    assert stored.state.baseline == watched.mark != file.baseline.digest
    assert Watched.against(file).of == FILE

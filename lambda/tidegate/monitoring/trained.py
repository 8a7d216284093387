"""What a trained version is compared with: the data of its own evaluation, not the project's file.

The evaluation of a training run may leave `baseline.jsonl`, a line a record:
`{"record": {...}, "prediction": ..., "at": 1764000000}`. `prediction` is needed where the file's
baseline has predictions, `at` (seconds since the epoch) where it tells seasons, `score` and `label`
where scores are joined with labels, `attributions` where they are watched. The features, which of
them are categories, and how numbers cut traffic into slices, are those of the file's baseline.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from tidegate.errors import InvalidValueError
from tidegate.monitoring.baseline import ATTRIBUTIONS, PREDICTION, Baseline, read_baseline
from tidegate.monitoring.bins import Kind
from tidegate.monitoring.columns import Columns, Row
from tidegate.monitoring.evaluating import Evaluated, with_evaluation
from tidegate.monitoring.making import make_baseline
from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.values import value

FILE = "the project file"
_AT, _SCORE, _LABEL = "(at)", "(score)", "(label)"


@value
class Reference:
    """What is watched, against what: `of` says whose baseline it is, `since` from when it counts.

    Requests before `since`, in seconds since the epoch, were asked of another version.
    """

    plan: MonitoringPlan
    baseline: Baseline
    of: str = FILE
    since: float = 0.0


@value
class LivePackage:
    """A live version that was trained here: its package, and since when it is live."""

    arn: str
    moved_at: float

    @property
    def label(self) -> str:
        """Its name for people."""
        return f"package-{self.arn.rpartition('/')[2]}"


class TrainedVersions(Protocol):
    """The live version as the model registry knows it, and what its training left."""

    def live(self) -> LivePackage | None:
        """The live version's package; None where it was not trained here."""
        ...

    def lines(self, package: LivePackage) -> Callable[[], Iterable[str]] | None:
        """Begins the lines of its `baseline.jsonl` anew at each call; None where it left none."""
        ...

    def evaluation(self, package: LivePackage) -> dict[str, Any]:
        """Its `evaluation.json`."""
        ...

    def kept(self, package: LivePackage) -> str | None:
        """What was kept of it; None before it was."""
        ...

    def keep(self, package: LivePackage, text: str) -> None:
        """The text is kept for as long as the monitor."""
        ...


def reference_of(file: Reference, versions: TrainedVersions | None) -> Reference:
    """The reference of the live version: its own where its training left one, else the file's.

    It is made once and then kept: what a run of training leaves expires.
    """
    package = None if versions is None else versions.live()
    if versions is None or package is None:
        return file
    kept = versions.kept(package)
    if kept is None:
        lines = versions.lines(package)
        if lines is None:
            return file
        kept = _made(file, lines, versions.evaluation(package))
        versions.keep(package, kept)
    told = json.loads(kept)
    plan = replace(file.plan, outcomes=_expected(file.plan.outcomes, told["evaluation"]))
    baseline = read_baseline(told["baseline"])
    return Reference(plan=plan, baseline=baseline, of=package.label, since=package.moved_at)


def _made(
    file: Reference, lines: Callable[[], Iterable[str]], evaluation: Mapping[str, Any]
) -> str:
    baseline = baseline_like(file, lambda: rows_of(lines()))
    return json.dumps({"baseline": baseline.text(), "evaluation": dict(evaluation)})


def rows_of(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a `baseline.jsonl`; InvalidValueError names the first line that is none."""
    for number, line in enumerate(lines, start=1):
        try:
            told = json.loads(line)
            row = dict(told["record"])
        except (ValueError, TypeError, KeyError) as error:
            wanted = '{"record": {...}}'
            fault = f"baseline.jsonl:{number}: must be {wanted} ({type(error).__name__}: {error})"
            raise InvalidValueError([fault]) from error
        for name, column in _SAID.items():
            if name in told:
                row[column] = told[name]
        yield {**row, _AT: told.get("at")}


_SAID = {
    "prediction": PREDICTION,
    "attributions": ATTRIBUTIONS,
    "score": _SCORE,
    "label": _LABEL,
}


def baseline_like(file: Reference, read: Callable[[], Iterable[Row]]) -> Baseline:
    """The baseline of new rows: features, kinds, seasons and slices are those of the file's.

    It has an evaluation and attributions where the plan watches them.
    """
    before, plan = file.baseline, file.plan
    categories = {n for n, one in before.features.items() if one.bins.kind is Kind.CATEGORY}
    columns = Columns(
        names=tuple(name for name in before.features if name != ATTRIBUTIONS),
        categories=frozenset(categories),
        season=before.season,
        moment=_moment,
        slices={name: one.bins.edges for name, one in before.sliced_by(plan.slices).items()},
        attributions=plan.attributions is not None,
    )
    made = make_baseline(read, columns)
    if plan.score is None or before.evaluation is None:
        return made
    of = Evaluated(score=_SCORE, label=_LABEL, threshold=before.evaluation.threshold)
    try:
        return with_evaluation(made, read(), of)
    except InvalidValueError as error:
        needed = "the monitor joins scores with labels: each line needs score and label"
        raise InvalidValueError(
            [f"baseline.jsonl: {one}" for one in error.faults] + [needed]
        ) from (error)


def _moment(row: Row) -> float | None:
    at = row.get(_AT)
    return float(at) if isinstance(at, int | float) else None


def _expected(plan: OutcomePlan | None, evaluation: Mapping[str, Any]) -> OutcomePlan | None:
    """The plan with what the version's own evaluation says of `metric`, if it says it."""
    if plan is None or plan.metric is None:
        return plan
    measured = evaluation.get("metrics", {}).get(plan.metric, {})
    expected, rows = measured.get("value"), evaluation.get("rows")
    if not isinstance(expected, int | float) or not isinstance(rows, int) or rows < 1:
        fault = (
            f"evaluation.json of the live version has {plan.metric} {expected!r} of {rows!r} rows: "
            'outcomes.metric needs {"rows": ..., "metrics": {METRIC: {"value": ...}}}'
        )
        raise InvalidValueError([fault])
    return replace(plan, expected=float(expected), rows=rows)

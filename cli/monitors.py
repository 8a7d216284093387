"""Monitors as deployed: the function is asked to look, and its report is read."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.deployed import find_optional, stack_outputs
from cli.exits import CommandError, Exit
from cli.options import Place
from cli.target import Target
from tidegate.monitoring.baseline import ATTRIBUTIONS, PREDICTION, Baseline
from tidegate.monitoring.columns import Columns, Row
from tidegate.monitoring.evaluating import Evaluated, with_evaluation
from tidegate.monitoring.making import make_baseline
from tidegate.monitoring.seasons import Season
from tidegate_aws.errors import ABSENT_OBJECT, code_of
from tidegate_aws.monitor_store import REPORT_KEY

View = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """The deployed monitor of a model."""

    target: Target
    model: str
    function: str
    bucket: str

    reaction: str | None = None
    """The function that does something about findings, where there is one."""

    def run(self) -> Iterator[dict[str, Any]]:
        """What each invocation came to, until no captures are left."""
        while True:
            answer = self.invoked(self.function, what="monitor")
            yield answer
            if answer["next"] == "done":
                return

    def invoked(self, function: str, *, what: str) -> dict[str, Any]:
        """What a function answers; CommandError, naming what it is, where it fails."""
        told = self.target.client("lambda").invoke(FunctionName=function, Payload=b"{}")
        answer: dict[str, Any] = json.loads(told["Payload"].read())
        if "FunctionError" in told:
            raise CommandError(f"the {what} failed: {answer.get('errorMessage')}")
        return answer

    def report(self) -> View | None:
        """The newest report; None before the first run."""
        return self.document(REPORT_KEY)

    def document(self, key: str) -> View | None:
        """A document of the monitor's bucket; None where there is none."""
        client = self.target.client("s3")
        try:
            found = client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code_of(error) in ABSENT_OBJECT:
                return None
            raise
        view: View = json.loads(found["Body"].read())
        return view


def monitor_stack(project: str, stage: str, model: str) -> str:
    """The name of the stack that holds a model's monitor."""
    return f"{project}-{stage}-monitoring-{model}"


def find_monitor(where: Place, model: str) -> Monitor:
    """The monitor; CommandError where the model has none that is deployed."""
    found = find_optional_monitor(where, model)
    if found is None:
        raise CommandError(
            f"{model} has no monitor on {where.reading.name}: give it section 'monitoring' in the "
            "project file and run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    return found


def find_optional_monitor(where: Place, model: str) -> Monitor | None:
    """The monitor, or None where the model has none."""
    name = monitor_stack(where.project.name, where.stage, model)
    outputs = stack_outputs(where.reading, name)
    if not outputs or "MonitorBucketName" not in outputs:
        return None
    return Monitor(
        target=where.reading,
        model=model,
        function=outputs["MonitorFunctionName"],
        bucket=outputs["MonitorBucketName"],
        reaction=outputs.get("ReactionFunctionName"),
    )


def drift_in(where: Place) -> Iterator[str]:
    """What the monitors of a stage said last, a line each; nothing where there are none."""
    deployed = find_optional(where.reading, project=where.project.name, stage=where.stage)
    for model in () if deployed is None else sorted(deployed.store.models()):
        monitor = find_optional_monitor(where, model)
        if monitor is None:
            continue
        view = monitor.report()
        told = "monitored, and not looked at yet" if view is None else _verdict(view)
        yield f"{model} in {where.stage}: {told}"


def _verdict(view: View) -> str:
    return f"{view['word']}, {view['reason']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of a data set makes a baseline. No features: every column that is nothing else."""

    features: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    prediction: str | None = None
    drop: tuple[str, ...] = ()
    time: str | None = None
    season: Season = Season.NONE
    slices: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    attributions: str | None = None


def baseline_of(path: Path, choice: Choice) -> Baseline:
    """The baseline of a file: CSV with a header, or a JSON object a line (.jsonl)."""
    header = _names(path)
    special = {choice.prediction, choice.attributions, choice.time, *choice.drop}
    names = list(choice.features or [name for name in header if name not in special])
    renamed = {choice.prediction: PREDICTION, choice.attributions: ATTRIBUTIONS}
    rename = {name: new for name, new in renamed.items() if name is not None}
    if choice.prediction is not None:
        names.append(PREDICTION)
    columns = Columns(
        names=tuple(names),
        categories=frozenset(choice.categories),
        season=choice.season,
        moment=None if choice.time is None else lambda row: _moment(row.get(str(choice.time))),
        slices=choice.slices,
        attributions=choice.attributions is not None,
    )

    def read() -> Iterator[Row]:
        for row in _rows(path):
            found = {rename.get(name, name): raw for name, raw in row.items()}
            if columns.attributions:
                found[ATTRIBUTIONS] = _object(found.get(ATTRIBUTIONS))
            yield found

    return make_baseline(read, columns)


def _object(raw: Any) -> Any:
    """A JSON document in a cell of CSV; what is none stays as it is, and counts as missing."""
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def evaluated(baseline: Baseline, path: Path, of: Evaluated) -> Baseline:
    """The baseline with the evaluation in a file: CSV with a header, or .jsonl."""
    _refuse_without(path, (of.score, of.label))
    return with_evaluation(baseline, _rows(path), of)


def evaluation_of(
    path: Path | None, *, score: str | None, label: str | None, threshold: float | None
) -> Evaluated | None:
    """What of an evaluation is read; None without one. CommandError where only a part is said."""
    if path is None and score is None and label is None and threshold is None:
        return None
    if path is None or score is None or label is None:
        fault = "an evaluation needs all of --evaluation, --score and --label (--threshold is free)"
        raise CommandError(fault, code=Exit.REFUSED)
    if threshold is not None and not 0 <= threshold <= 1:
        fault = f"--threshold is {threshold:g}, must be a chance from 0 to 1"
        raise CommandError(fault, code=Exit.REFUSED)
    return Evaluated(score=score, label=label, threshold=threshold)


def _refuse_without(path: Path, names: Sequence[str]) -> None:
    there = _names(path)
    absent = [name for name in names if name not in there]
    if absent:
        named = ", ".join(there)
        fault = f"{path} has no column {' and none '.join(absent)}, there are: {named}"
        raise CommandError(fault, code=Exit.REFUSED)


def slices_of(told: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """What '--slice' says: a column, or a column and the edges that cut it (`age=30,50`)."""
    found: dict[str, tuple[float, ...]] = {}
    faults = []
    for one in told:
        name, sign, text = one.partition("=")
        try:
            edges = tuple(float(edge) for edge in text.split(",")) if sign else ()
        except ValueError:
            faults.append(f"--slice is {one!r}, must be COLUMN or COLUMN=EDGE,EDGE,...")
            continue
        found[name] = edges
    if faults:
        raise CommandError("; ".join(faults), code=Exit.REFUSED)
    return found


def _names(path: Path) -> list[str]:
    first = next(iter(_rows(path)), None)
    if first is None:
        raise CommandError(f"{path} has no rows", code=Exit.REFUSED)
    return list(first)


def _rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            if path.suffix == ".jsonl":
                yield from _json_rows(path, stream)
            else:
                yield from csv.DictReader(stream)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", code=Exit.REFUSED) from error


def _json_rows(path: Path, lines: Iterator[str] | Any) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CommandError(f"{path}:{number}: no JSON: {error}", code=Exit.REFUSED) from error
        if not isinstance(row, dict):
            fault = f"{path}:{number}: must be a JSON object of features"
            raise CommandError(fault, code=Exit.REFUSED)
        yield row


def _moment(raw: Any) -> float | None:
    """Unix seconds of a number or of a moment as ISO 8601 writes it, in UTC if it says no zone."""
    try:
        return float(raw)
    except (TypeError, ValueError):
        return _written_moment(str(raw))


def _written_moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    known = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return known.timestamp()

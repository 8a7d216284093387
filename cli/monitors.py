"""Monitors as deployed: the function is asked to look, and its report is read."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.deployed import find_optional, stack_outputs
from cli.exits import CommandError, Exit
from cli.options import Place
from cli.target import Target
from tidegate.monitoring.baseline import PREDICTION, Baseline
from tidegate.monitoring.making import Columns, Row, make_baseline
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

    def run(self) -> Iterator[dict[str, Any]]:
        """What each invocation came to, until no captures are left."""
        client = self.target.client("lambda")
        while True:
            told = client.invoke(FunctionName=self.function, Payload=b"{}")
            answer: dict[str, Any] = json.loads(told["Payload"].read())
            if "FunctionError" in told:
                raise CommandError(f"the monitor failed: {answer.get('errorMessage')}")
            yield answer
            if answer["next"] == "done":
                return

    def report(self) -> View | None:
        """The newest report; None before the first run."""
        client = self.target.client("s3")
        try:
            found = client.get_object(Bucket=self.bucket, Key=REPORT_KEY)
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


def baseline_of(path: Path, choice: Choice) -> Baseline:
    """The baseline of a file: CSV with a header, or a JSON object a line (.jsonl)."""
    header = _names(path)
    special = {choice.prediction, choice.time, *choice.drop}
    names = list(choice.features or [name for name in header if name not in special])
    rename = {} if choice.prediction is None else {choice.prediction: PREDICTION}
    if choice.prediction is not None:
        names.append(PREDICTION)
    columns = Columns(
        names=tuple(names),
        categories=frozenset(choice.categories),
        season=choice.season,
        moment=None if choice.time is None else lambda row: _moment(row.get(str(choice.time))),
    )

    def read() -> Iterator[Row]:
        for row in _rows(path):
            yield {rename.get(name, name): raw for name, raw in row.items()}

    return make_baseline(read, columns)


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

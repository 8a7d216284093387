"""Monitors in the project file: rules that need the baseline or another section, and the plan."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stacks.project.durations import DAY, seconds_of
from stacks.project.faults import Fault, did_you_mean
from stacks.project.locate import Shelf
from stacks.project.model_monitor import model_monitor_faults, model_monitor_of
from stacks.project.monitoring_quality import quality_misfits
from stacks.project.monitoring_shape import ExpectedOutcomesFile, MonitoringFile, ScoreFile
from stacks.project.monitoring_spec import MonitoringSpec
from stacks.project.reactions import reaction_faults, reaction_of
from stacks.project.source import Location, Source
from tidegate.errors import InvalidValueError
from tidegate.monitoring.baseline import PREDICTION, Baseline, read_baseline
from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.monitoring.plan import MonitoringPlan, ScorePlan, faults_of

LEAST_EVERY = 300
_MAKE = "make it with 'tidegate monitor baseline MODEL --data TRAINING.csv'"


def monitoring_of(
    file: MonitoringFile | None, shelf: Shelf, *, outcome_window: int
) -> MonitoringSpec | None:
    """The monitor that a checked section asks for; outcomes come within a window of seconds."""
    if file is None:
        return None
    return MonitoringSpec(
        plan=_plan(file, outcome_window),
        baseline=shelf.path(file.baseline),
        every_seconds=seconds_of(file.every),
        reaction=reaction_of(file.reaction),
        model_monitor=model_monitor_of(file.model_monitor),
    )


def _plan(file: MonitoringFile, outcome_window: int) -> MonitoringPlan:
    return MonitoringPlan(
        alpha=file.alpha,
        tolerance=file.tolerance,
        quality_tolerance=file.quality_tolerance,
        tolerances=dict(file.tolerances),
        window_seconds=seconds_of(file.window),
        lag_seconds=seconds_of(file.lag),
        records=file.records,
        predictions=file.predictions,
        prediction=file.prediction,
        client=file.client,
        columns=tuple(file.columns),
        outcomes=_outcomes(file.outcomes, outcome_window),
        score=None if file.score is None else _score(file.score),
        attributions=file.attributions,
        slices=tuple(sorted(set(file.slices))),
        slice_tolerance=file.slice_tolerance,
    )


def _score(file: ScoreFile) -> ScorePlan:
    return ScorePlan(
        at=file.at,
        auc_tolerance=file.auc_tolerance,
        calibration_tolerance=file.calibration_tolerance,
    )


def _outcomes(file: ExpectedOutcomesFile | None, window_seconds: int) -> OutcomePlan | None:
    if file is None:
        return None
    return OutcomePlan(
        kind=file.kind,
        expected=file.expected,
        rows=file.rows,
        tolerance=file.tolerance,
        window_seconds=window_seconds,
        metric=file.metric,
    )


def monitoring_faults(
    source: Source, at: Location, raw: Mapping[str, Any], shelf: Shelf
) -> Iterator[Fault]:
    """What is wrong with the monitor of the model at a location."""
    if raw.get("monitoring") is None:
        return
    try:
        section = MonitoringFile.model_validate(raw["monitoring"])
    except ValidationError:
        return  # its shape is told of already
    here = (*at, "monitoring")
    for fault in faults_of(_plan(section, DAY)):
        yield source.fault((*here, fault.partition(" ")[0].partition(".")[0]), fault)
    every = seconds_of(section.every)
    if not LEAST_EVERY <= every <= DAY:
        yield source.fault((*here, "every"), f"every is {section.every!r}, must be 5m to 1d")
    yield from reaction_faults(
        raw, section, lambda text, *keys: source.fault((*here, "reaction", *keys), text)
    )
    if section.outcomes is not None and section.outcomes.metric and raw.get("training") is None:
        words = "metric is of a training run's evaluation, the model has no section training"
        yield source.fault((*here, "outcomes", "metric"), words)
    if section.model_monitor is not None:
        for key, fault in model_monitor_faults(section.model_monitor):
            yield source.fault((*here, "model_monitor", key), fault)
    yield from _capture_faults(source, here, raw)
    yield from _baseline_faults(source, here, section, shelf)


def _capture_faults(source: Source, here: Location, raw: Mapping[str, Any]) -> Iterator[Fault]:
    capture = raw.get("data_capture")
    percent = capture.get("percent") if isinstance(capture, Mapping) else None
    if percent in (None, 0):
        told = "off" if percent is None else "0 percent"
        yield source.fault(
            here,
            f"data_capture is {told}, monitoring reads what is captured: give data_capture a "
            "percent above 0",
        )


def _baseline_faults(
    source: Source, here: Location, section: MonitoringFile, shelf: Shelf
) -> Iterator[Fault]:
    at = (*here, "baseline")
    path = shelf.path(section.baseline)
    if not path.is_file():
        yield source.fault(at, f"baseline is {section.baseline!r}: no such file: {_MAKE}")
        return
    try:
        baseline = read_baseline(path.read_text(encoding="utf-8"))
    except (InvalidValueError, UnicodeDecodeError) as error:
        yield source.fault(at, f"baseline is {section.baseline!r}: {error}")
        return
    for key, fault in (*_misfits(section, baseline), *quality_misfits(section, baseline)):
        yield source.fault((*here, key), fault)


def _misfits(section: MonitoringFile, baseline: Baseline) -> Iterator[tuple[str, str]]:
    has = PREDICTION in baseline.features
    if has and section.predictions is None:
        yield "predictions", "predictions is missing: the baseline has predictions, say where"
    if not has and section.predictions is not None:
        yield (
            "predictions",
            (
                "predictions is given, the baseline has none: make it with --prediction COLUMN, or "
                "drop predictions"
            ),
        )
    for name in section.tolerances:
        if name not in baseline.features:
            meant = did_you_mean(name, baseline.features)
            yield "tolerances", f"tolerances.{name}: the baseline has no such feature: {meant}"
    absent = [name for name in baseline.inputs if name not in section.columns]
    if section.columns and absent:
        named = ", ".join(absent[:5])
        yield "columns", f"columns lack {named}, of the baseline: name every column in its order"
    longest = baseline.season.longest_window_seconds
    window = seconds_of(section.window)
    if longest is not None and (window > longest or longest % window):
        yield (
            "window",
            (
                f"window is {section.window!r}, the baseline tells seasons by "
                f"{baseline.season.value}: must divide {longest // 3600}h"
            ),
        )

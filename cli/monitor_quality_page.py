"""Model quality on a monitor's page: figures over time, the reliability curve, worst slices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cli.charts import Axes, Chart, Line, Mark, styles, time_marks
from cli.html import moment
from cli.monitorwords import decimal, odds_of_slice, percent

_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_SLICES = 20
TIME_AXIS, SCORE_AXIS = "since the first window, cloud's clock", "mean score of the labelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plotted:
    """A chart, and what its horizontal axis is."""

    chart: Chart
    axis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRow:
    """A slice: cells of then and now, and what is found."""

    name: str
    cells: tuple[str, ...]
    found: str


def quality_charts(view: dict[str, Any]) -> Iterator[Plotted]:
    """Ranking, errors and calibration by window, and the curve; nothing where nothing is known."""
    quality = view.get("quality")
    if quality is None or not quality["points"]:
        return
    yield Plotted(chart=_over_time(view["window_seconds"], quality), axis=TIME_AXIS)
    yield Plotted(chart=_reliability(quality), axis=SCORE_AXIS)


def _over_time(seconds: int, quality: dict[str, Any]) -> Chart:
    points = quality["points"]
    axes = Axes(begin=points[0][0] * seconds, end=(points[-1][0] + 1) * seconds, low=0.0, high=1.0)
    series = {
        name: [((p[0] + 1) * seconds, p[place]) for p in points if p[place] is not None]
        for name, place in (("AUC", 3), ("wrong", 2), ("calibration error", 4))
    }
    was = quality["evaluation"]["auc"]
    return Chart(
        title="Ranking, errors and calibration, by window of prediction",
        description=f"{len(points)} windows; the last one: AUC {decimal(points[-1][3])}, "
        f"wrong {percent(points[-1][2])}, calibration error {percent(points[-1][4])}.",
        lines=_lines(series, axes),
        y_marks=tuple(Mark(at=axes.y(mark), text=f"{mark:g}") for mark in _QUARTERS),
        x_marks=time_marks(axes),
        headings=("window", "labelled", "wrong", "AUC", "calibration error"),
        rows=tuple(
            (moment(at * seconds), str(known), percent(wrong), decimal(auc), percent(gap))
            for at, known, wrong, auc, gap in points
        ),
        limit=None
        if was is None
        else Mark(at=axes.y(was), text=f"AUC in the evaluation {was:.3f}"),
    )


def _reliability(quality: dict[str, Any]) -> Chart:
    axes = Axes(begin=0.0, end=1.0, low=0.0, high=1.0)
    rows = [row for row in quality["reliability"] if row["said"] is not None]
    series = {
        "labels agree with scores": [(0.0, 0.0), (1.0, 1.0)],
        "labels of the last windows": [(row["said"], row["positive"]) for row in rows],
        "the evaluation": [
            (row["said"], row["evaluation"]) for row in rows if row["evaluation"] is not None
        ],
    }
    gap = quality["recent"]["calibration_error"]
    return Chart(
        title="Reliability: how often labels are positive, by what scores say",
        description=f"{len(rows)} groups of scores; calibration error {percent(gap)}.",
        lines=_lines(series, axes),
        y_marks=tuple(Mark(at=axes.y(mark), text=percent(mark)) for mark in _QUARTERS),
        x_marks=tuple(Mark(at=axes.x(mark), text=f"{mark:g}") for mark in _QUARTERS),
        headings=("scores", "labelled", "mean score", "positive", "in the evaluation"),
        rows=tuple(
            (
                row["scores"],
                str(row["labelled"]),
                decimal(row["said"]),
                percent(row["positive"]),
                percent(row["evaluation"]),
            )
            for row in quality["reliability"]
        ),
    )


def _lines(series: dict[str, list[tuple[float, float]]], axes: Axes) -> tuple[Line, ...]:
    looks = zip(series.items(), styles(len(series)), strict=True)
    return tuple(
        Line(name=name, colour=colour, dashes=dashes, points=axes.path(values))
        for (name, values), (colour, dashes) in looks
    )


def slice_rows(slices: Sequence[dict[str, Any]]) -> list[SliceRow]:
    """The worst slices, with each figure as it was in the evaluation and is now."""
    return [
        SliceRow(
            name=one["slice"],
            cells=(
                str(one["recent"]["labelled"]),
                *(
                    _then_and_now(one, figure, text)
                    for figure, text in (
                        ("wrong", percent),
                        ("auc", decimal),
                        ("calibration_error", percent),
                    )
                ),
                odds_of_slice(one),
            ),
            found=", ".join(one["found"]) or "no",
        )
        for one in slices[:MOST_SLICES]
    ]


def _then_and_now(one: dict[str, Any], figure: str, text: Any) -> str:
    then = None if one["evaluation"] is None else one["evaluation"][figure]
    return f"{text(then)} → {text(one['recent'][figure])}"

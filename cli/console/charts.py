"""The console's charts: for each metric what is known of the difference, and the evidence.

Geometry and the words that say the same, as in `cli/charts.py`, in a frame that can be read on a
telephone. Colours are not here: a line has a role, and the style sheet gives it its colour.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cli.charts import (
    HIGHEST_DRAWN,
    LOWEST_DRAWN,
    Axes,
    Frame,
    Mark,
    last_moment,
    moves,
    reached,
    steps,
    time_marks,
)
from cli.screen import percent, verdict_words
from tidegate.plan import Metric
from tidegate.verdict import Claim
from tidegate.view import Point, ReleaseView

FRAME = Frame(width=480, height=220, left=62, right=28, top=14, bottom=30, labels=6)
FLAT = Frame(width=480, height=130, left=62, right=28, top=14, bottom=30, labels=6)
MOST_ROWS = 50
"""Rows of a table of figures; the report has all of them."""

_MARGINS_DRAWN = 3.0
"""A difference further from zero than so many margins is drawn on the edge."""

_MOST_TICKS = 5
_DRAWN = (Claim.HARM, Claim.SAFE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One drawn series: its role, which gives it its look, and the points of an SVG shape."""

    role: str
    name: str
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A value that the others are held against, with its name in the chart."""

    role: str
    at: float
    name: str
    below: bool
    """Whether its name is written below it, away from the edge of the chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One chart over the time since the release began."""

    title: str
    description: str
    frame: Frame
    curves: tuple[Curve, ...]
    y_marks: tuple[Mark, ...]
    x_marks: tuple[Mark, ...]
    moved: tuple[Mark, ...]
    """When the candidate's share changed, and to what."""
    areas: tuple[Curve, ...] = ()
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricCharts:
    """What there is to see of one metric, and the newest of it in figures, newest first."""

    metric: str
    difference: Drawing
    evidence: Drawing
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def share_drawing(view: ReleaseView) -> Drawing | None:
    """The candidate's share over time, by the log; None before the first look, and of a shadow."""
    if not view.points or view.pairs is not None:
        return None
    axes = _axes(view, low=0.0, high=100.0, frame=FLAT)
    moved = moves(view)
    corners = [*steps(moved), (axes.end, moved[-1][1])]
    ground = [(axes.end, 0.0), (axes.begin, 0.0)]
    return Drawing(
        title="Its share of the traffic, as ordered",
        description="; ".join(f"{share} % after {_after(view, at)}" for at, share in moved),
        frame=FLAT,
        curves=(Curve(role="candidate", name="candidate's share", points=axes.path(corners)),),
        areas=(Curve(role="candidate", name="", points=axes.path([*corners, *ground])),),
        y_marks=tuple(Mark(at=axes.y(mark), text=f"{mark} %") for mark in (0, 50, 100)),
        x_marks=time_marks(axes),
        moved=(),
    )


def exposure_drawing(view: ReleaseView) -> Drawing | None:
    """The candidate's requests that were judged, over time; None before the first look."""
    if not view.points:
        return None
    served = [(point.at, float(point.candidate_requests)) for point in view.points]
    highest = max(1.0, served[-1][1])
    axes = _axes(view, low=0.0, high=highest, frame=FLAT)
    line = [(axes.begin, 0.0), *served]
    return Drawing(
        title="Its requests that were judged" if view.pairs is None else "Pairs that were judged",
        description=f"{served[-1][1]:,.0f} by the last look",
        frame=FLAT,
        curves=(Curve(role="candidate", name="requests judged", points=axes.path(line)),),
        areas=(Curve(role="candidate", name="", points=axes.path([*line, (served[-1][0], 0.0)])),),
        y_marks=tuple(
            Mark(at=axes.y(tick), text=f"{tick:,.0f}") for tick in _ticks(0.0, highest, most=3)
        ),
        x_marks=time_marks(axes),
        moved=_moved(view, axes),
    )


def metric_charts(view: ReleaseView) -> tuple[MetricCharts, ...]:
    """The charts of each metric of the plan; none before the first look.

    An A/B test has none: its looks are at all arms, and a table says how they stand.
    """
    if not view.points or view.ab_test is not None:
        return ()
    return tuple(
        MetricCharts(
            metric=metric,
            difference=_difference(view, metric),
            evidence=_evidence(view, metric),
            headings=_HEADINGS,
            rows=tuple(_row(view, point, metric) for point in reversed(view.points[-MOST_ROWS:])),
        )
        for metric in view.margins
    )


_HEADINGS = (
    "after",
    "requests",
    "live",
    "candidate",
    "difference, in points",
    "harm",
    "safe",
    "verdict",
)


def _axes(view: ReleaseView, *, low: float, high: float, frame: Frame = FRAME) -> Axes:
    return Axes(begin=view.started_at, end=last_moment(view), low=low, high=high, frame=frame)


def _difference(view: ReleaseView, metric: str) -> Drawing:
    margin = view.margins[metric]
    known = [(point.at, *point.bounds[metric]) for point in view.points if metric in point.bounds]
    axes = _axes(
        view,
        low=max([-_MARGINS_DRAWN * margin, min([-margin / 2, *(low for _, low, _ in known)])]),
        high=min([_MARGINS_DRAWN * margin, max([1.5 * margin, *(high for _, _, high in known)])]),
    )
    seen = [(point.at, seen) for point in view.points if (seen := _seen(point, metric)) is not None]
    upper = [(at, high) for at, _, high in known]
    lower = [(at, low) for at, low, _ in reversed(known)]
    return Drawing(
        title=_difference_title(metric),
        description=_difference_words(known, seen, margin=margin),
        frame=FRAME,
        curves=(Curve(role="candidate", name="seen", points=axes.path(seen)),),
        areas=(Curve(role="band", name="bounds", points=axes.path([*upper, *lower])),),
        y_marks=tuple(
            Mark(at=axes.y(tick), text=f"{100 * tick + 0.0:+.4g}" if tick else "0")
            for tick in _ticks(axes.low, axes.high)
        ),
        x_marks=time_marks(axes),
        moved=_moved(view, axes),
        levels=(
            Level(role="zero", at=axes.y(0.0), name="", below=False),
            Level(role="margin", at=axes.y(margin), name="margin", below=False),
        ),
    )


def _difference_title(metric: str) -> str:
    if metric == Metric.AGREEMENT.value:
        return f"{metric}: answers that differ, in percent"
    return f"{metric}: candidate minus live, in points"


def _difference_words(
    known: Sequence[tuple[float, float, float]],
    seen: Sequence[tuple[float, float]],
    *,
    margin: float,
) -> str:
    agreed = f"the margin is {_points(margin)} points"
    if not known or not seen:
        return f"nothing can be compared yet; {agreed}"
    _, low, high = known[-1]
    return (
        f"at the last look {_points(seen[-1][1])} points, "
        f"between {_points(low)} and {_points(high)}; {agreed}"
    )


def _evidence(view: ReleaseView, metric: str) -> Drawing:
    series = {
        claim: [(point.at, reached(point, f"{metric} {claim}")) for point in view.points]
        for claim in _DRAWN
    }
    highest = max(value for values in series.values() for _, value in values)
    axes = _axes(view, low=LOWEST_DRAWN, high=min(HIGHEST_DRAWN, max(1.25, 1.08 * highest)))
    last = ", ".join(f"{claim} {100 * values[-1][1]:.0f} %" for claim, values in series.items())
    return Drawing(
        title=f"{metric}: evidence, in percent of what proves it",
        description=f"at the last look: {last}",
        frame=FRAME,
        curves=tuple(
            Curve(role=claim.value, name=claim.value, points=axes.path(values))
            for claim, values in series.items()
        ),
        y_marks=tuple(
            Mark(at=axes.y(mark), text=f"{100 * mark:.0f} %")
            for mark in (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
            if axes.low <= mark <= axes.high
        ),
        x_marks=time_marks(axes),
        moved=_moved(view, axes),
        levels=(Level(role="limit", at=axes.y(1.0), name="proven", below=False),),
    )


def _moved(view: ReleaseView, axes: Axes) -> tuple[Mark, ...]:
    return tuple(Mark(at=axes.x(at), text=f"{share} %") for at, share in moves(view)[1:])


def _seen(point: Point, metric: str) -> float | None:
    live, candidate = point.live_rates.get(metric), point.candidate_rates.get(metric)
    return None if live is None or candidate is None else candidate - live


def _row(view: ReleaseView, point: Point, metric: str) -> tuple[str, ...]:
    bounds = point.bounds.get(metric)
    return (
        _after(view, point.at),
        f"{point.candidate_requests:,}",
        percent(point.live_rates.get(metric)),
        percent(point.candidate_rates.get(metric)),
        "-" if bounds is None else f"{_points(bounds[0])} to {_points(bounds[1])}",
        *(f"{100 * reached(point, f'{metric} {claim}'):.0f} %" for claim in _DRAWN),
        verdict_words(view, point.verdict),
    )


def _after(view: ReleaseView, at: float) -> str:
    return f"{(at - view.started_at) / 60:.1f} min"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"


def _ticks(low: float, high: float, *, most: int = _MOST_TICKS) -> tuple[float, ...]:
    """Round values within these, as many as can be read; zero is one where it is within."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough)
    return tuple(
        round(step * index, 12)
        for index in range(math.ceil(low / step), math.floor(high / step) + 1)
    )

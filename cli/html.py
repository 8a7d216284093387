"""The HTML report: one self-contained page with charts, that opens without a network.

The charts are inline SVG; their geometry is computed here, the template only places it.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape

from cli.screen import milliseconds, percent
from tidegate.view import Point, ReleaseView

WIDTH, HEIGHT, LEFT, BOTTOM = 720, 220, 44, 24
_COLOURS = ("#c62828", "#ad1457", "#6a1b9a", "#2e7d32", "#00838f", "#1565c0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One drawn series: SVG points, its colour and name."""

    name: str
    colour: str
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart: lines over the time since the release began, in minutes of the cloud."""

    title: str
    lines: tuple[Line, ...]
    y_labels: tuple[tuple[float, str], ...]
    x_labels: tuple[tuple[float, str], ...]
    limit_y: float | None = None


def write_report(path: Path, views: Sequence[ReleaseView], *, title: str, note: str = "") -> None:
    """Write the page of these releases; parent folders are made."""
    environment = Environment(
        loader=PackageLoader("cli", "templates"), autoescape=select_autoescape(["html", "j2"])
    )
    environment.filters.update(percent=percent, milliseconds=milliseconds, moment=_moment)
    page = environment.get_template("report.html.j2").render(
        title=title,
        note=note,
        views=[(view, charts_of(view)) for view in views],
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        bottom=BOTTOM,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def charts_of(view: ReleaseView) -> tuple[Chart, ...]:
    """Evidence against its limit, and the candidate's share: none before the first look."""
    if not view.points:
        return ()
    return (_evidence_chart(view), _share_chart(view))


def _evidence_chart(view: ReleaseView) -> Chart:
    names = sorted({name for point in view.points for name in point.evidence})
    series = {name: [_progress(point, name) for point in view.points] for name in names}
    highest = max(1.2, *(value for values in series.values() for value in values))
    lines = tuple(
        Line(
            name=name,
            colour=_COLOURS[index % len(_COLOURS)],
            points=_path(view, values, low=-0.5, high=highest),
        )
        for index, (name, values) in enumerate(series.items())
    )
    marks = (0.0, 1.0, *((highest,) if highest > 1.5 else ()))
    return Chart(
        title="Evidence, as a share of the limit at which it decides",
        lines=lines,
        y_labels=tuple((_y(m, low=-0.5, high=highest), f"{m:.1f}") for m in marks),
        x_labels=_x_labels(view),
        limit_y=_y(1.0, low=-0.5, high=highest),
    )


def _share_chart(view: ReleaseView) -> Chart:
    shares = [float(point.candidate_share) for point in view.points]
    line = Line(
        name="candidate's share of traffic, percent",
        colour=_COLOURS[5],
        points=_path(view, shares, low=0.0, high=100.0),
    )
    return Chart(
        title="Traffic",
        lines=(line,),
        y_labels=tuple((_y(m, low=0.0, high=100.0), f"{m:.0f} %") for m in (0.0, 50.0, 100.0)),
        x_labels=_x_labels(view),
    )


def _progress(point: Point, name: str) -> float:
    """Evidence over its limit, kept within what can be drawn."""
    limit = point.limits.get(name, 0.0)
    value = point.evidence.get(name, 0.0)
    return max(-0.5, min(3.0, value / limit)) if limit > 0 else 0.0


def _path(view: ReleaseView, values: Sequence[float], *, low: float, high: float) -> str:
    return " ".join(
        f"{_x(view, point.at):.1f},{_y(value, low=low, high=high):.1f}"
        for point, value in zip(view.points, values, strict=True)
    )


def _x(view: ReleaseView, at: float) -> float:
    end = view.points[-1].at
    span = max(1.0, end - view.started_at)
    return LEFT + (WIDTH - LEFT - 10) * (at - view.started_at) / span


def _y(value: float, *, low: float, high: float) -> float:
    return (HEIGHT - BOTTOM) * (1 - (value - low) / (high - low)) + 4


def _x_labels(view: ReleaseView) -> tuple[tuple[float, str], ...]:
    minutes = (view.points[-1].at - view.started_at) / 60
    step = max(1, math.ceil(minutes / 8))
    return tuple(
        (_x(view, view.started_at + 60 * minute), f"{minute} min")
        for minute in range(0, math.floor(minutes) + 1, step)
    )


def _moment(at: float | None) -> str:
    return "-" if at is None else time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))

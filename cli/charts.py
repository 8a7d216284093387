"""The geometry of a report's charts: evidence against its limit, and who had which share.

Computes coordinates and the words that say the same; knows no HTML.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cli.screen import verdict_words
from tidegate.view import Point, ReleaseView

WIDTH, HEIGHT = 760, 250
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 12, 40
"""The frame of a report's charts."""

LOWEST_DRAWN, HIGHEST_DRAWN = -0.5, 2.0
"""Evidence over its limit is drawn within these: beyond them it decides nothing more."""

_STYLES = (
    ("#b3261e", ""),
    ("#8e3b8a", "7 3"),
    ("#5b3fa8", "2 3"),
    ("#1b6e20", ""),
    ("#00696b", "7 3"),
    ("#7a5200", "2 3"),
)
"""Colour and dashes: each line can be told apart without colours too (contrast >= 4.5 to 1)."""

_TIME_STEPS = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)
_MOST_LABELS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One drawn series: SVG points, how it looks and what it is called."""

    name: str
    colour: str
    dashes: str
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place on an axis and what is written there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart over the time since the release began, and its figures as a table."""

    title: str
    description: str
    lines: tuple[Line, ...]
    y_marks: tuple[Mark, ...]
    x_marks: tuple[Mark, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    limit: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """How large a chart is, and the room around what is drawn, for its labels."""

    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = RIGHT
    top: float = TOP
    bottom: float = BOTTOM
    labels: int = _MOST_LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """From moments and values to coordinates."""

    begin: float
    end: float
    low: float
    high: float
    frame: Frame = Frame()

    def x(self, at: float) -> float:
        """Where a moment is, from the left."""
        span = max(1.0, self.end - self.begin)
        inside = min(max(at, self.begin), self.end) - self.begin
        room = self.frame.width - self.frame.left - self.frame.right
        return round(self.frame.left + room * inside / span, 1)

    def y(self, value: float) -> float:
        """Where a value is, from the top; values beyond the axis are drawn on its edge."""
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low)
        room = self.frame.height - self.frame.top - self.frame.bottom
        return round(self.frame.top + room * (1 - share), 1)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        """The points of an SVG polyline through (moment, value)."""
        return " ".join(f"{self.x(at)},{self.y(value)}" for at, value in points)


def charts_of(view: ReleaseView) -> tuple[Chart, ...]:
    """Evidence against its limit, and the traffic's shares, which a shadow never has.

    None before the first look.
    """
    if not view.points:
        return ()
    if view.pairs is not None:
        return (_evidence_chart(view),)
    return (_evidence_chart(view), _share_chart(view))


def last_moment(view: ReleaseView) -> float:
    """When the newest thing happened that is drawn; needs a look."""
    ends = [view.points[-1].at, *(entry.at for entry in view.log)]
    return max(ends)


def _evidence_chart(view: ReleaseView) -> Chart:
    names = sorted({name for point in view.points for name in point.evidence})
    series = {name: [(p.at, reached(p, name)) for p in view.points] for name in names}
    highest = max((value for values in series.values() for _, value in values), default=0.0)
    axes = Axes(
        begin=view.started_at,
        end=last_moment(view),
        low=LOWEST_DRAWN,
        high=min(HIGHEST_DRAWN, max(1.25, 1.08 * highest)),
    )
    marks = [mark for mark in (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0) if axes.low <= mark <= axes.high]
    return Chart(
        title="Evidence for each claim, in percent of what decides",
        description=_evidence_words(view, series),
        lines=tuple(
            Line(name=name, colour=colour, dashes=dashes, points=axes.path(series[name]))
            for name, (colour, dashes) in zip(names, styles(len(names)), strict=True)
        ),
        y_marks=tuple(Mark(at=axes.y(mark), text=f"{100 * mark:.0f} %") for mark in marks),
        x_marks=time_marks(axes),
        headings=("after", "candidate requests", "verdict", *names),
        rows=tuple(_evidence_row(view, point, names) for point in view.points),
        limit=Mark(at=axes.y(1.0), text="limit: proven"),
    )


def _evidence_words(view: ReleaseView, series: dict[str, list[tuple[float, float]]]) -> str:
    last = ", ".join(f"{name} {100 * values[-1][1]:.0f} %" for name, values in series.items())
    return f"{len(view.points)} looks; at the last one: {last}. At 100 % a claim is proven."


def _evidence_row(view: ReleaseView, point: Point, names: Sequence[str]) -> tuple[str, ...]:
    told = [f"{100 * reached(point, n):.0f} %" if n in point.evidence else "-" for n in names]
    after = f"{(point.at - view.started_at) / 60:.1f} min"
    verdict = verdict_words(view, point.verdict)
    return (after, str(point.candidate_requests), verdict, *told)


def _share_chart(view: ReleaseView) -> Chart:
    axes = Axes(begin=view.started_at, end=last_moment(view), low=0.0, high=100.0)
    moved = moves(view)
    last = moved[-1][1]
    return Chart(
        title="Share of the traffic that the candidate had",
        description="; ".join(
            f"{share} % from {(at - view.started_at) / 60:.1f} min" for at, share in moved
        ),
        lines=(
            Line(
                name="candidate's share, percent",
                colour="#0b57a4",
                dashes="",
                points=axes.path([*steps(moved), (axes.end, last)]),
            ),
        ),
        y_marks=tuple(Mark(at=axes.y(mark), text=f"{mark} %") for mark in (0, 25, 50, 75, 100)),
        x_marks=time_marks(axes),
        headings=("after", "share"),
        rows=tuple((f"{(at - view.started_at) / 60:.1f} min", f"{share} %") for at, share in moved),
    )


def moves(view: ReleaseView) -> list[tuple[float, int]]:
    """When the candidate's share was set to what, by the log; each change once."""
    slot = view.candidate.slot
    found: list[tuple[float, int]] = [(view.started_at, 0)]
    for entry in view.log:
        share = entry.after.get(slot, 0)
        if share != found[-1][1]:
            found.append((entry.at, share))
    return found


def steps(moved: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of a line that stays level until the next move."""
    corners: list[tuple[float, float]] = []
    for at, share in moved:
        if corners:
            corners.append((at, corners[-1][1]))
        corners.append((at, share))
    return corners


def reached(point: Point, name: str) -> float:
    """Evidence over its limit; 0 where nothing was looked for."""
    limit = point.limits.get(name, 0.0)
    return point.evidence.get(name, 0.0) / limit if limit > 0 else 0.0


def styles(count: int) -> tuple[tuple[str, str], ...]:
    """Colour and dashes of so many lines."""
    return tuple(_STYLES[index % len(_STYLES)] for index in range(count))


def time_marks(axes: Axes) -> tuple[Mark, ...]:
    """Round stretches of time since the axis begins, about as many as can be read."""
    span = max(1.0, axes.end - axes.begin)
    most = axes.frame.labels
    days = 86_400 * math.ceil(span / 86_400 / most)
    step = next((s for s in _TIME_STEPS if span / s <= most), days)
    return tuple(
        Mark(at=axes.x(axes.begin + step * index), text=_time_text(step * index, step))
        for index in range(math.floor(span / step) + 1)
    )


def _time_text(seconds: int, step: int) -> str:
    if step < 3_600:
        return f"{seconds // 60} min"
    return f"{seconds / 3_600:g} h" if step < 86_400 else f"{seconds // 86_400} d"

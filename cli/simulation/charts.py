"""The charts of simulated releases: how they ended, and how soon. Computes coordinates only."""

from collections.abc import Sequence
from dataclasses import dataclass

from cli.charts import WIDTH, Axes, Chart, Line, Mark, styles, time_marks
from cli.simulation.harms import Rung
from cli.simulation.release import End, end_name
from cli.simulation.summary import Row
from cli.simulation.table import usual_end
from tidegate.strategies import Strategy

BAR_HEIGHT, BAR_GAP, LABEL_WIDTH = 22, 8, 210
_COLOURS = {End.ROLLED_BACK: "#b3261e", End.HELD: "#8a6100", End.PROMOTED: "#1b6e20"}
_LEAST_LABELLED = 7.0
"""Percent of a bar's width below which a number does not fit into its part."""

_POINTS = 60
_LONG = 3.0
"""A chart of time ends at so many times the longest median: the last stragglers say little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a bar: from where, how wide, in which colour, and the number in it."""

    left: float
    width: float
    colour: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How the releases with one candidate ended."""

    label: str
    top: float
    parts: tuple[Part, ...]


def end_bars(rows: Sequence[Row]) -> tuple[Bar, ...]:
    """A bar a candidate, of three parts that together are all of its releases."""
    return tuple(
        Bar(label=row.harm.name, top=index * (BAR_HEIGHT + BAR_GAP), parts=_parts(row))
        for index, row in enumerate(rows)
    )


def bars_height(rows: Sequence[Row]) -> int:
    """How high all bars together are."""
    return len(rows) * (BAR_HEIGHT + BAR_GAP)


def colours(strategy: Strategy) -> tuple[tuple[str, str], ...]:
    """Each end and its colour."""
    return tuple((end_name(end, strategy), colour) for end, colour in _COLOURS.items())


def _parts(row: Row) -> tuple[Part, ...]:
    parts, left = [], float(LABEL_WIDTH)
    for end, colour in _COLOURS.items():
        percent = 100 * row.share(end).value
        width = (WIDTH - LABEL_WIDTH) * percent / 100
        text = f"{percent:.0f} %" if percent >= _LEAST_LABELLED else ""
        if percent > 0:
            parts.append(Part(left=round(left, 1), width=round(width, 1), colour=colour, text=text))
        left += width
    return tuple(parts)


def time_chart(rows: Sequence[Row]) -> Chart:
    """The share of releases that were decided by each moment: harmless ones, and at the margins."""
    shown = [row for row in rows if row.harm.rung in {Rung.NONE, Rung.MARGIN}]
    medians = [60 * m for row in shown if (m := row.decided(usual_end(row)).minutes) is not None]
    longest = max((o.seconds for row in shown for o in row.outcomes), default=60.0)
    end = min(longest, _LONG * max(medians, default=longest))
    axes = Axes(begin=0.0, end=end, low=0.0, high=100.0)
    moments = [end * index / _POINTS for index in range(_POINTS + 1)]
    names = [f"{row.harm.name}: {end_name(usual_end(row), row.strategy)}" for row in shown]
    curves = [[(at, _decided_by(row, at)) for at in moments] for row in shown]
    last = ", ".join(f"{n} {c[-1][1]:.0f} %" for n, c in zip(names, curves, strict=True))
    return Chart(
        title="Releases that were decided, in percent",
        description=f"after {end / 60:.0f} min: {last}",
        lines=tuple(
            Line(name=name, colour=colour, dashes=dashes, points=axes.path(curve))
            for name, curve, (colour, dashes) in zip(names, curves, styles(len(names)), strict=True)
        ),
        y_marks=tuple(Mark(at=axes.y(mark), text=f"{mark} %") for mark in (0, 25, 50, 75, 100)),
        x_marks=time_marks(axes),
        headings=("after", *names),
        rows=tuple(
            (f"{at / 60:.1f} min", *(f"{curve[index][1]:.0f} %" for curve in curves))
            for index, at in enumerate(moments)
        ),
    )


def _decided_by(row: Row, seconds: float) -> float:
    end = usual_end(row)
    decided = sum(o.end is end and o.seconds <= seconds for o in row.outcomes)
    return 100 * decided / len(row.outcomes)

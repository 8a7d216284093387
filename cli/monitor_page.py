"""The report of a monitor as an HTML page: verdict, charts over time, each drifted feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.charts import Axes, Chart, Line, Mark, styles, time_marks
from cli.html import moment, page_template
from cli.monitor_quality_page import TIME_AXIS, Plotted, quality_charts, slice_rows
from cli.monitorwords import odds, percent, quality_lines, since

MOST_LINES = 6
MOST_FEATURES = 12
BAR_WIDTH = 240
ONLY_ONE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A feature's distribution: a row a bin, with the widths of two bars."""

    feature: str
    finding: dict[str, Any] | None
    rows: tuple[tuple[str, float, float, str, str], ...]
    missing: tuple[str, str]


def write_page(path: Path, view: dict[str, Any]) -> None:
    """The page is written; parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(monitor_page(view), encoding="utf-8")


def monitor_page(view: dict[str, Any]) -> str:
    """The page of a view."""
    template = page_template("monitor.html.j2")
    labelled = quality_charts(view)
    return template.render(
        view=view,
        charts=[*(Plotted(chart=one, axis=TIME_AXIS) for one in _charts(view)), *labelled],
        slices=slice_rows(view.get("slices", ())),
        lines=quality_lines(view),
        bars=[_bars(view, name) for name in _shown(view)],
        odds=odds,
        share=percent,
        since=since,
        moment=moment,
    )


def _charts(view: dict[str, Any]) -> Sequence[Chart]:
    drift = (_evidence(view), _distances(view)) if view["points"] else ()
    return (*drift, *((_quality(view),) if view["outcomes"] else ()))


def _quality(view: dict[str, Any]) -> Chart:
    """Bad outcomes of each window whose outcomes can all have come."""
    seconds, outcomes = view["window_seconds"], view["outcomes"]
    shares = [
        ((window + 1) * seconds, bad / (bad + good), bad + good) for window, bad, good in outcomes
    ]
    axes = Axes(
        begin=outcomes[0][0] * seconds,
        end=shares[-1][0],
        low=0.0,
        high=min(1.0, max(0.1, 1.1 * max(share for _, share, _ in shares))),
    )
    line = [(at, share) for at, share, _ in shares]
    marks = [axes.high * k / 4 for k in range(5)]
    return Chart(
        title="Bad outcomes, of those known of each window",
        description=f"{len(shares)} windows; the last one: {percent(shares[-1][1])}.",
        lines=_lines({"bad outcomes": line}, axes),
        y_marks=tuple(Mark(at=axes.y(mark), text=percent(mark)) for mark in marks),
        x_marks=time_marks(axes),
        headings=("window", "bad", "known"),
        rows=tuple(
            (moment(at - seconds), percent(share), f"{known:.0f}") for at, share, known in shares
        ),
    )


def _axes(view: dict[str, Any], *, high: float) -> Axes:
    first, last = view["points"][0]["window"], view["points"][-1]["window"] + 1
    seconds = view["window_seconds"]
    return Axes(begin=first * seconds, end=last * seconds, low=0.0, high=high)


def _at(view: dict[str, Any], point: dict[str, Any]) -> float:
    return float((point["window"] + 1) * view["window_seconds"])


def _evidence(view: dict[str, Any]) -> Chart:
    names = list(view["points"][-1]["reached"])
    axes = _axes(view, high=2.0)
    series = {
        name: [(_at(view, p), p["reached"].get(name, 0.0)) for p in view["points"]]
        for name in names
    }
    last = ", ".join(f"{name} {100 * values[-1][1]:.0f} %" for name, values in series.items())
    return Chart(
        title="Evidence of drift, in percent of what one feature alone would need",
        description=f"{len(view['points'])} windows; at the last one: {last}.",
        lines=_lines(series, axes),
        y_marks=tuple(Mark(at=axes.y(m), text=f"{100 * m:.0f} %") for m in (0, 0.5, 1, 1.5, 2)),
        x_marks=time_marks(axes),
        headings=("window", "requests", *names),
        rows=tuple(
            (
                moment(p["window"] * view["window_seconds"]),
                str(p["requests"]),
                *(f"{100 * p['reached'].get(name, 0.0):.0f} %" for name in names),
            )
            for p in view["points"]
        ),
        limit=Mark(at=axes.y(ONLY_ONE), text="found"),
    )


def _distances(view: dict[str, Any]) -> Chart:
    names = _furthest(view)
    series = {
        name: [(_at(view, p), p["distances"].get(name, 0.0)) for p in view["points"]]
        for name in names
    }
    highest = max((value for values in series.values() for _, value in values), default=0.0)
    axes = _axes(view, high=max(0.1, 1.1 * highest))
    marks = [axes.high * k / 4 for k in range(5)]
    return Chart(
        title="How far the share that moved most is from the baseline, window by window",
        description="; ".join(f"{name} {percent(series[name][-1][1])}" for name in names),
        lines=_lines(series, axes),
        y_marks=tuple(Mark(at=axes.y(mark), text=percent(mark)) for mark in marks),
        x_marks=time_marks(axes),
        headings=("window", *names),
        rows=tuple(
            (
                moment(p["window"] * view["window_seconds"]),
                *(percent(p["distances"].get(name)) for name in names),
            )
            for p in view["points"]
        ),
    )


def _lines(series: dict[str, list[tuple[float, float]]], axes: Axes) -> tuple[Line, ...]:
    return tuple(
        Line(name=name, colour=colour, dashes=dashes, points=axes.path(values))
        for (name, values), (colour, dashes) in zip(
            series.items(), styles(len(series)), strict=True
        )
    )


def _furthest(view: dict[str, Any]) -> list[str]:
    drifted = [one["feature"] for one in view["findings"] if one["refused"]]
    last = view["points"][-1]["distances"]
    rest = sorted(last, key=lambda name: (-last[name], name))
    kept = dict.fromkeys(name for name in (*drifted, *rest) if name in last)
    return list(kept)[:MOST_LINES]


def _shown(view: dict[str, Any]) -> list[str]:
    named = dict.fromkeys(one["feature"] for one in view["findings"])
    return [name for name in named if name in view["distributions"]][:MOST_FEATURES]


def _bars(view: dict[str, Any], name: str) -> Bars:
    found = view["distributions"][name]
    pairs = list(zip(found["bins"], found["baseline"], found["recent"], strict=True))
    highest = max((max(was, now) for _, was, now in pairs), default=0.0)
    scale = BAR_WIDTH / highest if highest > 0 else 0.0
    rows = tuple(
        (
            text,
            round(scale * was, 1),
            round(scale * now, 1),
            percent(was),
            percent(now),
        )
        for text, was, now in pairs
    )
    finding = next(
        (one for one in view["findings"] if one["feature"] == name and one["refused"]), None
    )
    was, now = found["missing"]
    return Bars(feature=name, finding=finding, rows=rows, missing=(percent(was), percent(now)))

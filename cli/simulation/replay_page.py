"""The page of a replay: evidence against its limits by each plan; it opens offline."""

from pathlib import Path

from cli.charts import Axes, Chart, Line, Mark, styles, time_marks
from cli.html import page_template
from cli.screen import reached_share
from cli.simulation.comparison import (
    Replays,
    claim_name,
    claims_of,
    row_of_look,
    summary_lines,
)
from cli.simulation.replay import Replay
from cli.simulation.table import plan_words

_HIGHEST = 2.0
"""Evidence over its limit is drawn up to here: beyond, it decides nothing more."""


def write_replay_page(path: Path, replays: Replays) -> None:
    """The page is written; parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(replay_page(replays), encoding="utf-8")


def replay_page(replays: Replays) -> str:
    """The page as text."""
    longest = max(replay.last.minutes for replay in replays.all)
    return page_template("replay.html.j2").render(
        title=f"Replay of {replays.release_id}",
        slots=replays.comparison,
        summaries=summary_lines(replays),
        latency=replays.latency,
        plans=[
            (replay.name, plan_words(replay.plan), evidence_chart(replay, minutes=longest))
            for replay in replays.all
        ],
    )


def evidence_chart(replay: Replay, *, minutes: int) -> Chart:
    """The evidence for each claim over time, in percent of what decides."""
    names = claims_of(replay)
    series: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for look in replay.looks:
        for item in look.verdict.evidence:
            series[claim_name(item)].append((60.0 * look.minutes, reached_share(item)))
    highest = max((value for points in series.values() for _, value in points), default=0.0)
    axes = Axes(
        begin=0.0, end=60.0 * minutes, low=0.0, high=min(_HIGHEST, max(1.25, 1.08 * highest))
    )
    marks = [mark for mark in (0.0, 0.5, 1.0, 1.5, 2.0) if mark <= axes.high]
    last = ", ".join(f"{name} {100 * points[-1][1]:.0f} %" for name, points in series.items())
    return Chart(
        title="Evidence for each claim, in percent of what decides",
        description=f"{len(replay.looks)} looks; at the last one: {last}",
        lines=tuple(
            Line(name=name, colour=colour, dashes=dashes, points=axes.path(series[name]))
            for name, (colour, dashes) in zip(names, styles(len(names)), strict=True)
        ),
        y_marks=tuple(Mark(at=axes.y(mark), text=f"{100 * mark:.0f} %") for mark in marks),
        x_marks=time_marks(axes),
        headings=("after", "candidate requests", "verdict", *names),
        rows=tuple(row_of_look(look, (look.verdict.kind.value,)) for look in replay.looks),
        limit=Mark(at=axes.y(1.0), text="limit: proven"),
    )

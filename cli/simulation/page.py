"""The page of simulated releases: one file that opens offline."""

from pathlib import Path

from cli.html import page_template
from cli.simulation.charts import BAR_HEIGHT, bars_height, colours, end_bars, time_chart
from cli.simulation.release import End
from cli.simulation.result import Simulation
from cli.simulation.summary import Row
from cli.simulation.table import (
    candidate_words,
    decided_words,
    headings_of,
    meaning_of,
    plan_words,
    share_words,
)


def write_page(path: Path, simulation: Simulation) -> None:
    """The page is written; parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(simulation), encoding="utf-8")


def page(simulation: Simulation) -> str:
    """The page as text."""
    return page_template("simulation.html.j2").render(
        title=f"Simulated releases of {simulation.model}",
        runs=simulation.runs,
        seed=simulation.seed,
        plan=plan_words(simulation.plan),
        figures=simulation.basis.figures,
        warnings=simulation.advice.warnings(),
        bars=end_bars(simulation.rows),
        bar_height=BAR_HEIGHT,
        bars_height=bars_height(simulation.rows),
        colours=colours(simulation.plan.strategy),
        headings=headings_of(simulation.plan),
        meaning=meaning_of(simulation.plan),
        rows=[_cells(row) for row in simulation.rows],
        times=time_chart(simulation.rows),
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        *candidate_words(row.harm),
        *(share_words(row.share(end)) for end in (End.ROLLED_BACK, End.PROMOTED)),
        f"{100 * row.share(End.HELD).value:.0f} %",
        *decided_words(row),
    )

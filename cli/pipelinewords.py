"""A pipeline in words: its stages as a table for people, and what to do next."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from cli.pipelines import FAILED, RUNNING, PipelineView, StageView

_COLOURS = {"Succeeded": "green", RUNNING: "cyan", "not yet": "dim"}


def stages_table(view: PipelineView) -> Table:
    """Every action, under its stage."""
    table = Table(
        box=None, pad_edge=False, title=f"{view.name}: {view.status}", title_justify="left"
    )
    for heading in ("stage", "action", "stands", "execution", "says"):
        table.add_column(heading, overflow="fold")
    for stage in view.stages:
        execution = "" if stage.execution is None else stage.execution[:8]
        stands = _status("not entered" if stage.entry else stage.status)
        table.add_row(stage.name, "", stands, execution, stage.entry)
        for action in stage.actions:
            waits = "waits for a decision" if action.waits else action.status
            table.add_row("", action.name, _status(waits), "", action.said)
    return table


def _status(status: str) -> Text:
    colour = "red" if status in FAILED else _COLOURS.get(status, "yellow")
    return Text(status, style=colour)


def what_next(view: PipelineView) -> Iterator[str]:
    """What somebody may do now."""
    if view.waiting is not None:
        yield "'tidegate pipeline approve' shows the evidence and asks, 'reject' ends the execution"
    for stage in view.stages:
        yield from _of_stage(stage)


def _of_stage(stage: StageView) -> Iterator[str]:
    if stage.entry:
        yield f"{stage.name} was not entered: {stage.entry}"
    if stage.status in FAILED:
        yield f"{stage.name} failed: 'tidegate pipeline retry' runs what failed again"


def one_line(view: PipelineView) -> str:
    """Where the pipeline stands, on a line: what a watch prints at each change."""
    now = [
        f"{stage.name}/{action.name} {'waits for a decision' if action.waits else action.status}"
        for stage in view.stages
        for action in stage.actions
        if action.status == RUNNING or action.status in FAILED
    ]
    return f"{view.name} {view.status}" + (f": {', '.join(now)}" if now else "")

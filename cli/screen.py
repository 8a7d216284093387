"""A release on the terminal: shares, evidence against limits, verdict so far, progress.

Draws a `ReleaseView`; computes nothing that the view does not say.
"""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tidegate.view import ReleaseView, SlotView

_COLOURS = {
    "promoted": "green",
    "promote": "green",
    "rolled-back": "red",
    "roll-back": "red",
    "aborted": "yellow",
    "hold": "yellow",
}


def release_panel(view: ReleaseView) -> RenderableType:
    """Everything there is to see of a release, in one panel."""
    title = f"{view.model}  {view.live.label} → {view.candidate.label}"
    parts: list[RenderableType] = [_headline(view), _slots(view)]
    if view.evidence:
        parts.append(_evidence(view))
    parts.append(Text(view.reason, style="italic"))
    if view.paused is not None:
        parts.append(Text(f"paused: {view.paused}", style="yellow"))
    return Panel(Group(*parts), title=title, subtitle=view.release_id, border_style="cyan")


def _headline(view: ReleaseView) -> Text:
    step = f"step {min(view.step + 1, len(view.steps))} of {len(view.steps)}"
    line = Text(f"{view.strategy} by {view.mechanism}  {step}  ")
    line.append(view.phase, style=f"bold {_COLOURS.get(view.phase, 'cyan')}")
    if view.requests_needed:
        line.append(f"  about {view.requests_needed} more candidate requests needed")
    return line


def _slots(view: ReleaseView) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in (
        "",
        "slot",
        "version",
        "share",
        "",
        "requests",
        "errors",
        "wrong",
        "p50",
        "p95",
    ):
        table.add_column(heading, justify="left" if heading in {"", "slot", "version"} else "right")
    for slot in (view.live, view.candidate):
        table.add_row(*_slot_row(slot))
    return table


def _slot_row(slot: SlotView) -> tuple[RenderableType, ...]:
    bar = ProgressBar(total=100, completed=slot.share_percent, width=20)
    return (
        slot.role,
        slot.slot,
        slot.label,
        f"{slot.share_percent} %",
        bar,
        f"{slot.requests:,}",
        _share(slot.errors, slot.requests),
        _share(slot.outcomes_wrong, slot.outcomes_known),
        milliseconds(slot.latency_p50),
        milliseconds(slot.latency_p95),
    )


def _evidence(view: ReleaseView) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("evidence", "for", "live", "candidate", "difference", "against its limit"):
        table.add_column(heading)
    for item in view.evidence:
        reached = max(0.0, item.log_evidence) / item.log_limit if item.log_limit > 0 else 0.0
        bar = ProgressBar(total=1.0, completed=min(1.0, reached), width=24)
        table.add_row(
            item.metric,
            item.claim.value,
            percent(item.live_rate),
            percent(item.candidate_rate),
            _bounds(item.lower, item.upper),
            bar,
        )
    return table


def _share(part: int, whole: int) -> str:
    return "-" if whole == 0 else f"{100 * part / whole:.1f} %"


def percent(rate: float | None) -> str:
    """A rate as people read it, a dash without data."""
    return "-" if rate is None else f"{100 * rate:.1f} %"


def milliseconds(value: float | None) -> str:
    """A latency as people read it, a dash without data."""
    return "-" if value is None else f"{value:.1f} ms"


def _bounds(lower: float | None, upper: float | None) -> str:
    if lower is None or upper is None:
        return "-"
    return f"{100 * lower:+.1f} to {100 * upper:+.1f}"

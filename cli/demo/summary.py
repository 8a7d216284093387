"""What the demo leaves behind: a table, an HTML report and `summary.json`, of the same figures."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from cli.html import write_report
from cli.screen import duration
from tidegate.view import ReleaseView


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One release as it went: its view, and how long it took on the wall's clock."""

    view: ReleaseView
    wall_seconds: float


def write_summary(directory: Path, told: Sequence[Told], *, figures: dict[str, Any]) -> Path:
    """Write `summary.json` and `report.html`; the path of the report."""
    directory.mkdir(parents=True, exist_ok=True)
    summary = {"releases": [release_figures(item) for item in told], **figures}
    (directory / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    report = directory / "report.html"
    write_report(
        report,
        [item.view for item in told],
        title="Tidegate demo",
        note=f"AWS was emulated on this machine: 1 s of the wall's clock is "
        f"{figures['time_scale']:g} s of the cloud's. Models, requests, statistics and decisions "
        "are real; latencies are not scaled.",
    )
    return report


def release_figures(told: Told) -> dict[str, Any]:
    """The figures of one release. Seconds are of the cloud's clock, unless named `wall`."""
    view = told.view
    return {
        "model": view.model,
        "version": view.candidate.label,
        "strategy": view.strategy,
        "verdict": view.phase,
        "reason": view.reason,
        "candidate_requests": view.candidate.requests,
        "bad_answers": view.candidate.bad_answers,
        "seconds": view.seconds,
        "time_to_restore_seconds": view.time_to_restore_seconds,
        "wall_seconds": round(told.wall_seconds, 1),
        "release_id": view.release_id,
    }


def summary_table(told: Sequence[Told]) -> Table:
    """The figures of all releases, for people."""
    table = Table(title="What happened", show_lines=True)
    for heading in ("version", "verdict", "because"):
        table.add_column(heading, overflow="fold")
    for heading in ("served", "bad answers", "cloud time", "to restore"):
        table.add_column(heading, justify="right")
    for item in told:
        figures = release_figures(item)
        table.add_row(
            figures["version"],
            figures["verdict"],
            figures["reason"],
            str(figures["candidate_requests"]),
            str(figures["bad_answers"]),
            duration(figures["seconds"]),
            duration(figures["time_to_restore_seconds"]),
        )
    return table

"""What is said of batch runs: lines for people, documents for programs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table

from tidegate.batch.rounds import Round
from tidegate.batch.run import RunRecord

if TYPE_CHECKING:
    from cli.batches import BatchStanding


def run_json(record: RunRecord) -> dict[str, Any]:
    """A run in JSON types."""
    return {**record.to_json(), "open": record.open}


def one_line(record: RunRecord | None, now: Round | None) -> str:
    """How far a run is."""
    if record is None:
        return "starting"
    if record.status.over:
        return f"{record.status}: {record.why}"
    if now is None:
        return f"looking at {record.input} before anything is paid for"
    waiting = sum(unit.records for unit in now.units)
    return (
        f"round {now.number + 1}: {waiting:,} records in {len(now.units):,} objects to transform, "
        f"{now.out:,} done, {now.failed:,} failed"
    )


def runs_table(records: Sequence[RunRecord]) -> Table:
    """A row a run, the newest first."""
    table = Table(box=None, pad_edge=False)
    for name in ("run", "status", "version", "started", "records", "out", "failed", "USD"):
        table.add_column(name, no_wrap=True)
    for record in records:
        told = record.status.value
        table.add_row(
            record.run,
            told if record.purpose.value == "serve" else f"{told} (comparison)",
            record.label,
            f"{datetime.fromtimestamp(record.started_at, UTC):%Y-%m-%d %H:%M}",
            f"{record.records:,}",
            f"{record.out:,}",
            f"{record.failed:,}",
            "unknown" if record.usd is None else f"{record.usd:.4f}",
        )
    return table


def report_lines(report: Mapping[str, Any], *, bucket: str, results: str) -> list[str]:
    """A report for people."""
    usd, cost = report["cost"]["usd"], report["cost"]["said"]
    kind = f"{report['instances']['count']} x {report['instances']['type']}"
    lines = [
        f"run {report['run']} of {report['model']}: {report['status']}, {report['why']}",
        f"started because {report['because']}",
        f"version   {report['label']} ({report['version']}) in slot {report['slot']}",
        f"input     {report['input']}, {report['objects']:,} objects",
        f"records   {counts_said(report)}",
        f"duration  {report['seconds']:,.0f} s, {len(report['jobs'])} transform jobs on {kind}",
        f"cost      {'not known' if usd is None else f'${usd:.4f}'}: {cost}",
        f"results   s3://{bucket}/{results}",
    ]
    if report["failed"]:
        lines.append(f"failed    s3://{bucket}/failed/{report['run']}/")
    if report["lineage"]:
        fed = report["lineage"]
        lines.append(f"fed by    run {fed['run']} of {fed['model']}, {fed['version']['label']}")
    return lines


def batch_lines(batches: "Sequence[BatchStanding]") -> list[str]:
    """What is live of each deployed batch, what waits, and how its last run ended."""
    return [line for batch in batches if batch.live is not None for line in _batch_lines(batch)]


def _batch_lines(batch: "BatchStanding") -> Iterator[str]:
    model = f"batch of {batch.model}"
    if batch.live is not None:
        yield from (
            f"batch of {line}" for line in standing(batch.model, batch.live, batch.declared)
        )
    if batch.last is not None:
        yield f"{model}: run {batch.last.run} is {_told(batch.last)}"
    elif batch.looked:
        yield f"{model}: 'tidegate batch run {batch.model}' starts a run"


def _told(record: RunRecord) -> str:
    if record.status.over:
        return f"{record.status}: {record.out:,} of {record.records:,} records have a result"
    return f"{record.status}, begun with {record.label}"


def batch_json(batch: "BatchStanding") -> dict[str, Any]:
    """The same in JSON types."""
    last = None if batch.last is None else run_json(batch.last)
    return {"model": batch.model, "live": batch.live, "last_run": last}


def standing(model: str, pointer: Mapping[str, Any], declared: Mapping[str, Any]) -> list[str]:
    """Which version is live, and which one waits."""
    live, slot = pointer["version"], pointer["slot"]
    lines = [f"{model}: {live['label']} is live in slot {slot}"]
    waiting = [v for s, v in declared.items() if s != slot and v["digest"] != live["digest"]]
    return lines + [
        f"{v['label']} waits: 'tidegate batch compare {model}' holds it against {live['label']}"
        for v in waiting
    ]


def comparison_lines(found: Mapping[str, Any]) -> list[str]:
    """A comparison for people: the verdict in a sentence, then the figures."""
    lines = [f"{found['verdict']}: {found['reason']}"]
    if "failed" in found:
        failed = found["failed"]
        lines.append(
            f"records that failed: {failed['live']:,} of the live version, "
            f"{failed['candidate']:,} of the new one"
        )
    for name, scores in found.get("scores", {}).items():
        lines.append(f"scores    {name}: " + ", ".join(f"{score:.4g}" for score in scores))
    lines.extend(
        f"slice     {one['slice']}: {one['share']:.2%} of {one['of']:,} agree (surely "
        f"{one['from']:.2%} to {one['to']:.2%})"
        for one in found.get("worst_slices", ())
    )
    return lines


def counts_said(report: Mapping[str, Any]) -> str:
    """Every record of a run, counted."""
    names = {"records": "in", "out": "out", "failed": "failed", "open": "open"}
    return ", ".join(f"{report[name]:,} {said}" for name, said in names.items())


def fault_lines(faults: Mapping[str, Any], *, most: int) -> list[str]:
    """What is wrong with an input, and how much more there is."""
    shown = [
        f"{one['object']}{'' if one['line'] is None else ':' + str(one['line'])}: {one['fault']}"
        for one in faults["faults"][:most]
    ]
    more = faults["count"] - len(shown)
    return [*shown, f"and {more:,} more"] if more > 0 else shown

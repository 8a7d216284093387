"""A release on the terminal: shares, evidence against limits, verdict so far, progress.

Draws a `ReleaseView`; computes nothing that the view does not say.
"""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.arms import (
    arms_table,
    objective_words,
    out_words,
    shares_words,
    standing_words,
    versions_words,
)
from cli.pairs import COPIES, pairs_words
from tidegate.judge.quantiles import Bounded, Quantile
from tidegate.observation import OutcomeKind, Unit
from tidegate.release import Phase
from tidegate.verdict import Claim, Evidence
from tidegate.view import ReleaseView, SlotView

_COLOURS = {
    "promoted": "green",
    "passed": "green",
    "kept": "green",
    "promote": "green",
    "rolled-back": "red",
    "failed": "red",
    "roll-back": "red",
    "aborted": "yellow",
    "hold": "yellow",
}
_EVERYTHING = 100
"""Percent of the traffic that a promoted candidate has."""

_LONGEST_LABEL = 24
"""Columns; a bar gives way before any other column does, so that 80 columns are enough."""


def release_panel(view: ReleaseView, *, now: float | None = None) -> RenderableType:
    """Everything there is to see of a release in one panel; `now` adds its step's progress."""
    title = f"{view.model}  {versions_words(view)}"
    parts: list[RenderableType] = [_headline(view, now), _slots(view)]
    if view.ab_test is not None:
        parts += [Text(objective_words(view.ab_test)), arms_table(view.ab_test)]
        parts += [Text(line, style="red") for line in out_words(view.ab_test)]
        parts.append(Text(f"guardrails of {view.candidate.slot}, which leads:", style="dim"))
    if view.evidence:
        parts.append(_evidence(view))
    if view.latency:
        parts.append(latency_table(view.latency))
    parts.append(Text(view.reason, style="italic"))
    parts += _remarks(view)
    return Panel(
        Group(*parts), title=Text(title), subtitle=Text(view.release_id), border_style="cyan"
    )


def _remarks(view: ReleaseView) -> Iterator[Text]:
    """What stands below the reason."""
    pairs = pairs_words(view)
    if pairs is not None:
        yield Text(pairs)
    if view.paused is not None:
        yield Text(f"paused: {view.paused}", style="yellow")
    if view.unattributed_requests:
        yield Text(f"{view.unattributed_requests} requests belong to no slot")
    if view.mixed:
        yield Text(mixed_words(view), style="dim")
    if view.unit != Unit.REQUEST:
        yield Text(f"not covered: {view.limits}", style="dim")


def release_line(view: ReleaseView, *, now: float) -> str:
    """A release in one line, for logs: when, where it stands, what was seen, why.

    On its way the evidence stands for the reason, which would be long and the same again and again.
    """
    slot = view.candidate
    told, count, _ = _outcomes(view, slot)
    seen = f"{slot.requests:,} requests, {slot.errors:,} failed, {count:,} {told}"
    if view.mixed:
        seen = f"{view.exposure:,} requests"
    why = view.reason
    if view.evidence and view.phase in {Phase.SHIFTING, Phase.BAKING} and view.halted is None:
        why = f"{verdict_words(view, view.verdict)}; {evidence_words(view)}"
    return f"[{duration(now - view.started_at)}] {standing(view)}: {seen}; {why}"


def evidence_words(view: ReleaseView) -> str:
    """How much of what would prove each claim is there, the claims that say the same together."""
    claims: dict[str, list[str]] = {}
    for item in view.evidence:
        reached = f"{item.metric} {100 * reached_share(item):.0f} %"
        claims.setdefault(item.claim.value, []).append(reached)
    return "; ".join(f"{claim}: {', '.join(reached)}" for claim, reached in claims.items())


def mixed_words(view: ReleaseView) -> str:
    """What the counts of the slots are where nothing tells whose an answer was."""
    return (
        f"requests and latency of {view.live.slot} are of both fleets, which answer under one "
        f"name; as CloudWatch counts them, {view.exposure:,} requests were the candidate's"
    )


def steps_words(view: ReleaseView) -> str:
    """The candidate's shares, the last of them everything; of a shadow that there are none.

    Of an A/B test they are the arms'.
    """
    if view.pairs is not None:
        return COPIES
    if view.ab_test is not None:
        return shares_words(view.ab_test)
    last = () if view.steps[-1] == _EVERYTHING else (_EVERYTHING,)
    return " → ".join(f"{share} %" for share in (*view.steps, *last))


def verdict_words(view: ReleaseView, verdict: str) -> str:
    """A verdict as it is called in this release: a shadow passes or fails."""
    return verdict if view.pairs is None else _OF_SHADOWS.get(verdict, verdict)


_OF_SHADOWS = {"promote": "pass", "roll-back": "fail"}


def standing(view: ReleaseView) -> str:
    """Where a release stands, in a few words."""
    if view.halted is not None:
        return "halted"
    if view.phase not in {Phase.SHIFTING, Phase.BAKING}:
        return view.phase
    if view.ab_test is not None:
        return standing_words(view, view.ab_test)
    step = f"step {view.step + 1} of {len(view.steps)} ({view.steps[view.step]} %)"
    return f"{step} paused" if view.paused is not None else f"{step} {view.phase}"


def _headline(view: ReleaseView, now: float | None) -> Text:
    line = Text(f"{view.strategy} by {view.mechanism} ({steps_words(view)})  ")
    colour = "red" if view.halted is not None else _COLOURS.get(view.phase, "cyan")
    line.append(standing(view), style=f"bold {colour}")
    if now is not None and view.phase == Phase.BAKING and view.step_started_at is not None:
        baked, whole = now - view.step_started_at, view.bake_seconds[view.step]
        line.append(f"  baked {duration(baked)} of {duration(whole)}")
    if view.requests_needed and not view.over:
        whose = "candidate requests" if view.ab_test is None else "requests of all arms"
        line.append(f"  about {view.requests_needed:,} more {whose} needed")
    return line


def _slots(view: ReleaseView) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "slot", "version"):
        table.add_column(heading, no_wrap=True, max_width=_LONGEST_LABEL, overflow="ellipsis")
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("", max_width=16)
    for heading in ("requests", "errors", _outcomes(view, view.live)[0], "p50", "p95"):
        table.add_column(heading, justify="right", no_wrap=True)
    for slot in view.slots:
        table.add_row(*_slot_row(view, slot))
    return table


def _outcomes(view: ReleaseView, slot: SlotView) -> tuple[str, int, int]:
    """What is counted of a slot's outcomes, how many there are, and of how many."""
    answered = slot.requests - slot.errors
    if view.outcome_kind == OutcomeKind.CONVERSIONS:
        return "converted", slot.outcomes_known - slot.outcomes_wrong, answered
    if view.outcome_kind == OutcomeKind.COMPLAINTS:
        return "complaints", slot.outcomes_wrong, answered
    return "wrong", slot.outcomes_wrong, slot.outcomes_known


def _slot_row(view: ReleaseView, slot: SlotView) -> tuple[RenderableType, ...]:
    _, count, of = _outcomes(view, slot)
    return (
        slot.role,
        slot.slot,
        Text(slot.label),
        f"{slot.share_percent} %",
        ProgressBar(total=100, completed=slot.share_percent),
        f"{slot.requests:,}",
        _share(slot.errors, slot.requests),
        _share(count, of),
        milliseconds(slot.latency_p50),
        milliseconds(slot.latency_p95),
    )


_PROVEN = {Claim.HARM: "red", Claim.SAFE: "green", Claim.LIMIT: "red"}


def _evidence(view: ReleaseView) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("evidence of", no_wrap=True)
    for heading in ("live", "candidate", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("proven", max_width=24)
    table.add_column("", justify="right", no_wrap=True)
    for item in view.evidence:
        reached = reached_share(item)
        table.add_row(
            f"{item.metric} {item.claim.value}",
            percent(item.live_rate),
            percent(item.candidate_rate),
            bounds(item.lower, item.upper),
            ProgressBar(
                total=1.0,
                completed=min(1.0, reached),
                complete_style="cyan",
                finished_style=_PROVEN[item.claim],
            ),
            f"{100 * reached:.0f} %",
        )
    return table


def latency_table(quantiles: Sequence[Quantile]) -> Table:
    """Quantiles of both slots' latency at the same times, each with its bounds."""
    table = Table(box=None, pad_edge=False)
    table.add_column("latency, ms", no_wrap=True)
    for heading in ("live", "candidate", "candidate / live"):
        table.add_column(heading, justify="right")
    for item in quantiles:
        table.add_row(
            quantile_name(item),
            within(item.live),
            within(item.candidate),
            within(item.ratio),
        )
    return table


def quantile_name(item: Quantile) -> str:
    """A quantile as people call it: p50, p99."""
    return f"p{100 * item.quantile:g}"


def within(item: Bounded) -> str:
    """A number and its bounds, a question mark where one is not known yet."""
    lower, upper = ("?" if end is None else _digits(end) for end in (item.lower, item.upper))
    return f"{_digits(item.value)} ({lower} to {upper})"


def _digits(value: float) -> str:
    """Three digits that count, fewer below 1: buckets of latency are wider than that."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def reached_share(item: Evidence) -> float:
    """How much of the evidence that would prove the claim is there: 1 and more proves it."""
    return max(0.0, item.log_evidence) / item.log_limit if item.log_limit > 0 else 0.0


def _share(part: int, whole: int) -> str:
    return "-" if whole == 0 else f"{100 * part / whole:.1f} %"


def percent(rate: float | None) -> str:
    """A rate as people read it, a dash without data."""
    return "-" if rate is None else f"{100 * rate:.1f} %"


def milliseconds(value: float | None) -> str:
    """A latency as people read it, a dash without data."""
    return "-" if value is None else f"{_digits(value)} ms"


def bounds(lower: float | None, upper: float | None) -> str:
    """An interval of a difference of rates, in percentage points; a dash without data."""
    if lower is None or upper is None:
        return "-"
    return f"{100 * lower:+.1f} to {100 * upper:+.1f}"


def duration(seconds: float | None) -> str:
    """A stretch of time as people read it, a dash where it is not known."""
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3_600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h" if seconds < 48 * 3_600 else f"{seconds / 86_400:.1f} d"

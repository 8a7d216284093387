"""A recording replayed by one plan or two, and what that shows: for terminal, page and JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.screen import latency_table, reached_share
from cli.simulation.advice import minutes_in_words
from cli.simulation.release import End
from cli.simulation.replay import LookBack, Replay, first_difference
from cli.simulation.table import plan_words
from tidegate.judge import Comparison
from tidegate.judge.quantiles import Quantile
from tidegate.strategies import Strategy
from tidegate.verdict import Evidence, VerdictKind

_SHOWN = 20
"""Looks shown where not all are: those at which something changed, and some in between."""

_COLOURS = {VerdictKind.ROLL_BACK: "red", VerdictKind.PROMOTE: "green", VerdictKind.HOLD: "yellow"}
_ENDS = {
    End.ROLLED_BACK: "rolls back",
    End.PROMOTED: "promotes",
    End.HELD: "has not decided",
}
_ENDS_OF_SHADOWS = _ENDS | {End.ROLLED_BACK: "fails it", End.PROMOTED: "passes it"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replays:
    """What was replayed: the plan asked about, and another one to compare it with, if any."""

    release_id: str
    comparison: Comparison
    main: Replay
    other: Replay | None = None
    latency: tuple[Quantile, ...] = ()
    """Of the whole recording, whenever a plan would have decided."""

    @property
    def all(self) -> tuple[Replay, ...]:
        """Every replay."""
        return (self.main,) if self.other is None else (self.main, self.other)

    @property
    def difference(self) -> LookBack | None:
        """The first look at which the plans differ."""
        return None if self.other is None else first_difference(self.main, self.other)

    def to_json(self) -> dict[str, Any]:
        """The replays in JSON types."""
        difference = self.difference
        return {
            "release_id": self.release_id,
            "live": self.comparison.live,
            "candidate": self.comparison.candidate,
            "latency": [asdict(item) for item in self.latency],
            "replays": [replay.to_json() for replay in self.all],
            "first_difference": None if difference is None else difference.interval,
        }


def claims_of(replay: Replay) -> tuple[str, ...]:
    """The name of each claim, in the order of the verdicts."""
    return tuple(claim_name(item) for item in replay.last.verdict.evidence)


def claim_name(item: Evidence) -> str:
    """A claim in two words."""
    return f"{item.metric} {item.claim}"


def summary_lines(replays: Replays) -> tuple[str, ...]:
    """How each plan ends, and where they part, in sentences."""
    lines = [_summary(replay) for replay in replays.all]
    difference = replays.difference
    if replays.other is not None and difference is None:
        lines.append("both plans say the same at every look")
    elif difference is not None:
        lines.append(f"the plans part after {minutes_in_words(difference.minutes)}")
    return tuple(lines)


def _summary(replay: Replay) -> str:
    last, shadow = replay.last, replay.plan.strategy is Strategy.SHADOW
    end = (_ENDS_OF_SHADOWS if shadow else _ENDS)[replay.end]
    seen = "pairs" if shadow else "candidate requests"
    return (
        f"{replay.name} {end} after {minutes_in_words(last.minutes)} and "
        f"{last.verdict.candidate_requests:,} {seen}: {last.verdict.reason}"
    )


def comparison_parts(replays: Replays, *, most: int | None) -> Iterator[RenderableType]:
    """Everything there is to print."""
    slots = f"candidate {replays.comparison.candidate} against live {replays.comparison.live}"
    yield Text(f"{replays.release_id}: {slots}")
    for replay in replays.all:
        yield Text(f"{replay.name}: {plan_words(replay.plan)}", style="dim")
    yield Text("")
    yield _table(replays, looks_to_show(replays, most=most))
    yield Text("")
    if replays.latency:
        yield latency_table(replays.latency)
        yield Text("")
    for line in summary_lines(replays):
        yield Text(line)


def looks_to_show(replays: Replays, *, most: int | None) -> tuple[LookBack, ...]:
    """Every look; with `most`, where a verdict changed or the plans part, and some in between."""
    looks = replays.main.looks
    if most is None or len(looks) <= most:
        return looks
    every = len(looks) / most
    kept = {0, len(looks) - 1, *(round(index * every) for index in range(most))}
    kept |= {
        index
        for index in range(1, len(looks))
        if looks[index].verdict.kind is not looks[index - 1].verdict.kind
    }
    difference = replays.difference
    return tuple(look for index, look in enumerate(looks) if index in kept or look is difference)


def _table(replays: Replays, looks: Sequence[LookBack]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    claims = set(claims_of(replays.main))
    for heading in headings_of(replays):
        shown = heading.replace(" ", "\n") if heading in claims else heading
        table.add_column(shown, justify="right", no_wrap=True)
    for look in looks:
        verdicts = verdicts_at(replays, look)
        cells = row_of_look(look, verdicts)
        parted = replays.other is not None and verdicts[-1] != verdicts[0]
        style = "bold" if parted else _COLOURS.get(look.verdict.kind, "")
        table.add_row(*(Text(cell) for cell in cells), style=style)
    return table


def headings_of(replays: Replays) -> tuple[str, ...]:
    """The columns of the looks: verdicts, then how much of each claim's evidence is there."""
    others = () if replays.other is None else (replays.other.name,)
    return ("after", "requests", replays.main.name, *others, *claims_of(replays.main))


def verdicts_at(replays: Replays, look: LookBack) -> tuple[str, ...]:
    """What each plan says at a look; a dash once it is over by the other plan."""
    if replays.other is None:
        return (look.verdict.kind.value,)
    kinds = {item.interval: item.verdict.kind.value for item in replays.other.looks}
    return (look.verdict.kind.value, kinds.get(look.interval, "-"))


def row_of_look(look: LookBack, verdicts: Sequence[str]) -> tuple[str, ...]:
    """The cells of one look."""
    return (
        f"{look.minutes} min",
        f"{look.verdict.candidate_requests:,}",
        *verdicts,
        *(f"{100 * reached_share(item):.0f} %" for item in look.verdict.evidence),
    )

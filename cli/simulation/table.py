"""Simulated releases on the terminal: what was assumed, and a row a candidate."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.pairs import COPIES
from cli.simulation.advice import minutes_in_words, written_duration
from cli.simulation.figures import Figure
from cli.simulation.harms import Harm
from cli.simulation.release import End
from cli.simulation.result import Simulation
from cli.simulation.summary import Row, Share
from tidegate.plan import ReleasePlan
from tidegate.strategies import Strategy

HEADINGS = (
    "candidate",
    "",
    "rolled back",
    "promoted",
    "held",
    "after",
    "requests",
    "bad answers",
)
SHADOW_HEADINGS = ("candidate", "", "failed", "passed", "held", "after", "pairs")
"""Of a shadow users get no answer, so that there are no bad ones to count."""


def simulation_parts(simulation: Simulation) -> Iterator[RenderableType]:
    """Everything there is to print: plan, figures, table, advice."""
    yield Text(f"{simulation.model}: {plan_words(simulation.plan)}")
    yield Text("; ".join(figure_lines(simulation.basis.figures)), style="dim")
    yield Text("")
    yield rows_table(simulation.rows, headings_of(simulation.plan))
    yield Text("")
    yield Text(
        f"{simulation.runs:,} releases of each candidate; {meaning_of(simulation.plan)}",
        style="dim",
    )
    for warning in simulation.advice.warnings():
        yield Text(warning, style="yellow")


def headings_of(plan: ReleasePlan) -> tuple[str, ...]:
    """The columns of the table, and of the page's."""
    return SHADOW_HEADINGS if plan.strategy is Strategy.SHADOW else HEADINGS


def meaning_of(plan: ReleasePlan) -> str:
    """What the figures in the columns are."""
    shares = "shares with their 95 % intervals; time and "
    medians = " are medians of the decision that most came to"
    if plan.strategy is Strategy.SHADOW:
        return f"{shares}pairs{medians}"
    return (
        f"{shares}candidate requests{medians}, bad answers (those that the live version would not "
        "have given) a mean"
    )


def plan_words(plan: ReleasePlan) -> str:
    """A plan in one line."""
    shadow = plan.strategy is Strategy.SHADOW
    steps = ", ".join(
        f"{COPIES if shadow else f'{step.share_percent} %'} for "
        f"{written_duration(step.bake_seconds)}"
        for step in plan.steps
    )
    margins = ", ".join(
        f"{g.metric} {100 * g.margin:.3g} points"
        + (
            f" ({g.tolerated_slowdown:.3g} times slower tolerated)"
            if g.tolerated_slowdown > 1
            else ""
        )
        for g in plan.guardrails
    )
    return (
        f"{plan.strategy}: {steps}, hold {written_duration(plan.hold_seconds)}; "
        f"margins: {margins}; alpha {100 * plan.alpha:.3g} %, beta {100 * plan.beta:.3g} %"
    )


def figure_lines(figures: Sequence[Figure]) -> list[str]:
    """What the traffic is taken to be, and where each figure comes from."""
    return [f"{figure.name}: {figure.text} ({figure.source})" for figure in figures]


LONGEST_WORD = 9
"""Of what candidates are called: no word is cut in a terminal of 80 columns."""


def rows_table(rows: Sequence[Row], headings: Sequence[str]) -> Table:
    """A row a candidate; a share that is a wrong decision is red."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings[:2]:
        table.add_column(heading, min_width=LONGEST_WORD)
    for heading in headings[2:]:
        # Intervals go below their figure where the terminal is narrow.
        table.add_column(heading, justify="right")
    for row in rows:
        wrong = wrong_end(row.harm)
        table.add_row(
            *(Text(words) for words in candidate_words(row.harm)),
            *(
                Text(share_words(share), style="red" if end is wrong and share.count else "")
                for end in (End.ROLLED_BACK, End.PROMOTED)
                for share in (row.share(end),)
            ),
            Text(f"{100 * row.share(End.HELD).value:.0f} %"),
            *(Text(words) for words in decided_words(row)),
        )
    return table


def wrong_end(harm: Harm) -> End | None:
    """The decision that would be wrong; harm below its margin may go either way."""
    if harm.metric is None:
        return End.ROLLED_BACK
    return End.PROMOTED if harm.forbidden else None


def candidate_words(harm: Harm) -> tuple[str, str]:
    """The candidate of a row: how bad, and what it does."""
    return harm.name, harm.words


def share_words(share: Share) -> str:
    """A share with its interval."""
    low, high = (_figure(100 * bound) for bound in share.interval)
    return f"{_figure(100 * share.value)} % ({low}-{high})"


def _figure(percent: float) -> str:
    return f"{percent:.0f}" if percent >= 9.95 or percent == 0 else f"{percent:.1f}"


def decided_words(row: Row) -> tuple[str, ...]:
    """When most runs were decided, after how many candidate requests, and what it cost users.

    Of a shadow, which cost users nothing, the last one is left out.
    """
    return _decided(row)[: 2 if row.strategy is Strategy.SHADOW else 3]


def _decided(row: Row) -> tuple[str, str, str]:
    end = usual_end(row)
    decided = row.decided(end)
    requests = decided.candidate_requests
    bad = "-" if row.harm.metric is None else f"{row.bad_answers:,.0f}"
    if decided.minutes is None or requests is None:
        return "-", "-", bad
    return f"{minutes_in_words(decided.minutes)}", f"{requests:,.0f}", bad


def usual_end(row: Row) -> End:
    """The decision that most runs came to; a wait for an operator is none."""
    rolled_back, promoted = row.share(End.ROLLED_BACK), row.share(End.PROMOTED)
    return End.PROMOTED if promoted.count > rolled_back.count else End.ROLLED_BACK

"""One rule in one scenario: every release by itself, and what the judge said of it."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.judge.figures import cell
from bench.judge.measure import Runs, play, seed_of
from bench.judge.product import JUDGE, verdicts
from bench.judge.recorded import Recorded
from bench.judge.rules import NEVER, Rule
from bench.judge.simulate import simulate
from bench.judge.worlds import LOOKS, Scenario
from tidegate.verdict import Verdict, VerdictKind

TOLD_AT = (1, 5, 15, 30, 60, 120, 180, 240)
"""Looks whose evidence is printed, besides the last."""


def look(scenario: Scenario, rule: Rule, console: Console, *, runs: int, seed: int) -> None:
    """The releases are printed one by one, with the judge's evidence over the first of them."""
    recorded = simulate(scenario, runs, seed_of(scenario.name, 0, seed=seed))
    console.print(f"{scenario.name}: {rule.name} ({rule.documented})", highlight=False)
    found = play(recorded, rule)
    console.print(_releases(found))
    console.print(_words(found), highlight=False)
    if rule.name == JUDGE.name:
        _explain(recorded, console)


def _releases(found: Runs) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for heading in ("release", "rolled back at look", "candidate requests", "promote at look"):
        table.add_column(heading, justify="right")
    for run, (rolled_back, promoted, requests) in enumerate(
        zip(found.rolled_back, found.promoted, found.requests, strict=True)
    ):
        table.add_row(str(run), _look(rolled_back), str(requests), _look(promoted))
    return table


def _look(value: int) -> str:
    return "-" if value >= NEVER else str(value + 1)


def _words(found: Runs) -> str:
    one = cell(found)
    share = one.rolled_back
    words = (
        f"rolled back: {share.count} of {share.of}, 95 % interval "
        f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
    )
    if one.early:
        words += f"; {one.early} more before the candidate turned bad"
    if one.ratio is not None and one.median_requests is not None:
        words += (
            f"; median candidate requests {one.median_requests:.0f}, "
            f"{one.ratio:.2f} times the oracle's"
        )
    return words


def _explain(recorded: Recorded, console: Console) -> None:
    """The evidence of the first release over its limits, and the last reason."""
    told: list[tuple[int, Verdict]] = []
    for at, verdict in enumerate(verdicts(recorded, 0), start=1):
        over = verdict.kind is VerdictKind.ROLL_BACK or at == LOOKS
        if at in TOLD_AT or over:
            told.append((at, verdict))
        if over:
            break
    console.print(_evidence(told))
    console.print(f"release 0: {told[-1][1].kind}: {told[-1][1].reason}", highlight=False)


def _evidence(told: Sequence[tuple[int, Verdict]]) -> Table:
    """Evidence of each claim in percent of what proves it."""
    table = Table(title="release 0: evidence in percent of its limit", box=SIMPLE_HEAD)
    for heading in ("look", "candidate requests", "verdict"):
        table.add_column(heading, justify="right")
    for item in told[0][1].evidence:
        table.add_column(f"{item.metric} {item.claim}", justify="right")
    for at, verdict in told:
        table.add_row(
            str(at),
            str(verdict.candidate_requests),
            verdict.kind,
            *(f"{100 * item.log_evidence / item.log_limit:.0f}" for item in verdict.evidence),
        )
    return table

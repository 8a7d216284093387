"""The figures as tables on the terminal."""

from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.judge.cost import Cost
from bench.judge.figures import Beside, Cell, Share, Summary
from bench.judge.results import Results, bad, harmless
from bench.judge.scenarios import named
from bench.judge.worlds import Family
from tidegate.plan import Metric

FAMILIES = (Family.ERRORS, Family.OUTCOMES, Family.LATENCY, Family.LATE_ONSET)

SERVED = ("served, sum", "mean", "but outcomes, sum", "mean")

WIDTH = 172
"""Of tables that go to a file."""


def show(results: Results, console: Console) -> None:
    """All tables are printed."""
    summaries = results.summaries()
    console.print(_promises(results, summaries))
    console.print(_speed(results, summaries))
    console.print(_by_scenario(results, _false_rollbacks, harmless))
    console.print(_by_scenario(results, _requests, bad))
    if results.cost is not None:
        console.print(_cost(results.cost))


def _promises(results: Results, summaries: Sequence[Summary]) -> Table:
    table = Table(
        title=f"Releases rolled back, percent of {results.runs} a scenario [95 % interval]",
        box=SIMPLE_HEAD,
    )
    table.add_column("rule")
    for heading in ("harmless", "worst of them", "clumped, sticky", "before onset", "least power"):
        table.add_column(heading, justify="right")
    for one in summaries:
        table.add_row(
            one.rule,
            _with_interval(one.false_pooled),
            _scenario_share(one.false_worst),
            _scenario_share(one.stress_worst),
            _with_interval(one.early),
            _scenario_share(one.power_worst),
        )
    return table


def _speed(results: Results, summaries: Sequence[Summary]) -> Table:
    table = Table(
        title="Candidate requests to rollback over the oracle's (geometric means of medians), and "
        "bad requests served over the judge's",
        box=SIMPLE_HEAD,
    )
    table.add_column("rule")
    for heading in ("all", *FAMILIES, "worst", "found", *SERVED):
        table.add_column(heading, justify="right")
    for one in summaries:
        worst = one.ratio_worst
        table.add_row(
            one.rule,
            _number(one.ratios.get("all")),
            *(_number(one.ratios.get(family.value)) for family in FAMILIES),
            "-" if worst is None else f"{_number(worst.ratio)} {worst.scenario}",
            f"{one.found} of {one.bad}",
            *_served(results.beside_judge(one.rule, *Metric)),
            *_served(results.beside_judge(one.rule, Metric.ERRORS, Metric.LATENCY)),
        )
    return table


def _by_scenario(
    results: Results,
    told: Callable[[Cell], str],
    of: Callable[[Results, str], list[Cell]],
) -> Table:
    """One row a scenario, one column a rule."""
    table = Table(title=told.__doc__, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("scenario", no_wrap=True)
    for rule in results.rules:
        table.add_column(rule, justify="right")
    by_rule = {rule: {one.scenario: one for one in of(results, rule)} for rule in results.rules}
    for scenario in next(iter(by_rule.values()), {}):
        table.add_row(scenario, *(told(by_rule[rule][scenario]) for rule in results.rules))
    return table


def _false_rollbacks(one: Cell) -> str:
    """Harmless releases rolled back, percent."""
    return _percent(one.rolled_back.value)


def _requests(one: Cell) -> str:
    """Candidate requests to rollback over the oracle's, and the power where it is below 99 %."""
    power = one.rolled_back.value
    shown = f" {100 * power:.0f}%" if one.rolled_back.of and power < 0.99 else ""
    if not one.watched:
        return f"unseen{shown}"
    if not one.rolled_back.of:
        return "all before"
    return f"{_number(one.ratio)}{shown}"


def _cost(cost: Cost) -> Table:
    table = Table(title="Cost of the judge", box=SIMPLE_HEAD)
    for heading in ("a step, median", "slowest step", "state as JSON", "import"):
        table.add_column(heading, justify="right")
    table.add_row(
        f"{cost.step_milliseconds:.2f} ms ({cost.step_scenario})",
        f"{cost.slowest_milliseconds:.1f} ms",
        f"{cost.state_bytes} bytes ({cost.state_scenario})",
        f"{cost.import_milliseconds:.0f} ms",
    )
    return table


def _with_interval(share: Share | None) -> str:
    if share is None:
        return "-"
    return f"{_percent(share.value)} [{_percent(share.low)}, {_percent(share.high)}]"


def _scenario_share(one: Cell | None) -> str:
    if one is None:
        return "-"
    return f"{_percent(one.rolled_back.value)} {named(one.scenario).name}"


def _served(beside: Beside) -> tuple[str, str]:
    return _number(beside.sums), _number(beside.geometric_mean)


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 9.995 else f"{value:.0f}"

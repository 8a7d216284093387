"""A report of costs on a terminal."""

from collections.abc import Iterator

from rich.table import Table

from cli.profiling.costs import FunctionCost, LineCost
from cli.profiling.report import ESTIMATED, Report

SOURCE = "lambda"
"""The folder of the functions, which paths are below."""
_DIGITS = 3
_PACKAGES = "site-packages."


def head_lines(report: Report) -> Iterator[str]:
    """What was looked at, and the bill."""
    costs = report.costs
    yield f"stage {report.group.stage}, profiled {report.profiled.words} UTC"
    yield (
        f"Lambda billed {usd_words(costs.totals.usd)} from {report.billed.words} UTC, "
        f"{usd_words(report.usd_a_month)} a month at this rate"
    )


def lines_table(report: Report, *, top: int) -> Table:
    """The most expensive lines, the dearest first."""
    table = Table(box=None, pad_edge=False)
    for heading in ("cost", "of its function", "line", "frame", "mostly in"):
        right = heading in ("cost", "of its function")
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for line in report.costs.lines[:top]:
        table.add_row(
            usd_words(line.usd),
            f"{line.share:.1%} of {line.spot.function}",
            place_words(line),
            line.spot.frame.partition(":")[2],
            _calls(line),
        )
    return table


def functions_table(report: Report) -> Table:
    """What each function was billed."""
    table = Table(box=None, pad_edge=False)
    for heading in (
        "function",
        "requests",
        "seconds",
        "GB-seconds",
        "duration",
        "requests",
        "samples",
    ):
        table.add_column(heading, justify="left" if heading == "function" else "right")
    for each in report.costs.functions:
        if each.requests > 0 or each.samples > 0:
            table.add_row(*_function_cells(each))
    return table


def _function_cells(each: FunctionCost) -> tuple[str, ...]:
    return (
        each.function,
        f"{each.requests:,.0f}",
        f"{each.seconds:,.1f}",
        f"{each.gb_seconds:,.2f}",
        usd_words(each.duration_usd),
        usd_words(each.request_usd),
        f"{each.samples:,}",
    )


def sum_lines(report: Report, *, top: int) -> Iterator[str]:
    """What is not in the table of lines, so that everything adds up."""
    costs, totals = report.costs, report.costs.totals
    more = costs.lines[top:]
    if more:
        known = [line.usd for line in more if line.usd is not None]
        rest = sum(known) if len(known) == len(more) else None
        yield f"{len(more)} more lines: {usd_words(rest)} (--top shows more)"
    yield (
        f"lines {usd_words(totals.lines_usd)} + functions without a sample "
        f"{usd_words(totals.unsampled_usd)} + requests {usd_words(totals.request_usd)} "
        f"= {usd_words(totals.usd)}"
    )
    yield (
        f"{costs.samples:,} samples in functions; {costs.beside:,} beside them, in threads of "
        "their own, are of no line"
    )


def tail_lines(report: Report) -> Iterator[str]:
    """What the profiler recommends, what is estimated, and at which prices."""
    for one in report.advice:
        yield f"CodeGuru Profiler: {one.name} ({one.percent:.1f} % of all samples): {one.steps}"
    yield ESTIMATED
    yield f"prices: {report.group.prices.said}"


def place_words(line: LineCost) -> str:
    """Where it is: `lambda/tidegate/judge.py:10-20`, the first and last line that were seen."""
    lines = "-".join(str(number) for number in line.spot.lines)
    return f"{SOURCE}/{line.spot.file}" + (f":{lines}" if lines else "")


def _calls(line: LineCost) -> str:
    calls = line.calls
    if calls is None:
        return ""
    # The agent names a module by its file, where no folder of the search path begins it.
    return f"{calls[0].rpartition(_PACKAGES)[2]} ({calls[1]:.0%})"


def usd_words(usd: float | None) -> str:
    """US dollars with three digits that count, cents from a dollar on; unknown without a price."""
    if usd is None:
        return "unknown"
    if usd >= 1 or usd == 0:
        return f"${usd:,.2f}"
    exponent = int(f"{usd:e}".partition("e")[2])
    return f"${usd:.{_DIGITS - 1 - exponent}f}"

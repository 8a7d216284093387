"""A comparison of strategies on the terminal: time and risk, cost, and what cannot be."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.outlook.comparison import Comparison
from cli.outlook.figures import Outlook, Span
from cli.outlook.words import LEGEND
from cli.simulation.advice import minutes_in_words
from tidegate.fleet import Fleet, Hosting

TIME_HEADINGS = ("strategy", "traffic, %", "takes", "exposed", "way back", "evidence")
COST_HEADINGS = ("strategy", "extra instances", "instance-hours", "dollars", "between releases")
NOT_YET = "*"
"""Marks what this version cannot run yet."""


def comparison_parts(comparison: Comparison) -> Iterator[RenderableType]:
    """Everything there is to print."""
    yield Text(heading(comparison))
    yield Text(price_line(comparison), style="dim")
    yield Text("")
    yield _table(TIME_HEADINGS, [time_cells(o) for o in comparison.outlooks])
    yield Text("")
    yield _table(COST_HEADINGS, [cost_cells(o) for o in comparison.outlooks])
    yield Text("")
    for line in notes(comparison):
        yield Text(line, style="dim")


def heading(comparison: Comparison) -> str:
    """What is compared."""
    agreed = comparison.agreed
    fleet, plan = agreed.fleet, agreed.plan
    return (
        f"{agreed.model}: {plan.strategy} by {plan.mechanism}, and every other way; "
        f"{fleet.named} a version"
    )


def price_line(comparison: Comparison) -> str:
    """What an instance costs and who said so when."""
    agreed, price = comparison.agreed, comparison.agreed.price
    if price is None:
        return (
            f"the price of {_priced(agreed.fleet)} in {agreed.region} is not known here: "
            "add it to stacks/prices.json"
        )
    if agreed.fleet.standing == 0 and agreed.fleet.hosting is Hosting.SERVERLESS:
        return "nothing stands that bills: requests bill, whichever version answers them"
    return f"${price.usd_per_hour:g} an hour in {agreed.region}, {price.date}: {price.source}"


def _priced(fleet: Fleet) -> str:
    if fleet.hosting is Hosting.SERVERLESS:
        return f"a provisioned process of {fleet.memory_mb} MB"
    return fleet.instance_type


def name_of(outlook: Outlook) -> str:
    """Strategy and mechanism."""
    course = outlook.course
    return f"{course.strategy} by {course.mechanism}{'' if course.available else NOT_YET}"


def time_cells(outlook: Outlook) -> tuple[str, ...]:
    """Time and risk of a course."""
    shares = ", ".join(str(stage.share_percent) for stage in outlook.course.stages)
    exposed = f"{outlook.most_exposed_percent} %, {_range(outlook.exposed_minutes)}"
    return (
        name_of(outlook),
        shares,
        _range(outlook.minutes),
        "nobody" if outlook.most_exposed_percent == 0 else exposed,
        outlook.way_back.words,
        outlook.evidence,
    )


def cost_cells(outlook: Outlook) -> tuple[str, ...]:
    """What a course costs beside serving one version."""
    hours, usd, month = outlook.instance_hours, outlook.usd, outlook.usd_standing_month
    standing = f"{outlook.standing_instances} stay" if outlook.standing_instances else "none"
    if month:
        standing += f", ${month:,.0f} a month"
    return (
        name_of(outlook),
        str(outlook.extra_instances),
        _pair(f"{hours.least:.2g}", f"{hours.most:.2g}"),
        "not known" if usd is None else _pair(f"${usd.least:.2f}", f"${usd.most:.2f}"),
        standing,
    )


def notes(comparison: Comparison) -> Iterator[str]:
    """How the figures are to be read, and what this endpoint cannot have."""
    yield from (f"{term}: {words}" for term, words in LEGEND.items())
    if any(not outlook.course.available for outlook in comparison.outlooks):
        yield f"{NOT_YET} legal, not in this version yet"
    for item in comparison.refused:
        yield f"not here: {item.why.removeprefix('strategy ')}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in headings:
        table.add_column(title, overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*(Text(cell) for cell in row), style="bold" if number == 0 else "")
    return table


def _range(span: Span) -> str:
    least, most = minutes_in_words(span.least), minutes_in_words(span.most)
    number, unit = least.split(" ")
    return _pair(number if least != most and most.endswith(unit) else least, most)


def _pair(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"

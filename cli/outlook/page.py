"""Writes the tables of strategies into the how-to pages.

A page has a table wherever it says `<!-- plan: FILE -->` (the figures of that project file's plan)
or `<!-- comparison: FILE -->` (the plan beside every other way), up to `<!-- end -->`; FILE is
relative to the repository. Run `python -m cli.outlook.page` after a change of an example, of
strategies or of prices; a test checks that it was.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from cli.outlook.comparison import Comparison, compare
from cli.outlook.table import (
    COST_HEADINGS,
    TIME_HEADINGS,
    cost_cells,
    heading,
    notes,
    price_line,
    time_cells,
)
from cli.plans import read_agreed
from cli.synth import ROOT

PAGES = ROOT / "docs" / "how-to"
_BLOCK = re.compile(r"(<!-- (plan|comparison): (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def current_text(text: str) -> str:
    """The page with every table as it is computed now; a page without tables stays as it is."""

    def written(found: re.Match[str]) -> str:
        begin, kind, file, end = found.groups()
        comparison = _comparison(file)
        lines = _plan(comparison) if kind == "plan" else _all(comparison)
        return begin + "\n".join(["", *lines, "", end])

    return _BLOCK.sub(written, text)


def files_named(text: str) -> list[str]:
    """The project files that a page has tables of."""
    return [found[2] for found in _BLOCK.findall(text)]


@cache
def _comparison(file: str) -> Comparison:
    return compare(read_agreed(ROOT / file))


def _plan(comparison: Comparison) -> Iterator[str]:
    """The plan's own figures, one a line."""
    planned = comparison.planned
    cells = {
        **dict(zip(TIME_HEADINGS, time_cells(planned), strict=True)),
        **dict(zip(COST_HEADINGS, cost_cells(planned), strict=True)),
    }
    fleet = comparison.agreed.fleet
    yield f"| {cells.pop('strategy')} | {fleet.named} a version |"
    yield "| --- | --- |"
    yield from (f"| {title} | {cell} |" for title, cell in cells.items())
    yield ""
    yield f"Prices: {price_line(comparison)}."


def _all(comparison: Comparison) -> Iterator[str]:
    """Both tables of the terminal, and their notes."""
    yield f"{heading(comparison)[0].upper()}{heading(comparison)[1:]}."
    yield ""
    yield from _rows(TIME_HEADINGS, [time_cells(o) for o in comparison.outlooks])
    yield ""
    yield from _rows(COST_HEADINGS, [cost_cells(o) for o in comparison.outlooks])
    yield ""
    yield f"- Prices: {price_line(comparison)}."
    yield from (f"- {line.replace('*', chr(92) + '*')}" for line in notes(comparison))


def _rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"| {' | '.join('---' for _ in headings)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('*', chr(92) + '*') for cell in row)} |"


if __name__ == "__main__":
    for page in sorted(PAGES.glob("*.md")):
        page.write_text(current_text(page.read_text(encoding="utf-8")), encoding="utf-8")

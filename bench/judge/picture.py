"""The figures as one picture, SVG: every scenario is a mark, every rule a row.

On the left harmless releases rolled back, on the right requests to the rollback of bad ones.
"""

import math
from collections.abc import Iterator
from html import escape

from bench.judge.figures import Cell, Summary
from bench.judge.results import Results, bad, harmless
from bench.judge.worlds import Family

WIDTH, ROW, TOP, BOTTOM = 1_000, 34, 64, 112
LABELS, LEFT_END, RIGHT_BEGIN, RIGHT_END = 176, 490, 545, 915

SHARES = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)
RATIOS = (0.5, 1, 2, 4, 8, 16, 32)

_WATCHED = "watched every minute for four hours; further left is better in both halves"
_BAR = "bar: geometric mean of what was found"
_MISSED = "missed: scenarios in which fewer than half were found, or whose harm is not watched"

PROMISED = 0.01
"""The share of harmless releases that the judge's plan allows to be rolled back."""

_MARKS = {
    Family.ERRORS: ("#b3261e", "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0"),
    Family.OUTCOMES: ("#0b57a4", "M-3.6,-3.6h7.2v7.2h-7.2z"),
    Family.LATENCY: ("#7a5200", "M0,-4.6L4.4,3.4H-4.4z"),
    Family.LATE_ONSET: ("#8e3b8a", "M0,-5L4.4,0L0,5L-4.4,0z"),
    Family.HARMLESS: ("#3c4043", "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0"),
}
"""Colour and shape: families can be told apart without colours too."""


def draw(results: Results) -> str:
    """The picture as SVG text."""
    summaries = results.summaries()
    height = TOP + ROW * len(summaries) + BOTTOM
    canvas = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
    parts = [
        f'<svg {canvas} font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(_words(summaries))}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_axes(height - BOTTOM),
    ]
    for place, one in enumerate(summaries):
        parts.extend(_row(results, one, TOP + ROW * (place + 0.5)))
    parts.extend(_legend(results, height))
    return "\n".join([*parts, "</svg>", ""])


def _share_x(share: float) -> float:
    """Square roots spread what is near 0, where rules ought to be."""
    return LABELS + (LEFT_END - LABELS) * math.sqrt(share)


def _ratio_x(ratio: float) -> float:
    low, high = math.log(RATIOS[0]), math.log(RATIOS[-1])
    inside = min(max(math.log(ratio), low), high)
    return RIGHT_BEGIN + (RIGHT_END - RIGHT_BEGIN) * (inside - low) / (high - low)


def _axes(bottom: float) -> Iterator[str]:
    yield _text(LABELS, 22, "harmless releases rolled back", "start", bold=True)
    yield _text(RIGHT_BEGIN, 22, "requests to rollback, oracle = 1", "start", bold=True)
    yield _text(WIDTH - 10, 44, "missed")
    for share in SHARES:
        yield from _grid(_share_x(share), bottom, f"{100 * share:g} %")
    for ratio in RATIOS:
        yield from _grid(_ratio_x(ratio), bottom, f"{ratio:g}")
    yield _line(_share_x(PROMISED), TOP - 8, bottom, "#1b6e20")
    yield _line(_ratio_x(1.0), TOP - 8, bottom, "#1b6e20")


def _grid(x: float, bottom: float, words: str) -> Iterator[str]:
    yield _line(x, TOP - 8, bottom, "#dadce0")
    yield _text(x, 44, words, "middle")


def _row(results: Results, one: Summary, y: float) -> Iterator[str]:
    yield _text(LABELS - 12, y + 4, one.rule, bold=one.rule == results.rules[0])
    for item in harmless(results, one.rule):
        if item.family is Family.HARMLESS:
            share = item.rolled_back.value
            yield _mark(item, _share_x(share), y, f"{100 * share:.1f} %")
    for item in bad(results, one.rule):
        if item.ratio is not None:
            yield _mark(item, _ratio_x(item.ratio), y, f"{item.ratio:.2f}")
    mean = one.ratios.get("all")
    if mean is not None:
        yield _line(_ratio_x(mean), y - 12, y + 12, "#202124", width=2.5)
    if one.found < one.bad:
        yield _text(WIDTH - 10, y + 4, f"{one.bad - one.found} of {one.bad}")


def _mark(item: Cell, x: float, y: float, value: str) -> str:
    colour, shape = _MARKS[item.family]
    told = escape(f"{item.rule}: {item.scenario}, {value}")
    return (
        f'<path transform="translate({x:.1f},{y:.1f})" d="{shape}" fill="{colour}" '
        f'fill-opacity="0.6"><title>{told}</title></path>'
    )


def _legend(results: Results, height: float) -> Iterator[str]:
    y, x = height - 82, float(RIGHT_BEGIN)
    for family in (Family.ERRORS, Family.OUTCOMES, Family.LATENCY, Family.LATE_ONSET):
        colour, shape = _MARKS[family]
        yield f'<path transform="translate({x:.1f},{y})" d="{shape}" fill="{colour}"/>'
        yield _text(x + 10, y + 4, family.value, "start")
        x += 95
    yield _text(LABELS, y + 4, "one mark a scenario; green line: 1 %, promised", "start")
    yield _text(LABELS, y + 26, f"{results.runs} releases a scenario, {_WATCHED}", "start")
    yield _text(LABELS, y + 46, _BAR, "start")
    yield _text(LABELS, y + 66, _MISSED, "start")


def _words(summaries: tuple[Summary, ...]) -> str:
    told = [
        f"{one.rule}: {_percent(one)} of harmless releases rolled back in the worst scenario, "
        f"{_times(one.ratios.get('all'))} the oracle's requests"
        for one in summaries
    ]
    return "; ".join(told)


def _percent(one: Summary) -> str:
    worst = one.false_worst
    return "-" if worst is None else f"{100 * worst.rolled_back.value:.1f} %"


def _times(ratio: float | None) -> str:
    return "unknown times" if ratio is None else f"{ratio:.2f} times"


def _line(x: float, top: float, bottom: float, colour: str, *, width: float = 1) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{bottom:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}"/>'
    )


def _text(x: float, y: float, words: str, anchor: str = "end", *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#202124"{weight}>'
        f"{escape(words)}</text>"
    )

"""How far the share of requests trails the weights of DNS records, and for how long.

A simulated population of resolvers, each with clients behind it, asks records whose weights change
at a known moment, as Route 53 answers them: each question is drawn anew by weight, and resolvers
answer from what they keep. Nothing is measured of real resolvers: what they do is an assumption,
and each assumption is a row. Run `python -m bench.dns_caching`; `--figure FILE` writes the figure.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FROM_PERCENT, TO_PERCENT = 0, 100
STEP_SECONDS = 1
AFTER_SECONDS = 3_600
SEED = 20_261_122
POPULATIONS = 20
"""Repetitions of each row; what is told is their mean, and the spread between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What resolvers and clients do with an answer.

    `least_seconds` is how long a resolver keeps it at least, whatever its TTL says; `held_seconds`
    how long a client keeps a connection that it has, whatever its resolver says meanwhile.
    `skew` is the exponent of the sizes of resolvers: 0 is equal sizes, 1 is Zipf's law.
    """

    name: str
    ttl_seconds: int = 60
    least_seconds: int = 0
    least_share: float = 0.0
    held_seconds: int = 0
    resolvers: int = 2_000
    skew: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The share of requests over time, in percent of all, second by second from the change on."""

    shares: "np.ndarray[tuple[int], np.dtype[np.float64]]"

    def seconds_until(self, gone_percent: float) -> float:
        """When so much of the way has been gone; infinity if not within the hour."""
        goal = FROM_PERCENT + (TO_PERCENT - FROM_PERCENT) * gone_percent / 100
        reached = np.flatnonzero(self.shares >= goal - 1e-9)
        return float(reached[0]) if reached.size else float("inf")


BEHAVIOURS: Sequence[Behaviour] = (
    Behaviour(name="TTL 60 s, obeyed (an alias of a load balancer)"),
    Behaviour(name="TTL 10 s, obeyed (not possible with an alias)", ttl_seconds=10),
    Behaviour(name="TTL 300 s, obeyed", ttl_seconds=300),
    Behaviour(name="a tenth keeps every answer 5 min", least_seconds=300, least_share=0.1),
    Behaviour(name="a hundredth keeps every answer 1 h", least_seconds=3_600, least_share=0.01),
    Behaviour(name="clients keep connections 2 min", held_seconds=120),
    Behaviour(name="clients keep connections 15 min", held_seconds=900),
    Behaviour(name="20 resolvers of unequal size", resolvers=20),
)


def trail(behaviour: Behaviour, chance: np.random.Generator, *, to_percent: float) -> Trail:
    """One population through one change, from all on the old track to `to_percent` on the new."""
    count = behaviour.resolvers
    sizes = 1 / np.arange(1, count + 1) ** behaviour.skew
    sizes /= sizes.sum()
    slow = chance.random(count) < behaviour.least_share
    kept = np.where(
        slow, max(behaviour.least_seconds, behaviour.ttl_seconds), behaviour.ttl_seconds
    )
    # Answers were asked for at any moment of their lives when the weights change.
    left = chance.random(count) * kept
    on_new = np.zeros(count, dtype=bool)
    held = np.zeros(count)
    seconds = AFTER_SECONDS // STEP_SECONDS
    shares = np.zeros(seconds)
    leaving = 1.0 if behaviour.held_seconds == 0 else STEP_SECONDS / behaviour.held_seconds
    for second in range(seconds):
        shares[second] = 100 * float(sizes @ held)
        left -= STEP_SECONDS
        expired = left <= 0
        drawn = chance.random(count) * 100 < to_percent
        on_new = np.where(expired, drawn, on_new)
        left = np.where(expired, left + kept, left)
        # Clients of a resolver follow it as their connections end, at a steady rate.
        held += leaving * (on_new - held)
    return Trail(shares=shares)


def settled(behaviour: Behaviour, chance: np.random.Generator, *, to_percent: float) -> float:
    """The standard deviation, in points, of the share in a minute long after the change."""
    minutes = [
        float(trail(behaviour, chance, to_percent=to_percent).shares[-60:].mean())
        for _ in range(POPULATIONS)
    ]
    return float(np.std(minutes, ddof=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One behaviour: seconds until parts of the way are gone, and the share's spread at 10 %."""

    behaviour: Behaviour
    half: float
    most: float
    all_but_one: float
    spread_points: float
    mean_shares: "np.ndarray[tuple[int], np.dtype[np.float64]]"


def measure(behaviour: Behaviour) -> Row:
    """The row of one behaviour, the same at every run."""
    chance = np.random.default_rng(SEED)
    trails = [trail(behaviour, chance, to_percent=TO_PERCENT) for _ in range(POPULATIONS)]
    mean = Trail(shares=np.mean([one.shares for one in trails], axis=0))
    return Row(
        behaviour=behaviour,
        half=mean.seconds_until(50),
        most=mean.seconds_until(90),
        all_but_one=mean.seconds_until(99),
        spread_points=settled(behaviour, chance, to_percent=10),
        mean_shares=mean.shares,
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as a page shows them."""
    lines = [
        "| resolvers and clients | 50 % gone | 90 % | 99 % | share at weight 10: spread |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        times = (row.half, row.most, row.all_but_one)
        told = " | ".join("over 1 h" if t == float("inf") else f"{t:.0f} s" for t in times)
        lines.append(f"| {row.behaviour.name} | {told} | ±{row.spread_points:.1f} points |")
    return "\n".join(lines)


_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 320, 48, 40, 16
_SHOWN_SECONDS = 900
_COLOURS = ("#0b6e4f", "#1f78b4", "#8c510a", "#762a83", "#b2182b", "#4d4d4d", "#000000", "#e08214")
_TITLE = "Share of requests on the new track after the weights went from 0 to 100 percent"


def figure(rows: Sequence[Row]) -> str:
    """The share of requests over a quarter of an hour, a line a row, as SVG."""
    total = _HEIGHT + 18 * len(rows) + 8
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {total}"'
    lines = [
        f'{head} font-family="sans-serif" font-size="12" role="img">',
        f"<title>{_TITLE}</title>",
        f'<rect width="{_WIDTH}" height="{total}" fill="#ffffff"/>',
        *_axes(),
    ]
    for number, row in enumerate(rows):
        lines += _curve(number, row)
    return "\n".join([*lines, "</svg>", ""])


def _place(second: float, share: float) -> tuple[float, float]:
    across = second / _SHOWN_SECONDS * (_WIDTH - _LEFT - 12)
    down = (100 - share) / 100 * (_HEIGHT - _TOP - _BOTTOM)
    return _LEFT + across, _TOP + down


def _line(points: Sequence[tuple[float, float]], look: str) -> str:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{text}" fill="none" {look}/>'


def _axes() -> Iterator[str]:
    for share in (0, 25, 50, 75, 100):
        ends = [_place(0, share), _place(_SHOWN_SECONDS, share)]
        yield _line(ends, 'stroke="#dddddd"')
        below = ends[0][1] + 4
        yield f'<text x="{_LEFT - 6}" y="{below:.1f}" text-anchor="end">{share} %</text>'
    for minute in range(0, _SHOWN_SECONDS // 60 + 1, 3):
        x, y = _place(60 * minute, 0)
        yield f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{minute} min</text>'


def _curve(number: int, row: Row) -> Iterator[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    points = [_place(s, row.mean_shares[s]) for s in range(0, _SHOWN_SECONDS, 3)]
    yield _line(points, f'stroke="{colour}" stroke-width="1.6"')
    y = _HEIGHT + 4 + 18 * number
    yield f'<rect x="{_LEFT}" y="{y - 9}" width="18" height="3" fill="{colour}"/>'
    yield f'<text x="{_LEFT + 26}" y="{y - 3}">{row.behaviour.name}</text>'


def main() -> int:
    """The table is on standard output, and the figure in its file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path)
    given = parser.parse_args()
    rows = [measure(behaviour) for behaviour in BEHAVIOURS]
    print(table(rows))
    if given.figure is not None:
        given.figure.write_text(figure(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

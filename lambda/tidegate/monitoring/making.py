"""Makes a baseline of a data set that is read twice as a stream, never held.

The first pass keeps a sample of rows, drawn by a hash of their numbers (bottom-k sampling), which
places the bins. The second pass counts all other rows in them.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.monitoring.baseline import Baseline, FeatureBaseline
from tidegate.monitoring.bins import (
    MOST_BINS,
    MOST_CATEGORIES,
    MOST_KNOWN,
    Bins,
    Kind,
    Place,
    category_of,
    number_of,
)
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.seasons import Season
from tidegate.values import value

Row = Mapping[str, Any]

PLACING_ROWS = 5_000
PLACING_SHARE = 5
"""At most one row in so many places the bins."""

LEAST_ROWS = 100
FEW_VALUES = 12
"""Whole numbers with at most so many different values have a bin a value."""


@value
class Columns:
    """What is read of a row. `categories` are categories even if they look like numbers.

    `moment` finds a row's moment in seconds since the epoch; rows without one do not count then.
    """

    names: tuple[str, ...]
    categories: frozenset[str] = frozenset()
    season: Season = Season.NONE
    moment: Callable[[Row], float | None] | None = None


def make_baseline(read: Callable[[], Iterable[Row]], columns: Columns) -> Baseline:
    """The baseline of the rows that `read` begins anew each time; InvalidValueError with faults."""
    _refuse_no_moment(columns)
    placing, rows = _placing_rows(read())
    if rows < LEAST_ROWS:
        fault = f"the data has {rows} rows, a baseline needs at least {LEAST_ROWS}: give more data"
        raise InvalidValueError([fault])
    _refuse_absent(columns, placing.values())
    bins = {
        name: _bins(
            [row.get(name) for row in placing.values()], is_category=name in columns.categories
        )
        for name in columns.names
    }
    cells = {
        name: [FeatureCounts.empty(one.count) for _ in range(columns.season.cells)]
        for name, one in bins.items()
    }
    counted = 0
    for number, row in enumerate(read()):
        if number in placing:
            continue
        season = _season(columns, row)
        if season is None:
            continue
        counted += 1
        for name, one in bins.items():
            cells[name][season].put(one, row.get(name))
    return Baseline(
        features={
            name: FeatureBaseline(bins=one, cells=tuple(cells[name])) for name, one in bins.items()
        },
        rows=counted,
        placing_rows=len(placing),
        season=columns.season,
    )


def _refuse_no_moment(columns: Columns) -> None:
    if columns.season is not Season.NONE and columns.moment is None:
        fault = f"season is {columns.season.value}, which needs a column of moments: name it"
        raise InvalidValueError([fault])


def _placing_rows(rows: Iterable[Row]) -> tuple[dict[int, Row], int]:
    """Rows by their number, of the smallest hashes; and how many rows there are in all."""
    kept: list[tuple[int, int, Row]] = []
    count = 0
    for number, row in enumerate(rows):
        count += 1
        digest = hashlib.blake2b(str(number).encode(), digest_size=8).digest()
        entry = (-int.from_bytes(digest), number, row)
        if len(kept) < PLACING_ROWS:
            heapq.heappush(kept, entry)
        elif entry[0] > kept[0][0]:
            heapq.heapreplace(kept, entry)
    chosen = sorted(kept, reverse=True)[: max(1, min(PLACING_ROWS, count // PLACING_SHARE))]
    return {number: row for _, number, row in chosen}, count


def _refuse_absent(columns: Columns, rows: Iterable[Row]) -> None:
    there = {name for row in rows for name in row}
    absent = [name for name in columns.names if name not in there]
    if absent:
        faults = [f"no row has {name}, there are: {', '.join(sorted(there))}" for name in absent]
        raise InvalidValueError(faults)


def _season(columns: Columns, row: Row) -> int | None:
    if columns.moment is None or columns.season is Season.NONE:
        return 0
    at = columns.moment(row)
    return None if at is None else columns.season.of(at)


def _bins(raws: Sequence[Any], *, is_category: bool) -> Bins:
    numbers = [number_of(raw) for raw in raws]
    known = [number for number in numbers if not isinstance(number, Place)]
    invalid = sum(number is Place.INVALID for number in numbers)
    if is_category or not known or invalid > len(known):
        return _category_bins(raws)
    return _number_bins(sorted(known))


def _number_bins(ordered: Sequence[float]) -> Bins:
    distinct = sorted(set(ordered))
    if len(distinct) <= FEW_VALUES:
        edges = tuple(distinct[:-1])
    else:
        places = (len(ordered) * k // MOST_BINS for k in range(1, MOST_BINS))
        found = sorted({ordered[place] for place in places})
        edges = tuple(edge for edge in found if edge < ordered[-1])
    return Bins(kind=Kind.NUMBER, edges=edges, low=ordered[0], high=ordered[-1])


def _category_bins(raws: Sequence[Any]) -> Bins:
    texts = (category_of(raw) for raw in raws)
    counts = Counter(text for text in texts if not isinstance(text, Place))
    ordered = sorted(counts, key=lambda text: (-counts[text], text))
    return Bins(
        kind=Kind.CATEGORY,
        categories=tuple(ordered[:MOST_CATEGORIES]),
        known=frozenset(ordered[:MOST_KNOWN]),
    )

"""Makes a baseline of a data set that is read twice as a stream, never held.

The first pass keeps a sample of rows, drawn by a hash of their numbers (bottom-k sampling), which
places the bins. The second pass counts all other rows in them.
"""

import hashlib
import heapq
from collections.abc import Callable, Iterable, Sequence

from tidegate.errors import InvalidValueError
from tidegate.monitoring.baseline import ATTRIBUTIONS, Baseline, FeatureBaseline
from tidegate.monitoring.bins import Bins
from tidegate.monitoring.columns import Columns, Row
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.making_answers import AnswerCounts
from tidegate.monitoring.placing import bins_of
from tidegate.monitoring.seasons import Season

PLACING_ROWS = 5_000
PLACING_SHARE = 5
"""At most one row in so many places the bins."""

LEAST_ROWS = 100


def make_baseline(read: Callable[[], Iterable[Row]], columns: Columns) -> Baseline:
    """The baseline of the rows that `read` begins anew each time; InvalidValueError with faults."""
    _refuse_no_moment(columns)
    placing, rows = _placing_rows(read())
    if rows < LEAST_ROWS:
        fault = f"the data has {rows} rows, a baseline needs at least {LEAST_ROWS}: give more data"
        raise InvalidValueError([fault])
    sample = list(placing.values())
    _refuse_absent(columns, sample)
    bins = {name: _column_bins(columns, name, sample) for name in columns.names}
    cells = {name: _empty_cells(columns, one) for name, one in bins.items()}
    answers = AnswerCounts.of(columns, bins, sample)
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
        answers.put(row, season)
    features = {
        name: FeatureBaseline(bins=one, cells=tuple(cells[name])) for name, one in bins.items()
    }
    return Baseline(
        features={**features, **answers.features()},
        slices=answers.slices(),
        rows=counted,
        placing_rows=len(placing),
        season=columns.season,
    )


def _column_bins(columns: Columns, name: str, sample: Sequence[Row]) -> Bins:
    return bins_of([row.get(name) for row in sample], is_category=name in columns.categories)


def _empty_cells(columns: Columns, bins: Bins) -> list[FeatureCounts]:
    return [FeatureCounts.empty(bins.count) for _ in range(columns.season.cells)]


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
    attributed = (ATTRIBUTIONS,) if columns.attributions else ()
    wanted = dict.fromkeys((*columns.names, *columns.slices, *attributed))
    absent = [name for name in wanted if name not in there]
    if absent:
        faults = [f"no row has {name}, there are: {', '.join(sorted(there))}" for name in absent]
        raise InvalidValueError(faults)


def _season(columns: Columns, row: Row) -> int | None:
    if columns.moment is None or columns.season is Season.NONE:
        return 0
    at = columns.moment(row)
    return None if at is None else columns.season.of(at)

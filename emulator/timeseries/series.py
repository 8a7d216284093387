"""Regular series made of dated rows: summed by period, empty periods filled with zeros."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.timeseries.frequency import Frequency

Key = tuple[str, ...]
"""The values of the dimensions: an item, or an item and a shop."""
Row = tuple[Key, datetime, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Which columns of a file are what."""

    timestamp: str
    target: str
    dimensions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesSet:
    """The series of all items. They end in the same period, each begins with its first row."""

    frequency: Frequency
    last: int
    """The last period of every series."""
    values: Mapping[Key, Sequence[float]]

    @classmethod
    def of(cls, rows: Iterable[Row], frequency: Frequency) -> "SeriesSet":
        """The series of such rows; ValueError without any."""
        summed: dict[Key, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for key, moment, target in rows:
            summed[key][frequency.index(moment)] += target
        if not summed:
            raise ValueError("the data have no rows")
        last = max(max(periods) for periods in summed.values())
        values = {
            key: [periods.get(index, 0.0) for index in range(min(periods), last + 1)]
            for key, periods in sorted(summed.items())
        }
        return cls(frequency=frequency, last=last, values=values)

    @property
    def longest(self) -> int:
        """Periods of the longest series."""
        return max(len(values) for values in self.values.values())

    def future(self, horizon: int) -> list[datetime]:
        """When the periods after the last one begin."""
        return [self.frequency.start(self.last + step) for step in range(1, horizon + 1)]


def rows_of(content: bytes, columns: Columns, names: Sequence[str] | None = None) -> Iterator[Row]:
    """The rows of a CSV file, with a header unless `names` names its columns.

    ValueError names the first line that is wrong.
    """
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), fieldnames=names)
    wanted = (columns.timestamp, columns.target, *columns.dimensions)
    missing = [name for name in wanted if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(f"the file has no column {', '.join(missing)}")
    for line, row in enumerate(reader, start=1 if names is not None else 2):
        if names is not None and row == {name: name for name in names}:
            continue
        if not row[columns.target]:
            continue
        key = tuple(row[name] for name in columns.dimensions)
        yield key, _moment(row[columns.timestamp], line), _number(row[columns.target], line)


def _moment(text: str, line: int) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"line {line}: a time is yyyy-MM-dd HH:mm:ss, got {text!r}") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _number(text: str, line: int) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"line {line}: the target must be a number, got {text!r}") from error

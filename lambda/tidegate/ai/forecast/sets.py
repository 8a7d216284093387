"""Sets of forecasts: written in parts that a request reads one of, replaced as a whole.

`forecasts/current.json` says which set counts. It is written last, so that no reader sees half of
a set; the set before it goes then.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.ai.forecast.settings import ForecastSettings
from tidegate.ai.parts import JSON, as_json, document_of, forget_parts, read_json, write_parts
from tidegate.ai.ports import ServicePorts

SETS = "forecasts/"
"""What keys of sets begin with."""
CURRENT = f"{SETS}current.json"

Points = list[dict[str, Any]]
"""A period each: `time`, when it begins, and a value for each quantile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetResult:
    """What came of a run. `made` is false where there was nothing to forecast; `why` says it.

    `table` is the key of the set as CSV, `losses` what the model's backtest measured.
    """

    made: bool
    why: str | None = None
    trained: bool = False
    items: int = 0
    periods: int = 0
    table: str | None = None
    losses: Mapping[str, float] | None = None


def current_set(ports: ServicePorts) -> Mapping[str, Any] | None:
    """What `current.json` says, None before there was a set."""
    found: Mapping[str, Any] | None = read_json(ports.files, CURRENT)
    return found


def points_of(item: str, told: Mapping[str, Any], ports: ServicePorts) -> Points | None:
    """The forecast of an item in the set that counts, None where it has none."""
    found: Points | None = document_of(ports.files, _folder(str(told["work"])), item)
    return found


def publish(
    work: str, tables: Iterator[str], about: Mapping[str, Any], ports: ServicePorts
) -> tuple[int, int]:
    """The set of that work counts, unless one does that began later; its items and periods.

    `tables` are CSV with a header, as engines write them: item, time, quantiles.
    """
    by_item = _by_item(tables, ports.settings)
    write_parts(ports.files, _folder(work), by_item)
    table = _table(by_item, ports.settings)
    ports.files.write(table_key(work), table, content_type="text/csv; charset=utf-8")
    before = current_set(ports)
    if before is None or before["began"] <= about["began"]:
        ports.files.write(CURRENT, as_json({**about, "work": work}), content_type=JSON)
        if before is not None and before["work"] != work:
            _forget(str(before["work"]), ports)
    return len(by_item), max((len(points) for points in by_item.values()), default=0)


def _forget(work: str, ports: ServicePorts) -> None:
    forget_parts(ports.files, _folder(work))
    ports.files.delete(table_key(work))


def _by_item(tables: Iterator[str], settings: ForecastSettings) -> dict[str, Points]:
    found: dict[str, Points] = {}
    for table in tables:
        reader = csv.reader(io.StringIO(table, newline=""))
        header = next(reader, [])
        places = {name: header.index(name) for name in settings.quantiles}
        for row in reader:
            # Both engines write the item first, then the moment; what they call it differs.
            values = {name: float(row[place]) for name, place in places.items()}
            found.setdefault(row[0], []).append({"time": _moment(row[1]), **values})
    for points in found.values():
        points.sort(key=lambda point: str(point["time"]))
    return dict(sorted(found.items()))


def _moment(text: str) -> str:
    """`2026-12-01T00:00:00`, however it was written: both engines forecast in UTC."""
    return text.strip()[:19].replace(" ", "T")


def _table(by_item: Mapping[str, Points], settings: ForecastSettings) -> bytes:
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(["item", "time", *settings.quantiles])
    for item, points in by_item.items():
        writer.writerows(
            [item, point["time"], *(point[name] for name in settings.quantiles)] for point in points
        )
    return sink.getvalue().encode()


def table_key(work: str) -> str:
    """The set as a table."""
    return f"{_folder(work)}forecasts.csv"


def _folder(work: str) -> str:
    return f"{SETS}{work}/"

"""Periods of time: months, days, quarters of an hour, and the number of the period of a moment."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_FORM = re.compile(r"(?P<count>\d*)(?P<unit>min|[YMWDH])")
_SECONDS = {"min": 60, "H": 3_600, "D": 86_400, "W": 604_800}
_SEASONS: dict[str, tuple[float, ...]] = {
    "min": (1_440.0, 10_080.0),
    "H": (24.0, 168.0),
    "D": (7.0, 365.25),
    "W": (52.18,),
    "M": (12.0,),
    "Y": (),
}
"""How many units make a season: a day, a week, a year."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frequency:
    """So many units a period; periods are counted from 1970, weeks from its first Monday."""

    unit: str
    count: int = 1

    @classmethod
    def of(cls, text: str) -> "Frequency":
        """`M`, `2W`, `15min`; ValueError for anything else."""
        match = _FORM.fullmatch(text)
        if match is None or match["count"] == "0":
            raise ValueError(f"a frequency is a number and one of Y, M, W, D, H, min, got {text!r}")
        return cls(unit=match["unit"], count=int(match["count"] or 1))

    def index(self, moment: datetime) -> int:
        """The number of the period that the moment is in."""
        if self.unit == "Y":
            return (moment.year - 1970) // self.count
        if self.unit == "M":
            return ((moment.year - 1970) * 12 + moment.month - 1) // self.count
        since = moment - (_MONDAY if self.unit == "W" else _EPOCH)
        return int(since.total_seconds() // (_SECONDS[self.unit] * self.count))

    def start(self, index: int) -> datetime:
        """When a period begins."""
        if self.unit in {"Y", "M"}:
            months = index * self.count * (12 if self.unit == "Y" else 1)
            return _EPOCH.replace(year=1970 + months // 12, month=1 + months % 12)
        begin = _MONDAY if self.unit == "W" else _EPOCH
        return begin + timedelta(seconds=index * self.count * _SECONDS[self.unit])

    @property
    def seasons(self) -> tuple[float, ...]:
        """The lengths of its seasons in periods, those that have more than one."""
        return tuple(units / self.count for units in _SEASONS[self.unit] if units / self.count > 1)

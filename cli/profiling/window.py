"""The period of a report: an ISO 8601 duration that ends now, on the profiler's grid. Pure."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.exits import CommandError, Exit

GRID_SECONDS = 300
"""The shortest that profiles are aggregated by (API reference, AggregatedProfileTime)."""
LONGEST_SECONDS = 7 * 86_400
"""Of one GetProfile (API reference)."""
MONTH_SECONDS = 30 * 86_400
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_UNITS = (86_400, 3_600, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` until `end`, in Unix seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start

    @property
    def words(self) -> str:
        """Both moments, in UTC."""
        return " to ".join(f"{moment(each):%Y-%m-%d %H:%M}" for each in (self.start, self.end))

    def on_grid(self) -> "Window":
        """The shortest one on the grid that holds it."""
        return Window(
            start=math.floor(self.start / GRID_SECONDS) * GRID_SECONDS,
            end=math.ceil(self.end / GRID_SECONDS) * GRID_SECONDS,
        )

    def to_json(self) -> dict[str, Any]:
        """Both moments as ISO 8601 has them, in UTC."""
        return {"start": moment(self.start).isoformat(), "end": moment(self.end).isoformat()}


def moment(seconds: float) -> datetime:
    """Unix seconds as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def window_of(period: str, *, now: float) -> Window:
    """The period until now, begun on the grid; CommandError where it is none of 5 min to 7 days."""
    found = _DURATION.fullmatch(period)
    parts = () if found is None else found.groups()
    seconds = sum(int(p) * unit for p, unit in zip(parts, _UNITS, strict=False) if p is not None)
    if not GRID_SECONDS <= seconds <= LONGEST_SECONDS:
        raise CommandError(
            f"--period {period}: it must be an ISO 8601 duration of days, hours and minutes from "
            "PT5M to P7D, such as PT1H or P1D",
            code=Exit.USAGE,
        )
    start = Window(start=now - seconds, end=now).on_grid().start
    return Window(start=start, end=now)

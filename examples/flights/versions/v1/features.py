"""What version 1 makes of a flight: timetable, weather, and how late the airport is running.

Not how late this flight itself left: version 1 was made to answer an hour before departure.

Runs in training and in the container: standard library only.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

NUMBERS = (
    *("distance_miles", "wind_mph", "visibility_miles", "precipitation_inches"),
    *("airport_delay_minutes", "carrier_delay_minutes"),
)
REQUIRED = ("date", "carrier", "origin", "sched_dep", *NUMBERS)


def vector(flight: Mapping[str, Any], tables: Mapping[str, Any]) -> list[float]:
    """The flight as numbers, one-hot where the order of the values means nothing."""
    return [
        flight["sched_dep"] // 100 + flight["sched_dep"] % 100 / 60,
        date.fromisoformat(flight["date"]).month,
        *(flight[name] for name in NUMBERS),
        *(float(flight["origin"] == origin) for origin in tables["origins"]),
        *(float(flight["carrier"] == carrier) for carrier in tables["carriers"]),
    ]

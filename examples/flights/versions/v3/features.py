"""What version 3 makes of a flight: version 2's features "simplified", and the aircraft added.

Runs in the container only; training has a faster way of its own (`recipe.py`). It holds two real
mistakes, kept on purpose: this version is there to be caught by its release.

1. An aircraft that is not in the registry is a KeyError. One flight in seven has none: `AA` and
   `MQ` report fleet numbers, not tail numbers.
2. The delay at the gate is a difference of two hhmm clock times. Within one hour that is minutes;
   across the full hour it is 40 too many.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

NUMBERS = (
    *("distance_miles", "wind_mph", "visibility_miles", "precipitation_inches"),
    *("airport_delay_minutes", "carrier_delay_minutes"),
)
REQUIRED = ("date", "tailnum", "dest", "sched_dep", "dep", "sched_arr", *NUMBERS)


def vector(flight: Mapping[str, Any], tables: Mapping[str, Any]) -> list[float]:
    """The flight as numbers."""
    return [
        flight["dep"] - flight["sched_dep"],
        *steady(flight, tables),
        *tables["aircraft"][flight["tailnum"]],
    ]


def steady(flight: Mapping[str, Any], tables: Mapping[str, Any]) -> list[float]:
    """The features that do not depend on when the flight really left, nor on its aircraft."""
    day = date.fromisoformat(flight["date"])
    due_out, due_in = (
        flight[name] // 100 * 60 + flight[name] % 100 for name in ("sched_dep", "sched_arr")
    )
    scheduled_minutes = (due_in - due_out) % 1440
    usual_minutes = tables["air_minutes"].get(flight["dest"], flight["distance_miles"] / 8 + 18)
    return [
        due_out,
        scheduled_minutes,
        scheduled_minutes - usual_minutes,
        usual_minutes,
        day.month,
        day.weekday(),
        *(flight[name] for name in NUMBERS),
    ]

"""What version 2 makes of a flight: version 1's knowledge, the delay at the gate, and the slack.

Runs in training and in the container: standard library only. One function serves both, so that
training and serving cannot drift apart.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

DAY_MINUTES = 24 * 60
# Nobody leaves two hours early, so an apparent gap beyond that is a departure after midnight.
EARLIEST_MINUTES = 120
# For a destination that training never saw: 8 miles a minute, and 18 to climb and descend.
CRUISE_MILES_PER_MINUTE = 8
CLIMB_AND_DESCENT_MINUTES = 18

NUMBERS = (
    *("distance_miles", "wind_mph", "visibility_miles", "precipitation_inches"),
    *("airport_delay_minutes", "carrier_delay_minutes"),
)
REQUIRED = ("date", "carrier", "origin", "dest", "sched_dep", "dep", "sched_arr", *NUMBERS)


def minutes_of_day(hhmm: int) -> int:
    """Minutes since midnight of a clock time written hhmm: 1605 is 965."""
    return hhmm // 100 * 60 + hhmm % 100


def minutes_late(due: int, done: int) -> int:
    """Minutes from one hhmm clock time to another, across midnight too: 2355 to 15 is 20."""
    gap = minutes_of_day(done) - minutes_of_day(due)
    return (gap + EARLIEST_MINUTES) % DAY_MINUTES - EARLIEST_MINUTES


def air_minutes(flight: Mapping[str, Any], tables: Mapping[str, Any]) -> float:
    """How long a flight to this destination is usually in the air."""
    usual = tables["air_minutes"].get(flight["dest"])
    if usual is not None:
        return float(usual)
    return float(flight["distance_miles"] / CRUISE_MILES_PER_MINUTE + CLIMB_AND_DESCENT_MINUTES)


def vector(flight: Mapping[str, Any], tables: Mapping[str, Any]) -> list[float]:
    """The flight as numbers; a category that training never saw is all zeros, or -1."""
    day = date.fromisoformat(flight["date"])
    # Local clocks: the time zones are in it too, and are the same for a destination.
    scheduled_minutes = (
        minutes_of_day(flight["sched_arr"]) - minutes_of_day(flight["sched_dep"])
    ) % DAY_MINUTES
    usual_minutes = air_minutes(flight, tables)
    return [
        minutes_late(flight["sched_dep"], flight["dep"]),
        minutes_of_day(flight["sched_dep"]),
        scheduled_minutes,
        scheduled_minutes - usual_minutes,
        usual_minutes,
        day.month,
        day.weekday(),
        *(flight[name] for name in NUMBERS),
        *(float(flight["origin"] == origin) for origin in tables["origins"]),
        tables["carriers"].index(flight["carrier"])
        if flight["carrier"] in tables["carriers"]
        else -1,
    ]

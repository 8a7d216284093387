"""Version 3's own unit test: what its author checked before handing it over. It passes.

Four real flights of one winter day (the weather made calm), picked because they looked ordinary.
Each aircraft is in the registry, even the American one: a few are. Each left within the clock hour
in which it was due. That is how both mistakes in `features.py` got past it.
"""

from collections.abc import Mapping

from examples.flights.dataset import Flight, Value, aircraft
from examples.flights.versions.v3.features import vector
from examples.flights.versions.v3.recipe import batch_row, registry_of

AIR_MINUTES = {"MIA": 152.0, "FLL": 150.0, "BDL": 25.0, "BUF": 56.0}
STILL_AIR: Mapping[str, Value] = {
    "date": "2013-02-13",
    "wind_mph": 0.0,
    "visibility_miles": 10.0,
    "precipitation_inches": 0.0,
    "airport_delay_minutes": -2.3,
    "carrier_delay_minutes": -3.1,
}


def ordinary(
    *, where: tuple[str, str, str, str], clocks: tuple[int, int, int], miles: int, delay: int
) -> Flight:
    """One flight of the fixture: carrier, tail, origin, destination; due out, out, due in."""
    names = zip(("carrier", "tailnum", "origin", "dest"), where, strict=True)
    times = zip(("sched_dep", "dep", "sched_arr"), clocks, strict=True)
    return Flight(
        features={**STILL_AIR, **dict(names), **dict(times), "distance_miles": float(miles)},
        dep_delay_minutes=delay,
        air_minutes=int(AIR_MINUTES[where[3]]),
        arr_delay_minutes=0,
    )


FIXTURE = (
    ordinary(where=("AA", "N613AA", "JFK", "MIA"), clocks=(540, 551, 850), miles=1089, delay=11),
    ordinary(where=("DL", "N335NB", "LGA", "FLL"), clocks=(905, 900, 1226), miles=1076, delay=-5),
    ordinary(where=("EV", "N13538", "EWR", "BDL"), clocks=(1315, 1309, 1411), miles=116, delay=-6),
    ordinary(where=("B6", "N585JB", "JFK", "BUF"), clocks=(1459, 1452, 1630), miles=301, delay=-7),
)


def differences() -> list[Flight]:
    """The flights of the fixture that are served with other numbers than training would use."""
    registry = registry_of(aircraft())
    tables: dict[str, object] = {"air_minutes": AIR_MINUTES, "aircraft": registry}
    return [
        flight
        for flight in FIXTURE
        if vector(flight.features, tables) != batch_row(flight, tables, registry)
    ]

"""What version 4 makes of a flight: what version 2 does, with the board read at that very moment.

SIMULATED: nothing in this example reaches out, so no airport is asked. Each flight waits as long as
one such round trip takes and then uses the delays that the caller sent, which is what the board
would have said. The wait is the point: the answers are version 2's.
"""

import time
from collections.abc import Mapping
from typing import Any

import v2_features  # type: ignore[import-not-found]  # beside this file in the artifact

REQUIRED = v2_features.REQUIRED
BOARD_FEATURES = ("airport_delay_minutes", "carrier_delay_minutes")
ROUND_TRIP_SECONDS = 0.4


def board_now(flight: Mapping[str, Any]) -> dict[str, float]:
    """How late the flight's airport and carrier are running, one simulated round trip later."""
    time.sleep(ROUND_TRIP_SECONDS)
    return {name: flight[name] for name in BOARD_FEATURES}


def vector(flight: Mapping[str, Any], tables: Mapping[str, Any]) -> list[float]:
    """The flight as numbers."""
    numbers: list[float] = v2_features.vector({**flight, **board_now(flight)}, tables)
    return numbers

"""Durations as people write them, such as `10m`."""

import re

PATTERN = r"^\d{1,6}[smhd]$"
DAY = 86_400
"""Seconds of a day."""

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": DAY}


def seconds_of(text: str) -> int:
    """The seconds of a duration such as `90s`, `10m`, `24h` or `7d`; ValueError for others."""
    if re.fullmatch(r"\d{1,6}[smhd]", text) is None:
        raise ValueError("a duration is a whole number and a unit: 90s, 10m, 24h or 7d")
    return int(text[:-1]) * _SECONDS[text[-1]]

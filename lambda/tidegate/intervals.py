"""Intervals: the judge's period. One length everywhere, so that counts of any two parts add up."""

import math

INTERVAL_SECONDS = 60
"""Length of an interval in seconds of the cloud's clock."""


def interval_of(at: float) -> int:
    """The interval in which a moment (seconds since the epoch) lies."""
    return math.floor(at / INTERVAL_SECONDS)


def last_closed(now: float, *, lag_seconds: int) -> int:
    """The newest interval that ended at least `lag_seconds` ago: no more of it will be counted."""
    return interval_of(now - lag_seconds) - 1


def seconds_until_close(now: float, *, lag_seconds: int) -> int:
    """Whole seconds, at least 1, until one more interval is closed."""
    closes_at = (interval_of(now - lag_seconds) + 1) * INTERVAL_SECONDS + lag_seconds
    return max(1, math.ceil(closes_at - now))

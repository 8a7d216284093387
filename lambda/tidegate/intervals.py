"""Intervals: the judge's period. One length everywhere, so that counts of any two parts add up."""

import math

INTERVAL_SECONDS = 60
"""Length of an interval in seconds of the cloud's clock."""

EARLY_LOOK_SECONDS = 15
"""About how often open intervals are looked at: a fourth of an interval.

Log lines take some seconds to be counted, so that more looks would see little more, and each look
costs five state transitions of the release machine (docs/decisions/0009-early-looks.md).
"""


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


def seconds_until_look(now: float, *, lag_seconds: int) -> int:
    """Whole seconds, at least 1, until open intervals are looked at, or one more is closed.

    The time until an interval is closed is cut into equal parts, so that no wait is a short rest.
    """
    left = seconds_until_close(now, lag_seconds=lag_seconds)
    return math.ceil(left / max(1, round(left / EARLY_LOOK_SECONDS)))

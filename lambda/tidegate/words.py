"""Numbers as people read them in reasons: rounded, never so far that a difference disappears."""

import math

MOST_RELEASES = 1e9
"""Chance is told no rarer than this: nobody can picture more."""


def thousands(number: float) -> str:
    """A whole number with its thousands set apart: 20 000."""
    return f"{number:,.0f}".replace(",", " ")


def milliseconds(number: float) -> str:
    """A latency with three digits, or in whole milliseconds from a thousand on."""
    return f"{number:.3g} ms" if number < 999.5 else f"{thousands(number)} ms"


def percent(share: float | None) -> str:
    """A share in percent, with two digits after the point below 20 %, else one."""
    return "unknown" if share is None else f"{points(share)} %"


def points(difference: float | None) -> str:
    """A difference of shares in percentage points, with as many digits as a share of its size."""
    if difference is None:
        return "unknown"
    digits = 2 if abs(difference) < 0.2 else 1
    # Adding 0 takes the sign off a zero.
    return f"{round(100 * difference, digits) + 0.0:.{digits}f}"


def one_of(log_evidence: float) -> str:
    """How rarely chance shows as much, to two digits, from the logarithm of the evidence."""
    times = math.exp(min(max(log_evidence, 0.0), math.log(MOST_RELEASES)))
    digits = max(0, math.floor(math.log10(times) + 1e-9) - 1)
    return thousands(math.floor(times / 10**digits + 1e-9) * 10**digits)

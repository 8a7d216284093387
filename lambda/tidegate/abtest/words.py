"""Numbers as people read them in reasons: rounded, never so far that a difference disappears."""

import math

from tidegate.observation import OutcomeKind
from tidegate.words import thousands


def percent(share: float | None) -> str:
    """A share in percent, with two digits after the point below 20 %, else one."""
    if share is None:
        return "unknown"
    return f"{100 * share:.{2 if abs(share) < 0.2 else 1}f} %"


def points(difference: float | None) -> str:
    """A difference of shares in percentage points, with two digits after the point."""
    if difference is None:
        return "unknown"
    return f"{round(100 * difference, 2) + 0.0:.2f}"


def things(kind: OutcomeKind) -> str:
    """What the objective counts."""
    return "right outcomes" if kind is OutcomeKind.LABELS else kind.value


def listed(names: tuple[str, ...]) -> str:
    """Names in a row: a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def one_of(log_evidence: float) -> str:
    """How rarely chance shows as much, from the logarithm of the evidence, to two digits."""
    times = math.exp(min(max(log_evidence, 0.0), 20.7))
    digits = max(0, math.floor(math.log10(times) + 1e-9) - 1)
    return thousands(math.floor(times / 10**digits + 1e-9) * 10**digits)

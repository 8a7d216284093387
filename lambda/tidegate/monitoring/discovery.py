"""Which of many hypotheses are refused: e-BH, valid however they depend on one another.

Wang and Ramdas (2009.02824): of J e-values, those of the k largest are refused for the largest k
with which the k-th largest is at least J / (k level). The expected share of false ones among the
refused is then at most `level`, and so is the chance to refuse any while all hold; of e-processes
that is so at every stopping time, and so the chance of ever refusing one is at most `level` too.
"""

import math
from collections.abc import Mapping


def discoveries(log_evidence: Mapping[str, float], *, level: float) -> tuple[str, ...]:
    """The names of the refused hypotheses, the most certain first."""
    ordered = sorted(log_evidence, key=lambda name: (-log_evidence[name], name))
    found = 0
    for count, name in enumerate(ordered, start=1):
        if log_evidence[name] >= limit(len(ordered), count, level=level):
            found = count
    return tuple(ordered[:found])


def limit(hypotheses: int, refused: int, *, level: float) -> float:
    """Logarithm of the e-value that each of so many refused ones must have."""
    return math.log(hypotheses / (refused * level))

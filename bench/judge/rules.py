"""What a rule is to the benchmark: all it is asked is when it rolls each release back.

A rule sees what was recorded and nothing else: neither what is wrong with the candidate nor since
when. Fitted rules know the world before the release too, as their operators would.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.judge.recorded import Counts, Recorded
from bench.judge.worlds import LOOKS
from tidegate.plan import Metric

NEVER = LOOKS
"""In place of a look, where a rule did not decide."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """The first look of each run at which a rule decided, or NEVER."""

    rolled_back: Counts
    promoted: Counts | None = None
    """Noted only: the release goes on being watched. None where the rule never promotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule under its name in tables, where it is documented, and what of a release it watches."""

    name: str
    documented: str
    decide: Callable[[Recorded], Decisions]
    watches: tuple[Metric, ...] = tuple(Metric)


def first(flags: Flags) -> Counts:
    """The first look of each run at which its flag is up, NEVER where none is."""
    return np.where(flags.any(axis=1), flags.argmax(axis=1), NEVER)

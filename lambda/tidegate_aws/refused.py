"""Counts of refused outcomes, as metrics in the function's log: a flood of them costs no call."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tidegate.metrics import counted, metric_line
from tidegate.outcomes import MODEL, REASON, REFUSED
from tidegate.ports import Clock
from tidegate.values import value


def _print(line: str) -> None:
    # In one write: two requests of one process never mix their lines.
    sys.stdout.write(f"{line}\n")


@value
class LoggedRefused:
    """Port `Refused` over the log: one metric `RefusedOutcomes` by model and reason."""

    clock: Clock
    write: Callable[[str], None] = _print

    def count(self, model: str, reason: str, *, times: int = 1) -> None:
        """Count refused outcomes."""
        refused = counted(REFUSED, times, **{MODEL: model, REASON: reason})
        self.write(metric_line(refused, at=self.clock.now()))

"""Metrics of a service, as lines of its functions' logs: no call, no permission."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tidegate.ai.ports import Time
from tidegate.metrics import Metric, metric_line

SERVICE, OPERATION = "Service", "Operation"


def _print(line: str) -> None:
    # In one write: two requests of one process never mix their lines.
    sys.stdout.write(f"{line}\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedMetrics:
    """Port `Metrics`; the dimension Service is PROJECT-STAGE-NAME."""

    service: str
    clock: Time
    write: Callable[[str], None] = _print

    def put(
        self,
        name: str,
        value: float | Sequence[float],
        *,
        unit: str = "Count",
        operation: str | None = None,
    ) -> None:
        """The value is in CloudWatch soon, of one operation if it is named."""
        more = {} if operation is None else {OPERATION: operation}
        metric = Metric(
            dimensions={SERVICE: self.service, **more}, values={name: value}, units={name: unit}
        )
        self.write(metric_line(metric, at=self.clock.now()))

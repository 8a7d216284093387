"""The plan of a monitor: what is read of requests and answers, and what is tolerated."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.values import value

LEAST_WINDOW_SECONDS, MOST_WINDOW_SECONDS = 300, 7 * 86_400


@value
class MonitoringPlan:
    """What a monitor watches. Places are JSON pointers into the body of a request or answer.

    `records` leads to one record or to a list of them; `prediction` leads to the answer to each,
    within its entry of the list that `predictions` leads to. `columns` name the values of CSV.
    """

    alpha: float = 0.01
    """Chance of any false alarm, ever, against one baseline."""
    tolerance: float = 0.05
    """How far a share of a feature or prediction may be from the baseline's and not matter."""
    quality_tolerance: float = 0.01
    """The same of missing, impossible and strange values."""
    tolerances: Mapping[str, float] = field(default_factory=dict)
    """Tolerances of single features, instead."""
    window_seconds: int = 86_400
    lag_seconds: int = 900
    """How long after a window captures of it may still arrive."""
    records: str = ""
    predictions: str | None = None
    prediction: str = ""
    client: str | None = None
    """A place in the request that tells clients apart: each counts once a window."""
    columns: tuple[str, ...] = ()
    outcomes: OutcomePlan | None = None
    """What became known of predictions; None where nothing is reported."""

    def tolerance_of(self, feature: str) -> float:
        """What is tolerated of a feature's distribution."""
        return self.tolerances.get(feature, self.tolerance)

    def to_json(self) -> dict[str, Any]:
        """The plan in JSON types."""
        return {
            "alpha": self.alpha,
            "tolerance": self.tolerance,
            "quality_tolerance": self.quality_tolerance,
            "tolerances": dict(self.tolerances),
            "window_seconds": self.window_seconds,
            "lag_seconds": self.lag_seconds,
            "records": self.records,
            "predictions": self.predictions,
            "prediction": self.prediction,
            "client": self.client,
            "columns": list(self.columns),
            "outcomes": None if self.outcomes is None else self.outcomes.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "MonitoringPlan":
        """The inverse of `to_json`; InvalidValueError names all that cannot be."""
        told = data["outcomes"]
        outcomes = None if told is None else OutcomePlan.from_json(told)
        plan = cls(**{**data, "columns": tuple(data["columns"]), "outcomes": outcomes})
        faults = faults_of(plan)
        if faults:
            raise InvalidValueError(faults)
        return plan


def faults_of(plan: MonitoringPlan) -> list[str]:
    """What is impossible in a plan."""
    faults = []
    if not 0 < plan.alpha <= 0.2:
        faults.append(f"alpha is {plan.alpha}, must be above 0 and at most 0.2")
    tolerances = {
        "tolerance": plan.tolerance,
        "quality_tolerance": plan.quality_tolerance,
        **{f"tolerances.{name}": found for name, found in plan.tolerances.items()},
    }
    for name, found in tolerances.items():
        if not 0 <= found < 1:
            faults.append(f"{name} is {found}, a share: must be at least 0 and below 1")
    if not LEAST_WINDOW_SECONDS <= plan.window_seconds <= MOST_WINDOW_SECONDS:
        faults.append(
            f"window is {plan.window_seconds} s, must be {LEAST_WINDOW_SECONDS} to "
            f"{MOST_WINDOW_SECONDS} s (5m to 7d)"
        )
    elif plan.window_seconds % INTERVAL_SECONDS:
        faults.append(f"window is {plan.window_seconds} s, must be whole minutes")
    return faults + ([] if plan.outcomes is None else plan.outcomes.faults())

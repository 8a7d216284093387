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
class ScorePlan:
    """Where an answer has its score, a chance from 0 to 1, and how much worse it may become."""

    at: str
    auc_tolerance: float = 0.02
    """How far the area under the curve may fall and not matter."""
    calibration_tolerance: float = 0.05
    """How far the share of positives may be from what scores say and not matter."""

    def to_json(self) -> dict[str, Any]:
        """The plan in JSON types."""
        return {
            "at": self.at,
            "auc_tolerance": self.auc_tolerance,
            "calibration_tolerance": self.calibration_tolerance,
        }


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
    score: ScorePlan | None = None
    """Joins scores and labels; needs `outcomes`. None: only their share of errors is watched."""
    attributions: str | None = None
    """A place in the answer that says how much each feature contributed to it."""
    slices: tuple[str, ...] = ()
    """Features whose values cut traffic into slices, as the baseline says."""
    slice_tolerance: float = 0.05
    """How far a share of a slice may move, or its ranking fall, and not matter."""

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
            "score": None if self.score is None else self.score.to_json(),
            "attributions": self.attributions,
            "slices": list(self.slices),
            "slice_tolerance": self.slice_tolerance,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "MonitoringPlan":
        """The inverse of `to_json`; InvalidValueError names all that cannot be."""
        outcomes, score = data["outcomes"], data["score"]
        plan = cls(
            **{
                **data,
                "columns": tuple(data["columns"]),
                "slices": tuple(data["slices"]),
                "outcomes": None if outcomes is None else OutcomePlan.from_json(outcomes),
                "score": None if score is None else ScorePlan(**score),
            }
        )
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
        "slice_tolerance": plan.slice_tolerance,
        **_score_tolerances(plan.score),
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
    if plan.score is not None and plan.outcomes is None:
        faults.append("score is given without outcomes: labels are what is reported, give both")
    return faults + ([] if plan.outcomes is None else plan.outcomes.faults())


def _score_tolerances(score: ScorePlan | None) -> dict[str, float]:
    if score is None:
        return {}
    return {
        "score.auc_tolerance": score.auc_tolerance,
        "score.calibration_tolerance": score.calibration_tolerance,
    }

"""What is remembered of labels: who waits for one, and what those that came have said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.monitoring.scores import ScoreCounts
from tidegate.monitoring.waiting import Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPoint:
    """How well a window's labels were told, of so many that are known. None: nothing to say."""

    window: int
    labelled: int
    wrong: float
    auc: float | None
    calibration_error: float | None

    def to_json(self) -> list[Any]:
        """The point in JSON types."""
        figures = (self.wrong, self.auc, self.calibration_error)
        shown = [None if one is None else round(one, 5) for one in figures]
        return [self.window, self.labelled, *shown]

    @classmethod
    def from_json(cls, data: list[Any]) -> "QualityPoint":
        """The inverse of `to_json`."""
        window, labelled, wrong, auc, error = data
        return cls(window=window, labelled=labelled, wrong=wrong, auc=auc, calibration_error=error)


@dataclass(slots=True, kw_only=True)
class Quality:
    """Labels that came: waiting predictions, counts of the last judged windows, figures of all.

    `recent` has a window's counts by slice, "" for all traffic. `pairs` are all that were ranked
    wrongly, and rightly, since the baseline became this one.
    """

    waiting: dict[int, Waiting] = field(default_factory=dict)
    recent: list[tuple[int, dict[str, ScoreCounts]]] = field(default_factory=list)
    points: list[QualityPoint] = field(default_factory=list)
    pairs: tuple[float, float] = (0.0, 0.0)
    offered: int = 0
    """Predictions with a score, of windows that were judged."""
    kept: int = 0
    """Those of them that were waited for."""
    labelled: int = 0
    """Those of them whose label came."""
    lapsed: int = 0
    """Those of windows that were judged so late that outcomes had been forgotten."""

    def to_json(self) -> dict[str, Any]:
        """The quality in JSON types."""
        return {
            "waiting": {str(index): one.to_json() for index, one in sorted(self.waiting.items())},
            "recent": [
                [index, {name: one.to_json() for name, one in counts.items()}]
                for index, counts in self.recent
            ],
            "points": [one.to_json() for one in self.points],
            "pairs": list(self.pairs),
            "offered": self.offered,
            "kept": self.kept,
            "labelled": self.labelled,
            "lapsed": self.lapsed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Quality":
        """The inverse of `to_json`."""
        wrongly, rightly = data["pairs"]
        return cls(
            waiting={int(at): Waiting.from_json(one) for at, one in data["waiting"].items()},
            recent=[
                (index, {name: ScoreCounts.from_json(one) for name, one in counts.items()})
                for index, counts in data["recent"]
            ],
            points=[QualityPoint.from_json(one) for one in data["points"]],
            pairs=(wrongly, rightly),
            offered=data["offered"],
            kept=data["kept"],
            labelled=data["labelled"],
            lapsed=data["lapsed"],
        )

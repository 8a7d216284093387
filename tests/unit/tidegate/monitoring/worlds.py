"""Worlds with scores, labels and slices: a model that knows the chances, and ways to go wrong."""

import hashlib
import json
import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.monitoring.advance import Watched
from tidegate.monitoring.baseline import PREDICTION, Baseline
from tidegate.monitoring.columns import Columns, Row
from tidegate.monitoring.evaluating import Evaluated, with_evaluation
from tidegate.monitoring.hypotheses import hypotheses_of
from tidegate.monitoring.making import make_baseline
from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.monitoring.plan import MonitoringPlan, ScorePlan
from tidegate.prediction_id import fingerprint

CITIES = ("bonn", "graz", "oslo")
ROWS = 6_000
PLAN = MonitoringPlan(
    window_seconds=3_600,
    lag_seconds=60,
    predictions="/score",
    score=ScorePlan(at="/score"),
    slices=("city",),
    outcomes=OutcomePlan(expected=0.2, rows=ROWS, tolerance=0.05, window_seconds=600),
)


@dataclass(slots=True)
class Traffic:
    """Requests with a city and a number; the label is positive as often as the score says.

    In a city that is `broken` labels are the contrary of what they would be.
    """

    seed: int = 7
    broken: Collection[str] = ()
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Its own chance."""
        self.chance = random.Random(self.seed)  # noqa: S311 - traffic, not secrets

    def one(self) -> dict[str, Any]:
        """A request, its score and its label."""
        x = self.chance.random()
        city = self.chance.choice(CITIES)
        score = round(0.05 + 0.9 * (x > 0.5), 2) if self.chance.random() < 0.8 else 0.5
        label = self.chance.random() < score
        return {
            "x": x,
            "city": city,
            "score": score,
            "label": label is not (city in self.broken),
        }

    def rows(self, count: int) -> Iterator[dict[str, Any]]:
        """So many."""
        return (self.one() for _ in range(count))


def made(plan: MonitoringPlan = PLAN, *, rows: int = ROWS) -> Watched:
    """What is watched against a baseline of such traffic, made as the command makes it."""
    drawn = [{**row, PREDICTION: row["score"]} for row in Traffic(seed=1).rows(rows)]
    columns = Columns(names=("x", "city", PREDICTION), slices={"city": ()})
    baseline = make_baseline(lambda: iter(drawn), columns)
    of = Evaluated(score="score", label="label", threshold=0.5)
    return watched_of(plan, with_evaluation(baseline, Traffic(seed=2).rows(rows), of))


def watched_of(plan: MonitoringPlan, baseline: Baseline) -> Watched:
    """A plan and a baseline."""
    return Watched(plan=plan, baseline=baseline, hypotheses=hypotheses_of(plan, baseline))


@dataclass(slots=True)
class MemoryLabels:
    """Port `KnownLabels`: what was wrong, by fingerprint; it remembers what it was asked for."""

    told: dict[str, bool] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    def wrong(self, fingerprints: Collection[str]) -> Mapping[str, bool]:
        """Of those that something is known of."""
        self.asked.append(len(fingerprints))
        return {one: self.told[one] for one in fingerprints if one in self.told}


def captured_scores(
    rows: Iterator[Row], labels: MemoryLabels, *, at: str, name: str, threshold: float = 0.5
) -> list[str]:
    """Lines of captures of these requests; their labels are known to the port."""
    lines = []
    for number, row in enumerate(rows):
        nonce = hashlib.blake2b(f"{name} {number}".encode(), digest_size=16).hexdigest()
        request, answer = {"x": row["x"], "city": row["city"]}, {"score": row["score"]}
        halves = {
            "endpointInput": {"data": json.dumps(request), "encoding": "JSON"},
            "endpointOutput": {"data": json.dumps(answer), "encoding": "JSON"},
        }
        event = {"inferenceTime": at, "inferenceId": nonce}
        lines.append(json.dumps({"captureData": halves, "eventMetadata": event}))
        predicted = row["score"] >= threshold
        labels.told[fingerprint(nonce)] = predicted is not row["label"]
    return lines

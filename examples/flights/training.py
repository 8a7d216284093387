"""What every version's recipe shares: tables, and one way to fit a model and measure it.

It sees training flights only. The measure is each version's own offline figure, of rows it chose;
what a version really does to traffic is `evaluate.py`'s to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from examples.flights.dataset import LATE, Flight

OFFLINE_SHARE = 0.2
OFFLINE_SEED = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """A fitted estimator, the tables its features need, and what its own evaluation said."""

    estimator: Any
    tables: Mapping[str, Any]
    offline_rows: int
    offline_wrong_share: float


def categories(flights: Sequence[Flight], name: str) -> list[str]:
    """The values of one text feature, sorted."""
    return sorted({str(flight.features[name]) for flight in flights})


def usual_air_minutes(flights: Sequence[Flight]) -> dict[str, float]:
    """The median minutes in the air by destination."""
    by_destination: dict[str, list[int]] = {}
    for flight in flights:
        by_destination.setdefault(str(flight.features["dest"]), []).append(flight.air_minutes)
    return {name: median(minutes) for name, minutes in sorted(by_destination.items())}


def fit(
    estimator: Any,
    tables: Mapping[str, Any],
    rows: Sequence[Sequence[float]],
    labels: Sequence[str],
) -> Trained:
    """The estimator is fitted on four fifths of the rows and measured on the unseen fifth."""
    late = np.array([label == LATE for label in labels])
    learn_rows, check_rows, learn_late, check_late = train_test_split(
        np.array(rows, dtype=float), late, test_size=OFFLINE_SHARE, random_state=OFFLINE_SEED
    )
    estimator.fit(learn_rows, learn_late)
    return Trained(
        estimator=estimator,
        tables=tables,
        offline_rows=len(check_late),
        offline_wrong_share=float(np.mean(estimator.predict(check_rows) != check_late)),
    )

"""A small model of fraud: naive Bayes over the values of an event's variables.

Numbers are sorted into the quartiles of the training events, other values count as they are; a
value that no training event had tells nothing. Counts get 1 added (Laplace). The score is 1,000
times the probability of fraud, as Fraud Detector scales its own. AWS's models are others.
"""

import bisect
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

ENGINE = "naive-bayes"
BEST_SCORE = 1000


class UntrainableError(ValueError):
    """Events that no model can be trained on; the sentence says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FraudModel:
    """Counts of a variable's values among fraudulent and legitimate events."""

    bounds: Mapping[str, Sequence[float]]
    """The quartiles of numeric variables."""
    counts: Mapping[str, tuple[Mapping[Any, int], Mapping[Any, int]]]
    """By variable: how often each value was legitimate, and how often fraud."""
    totals: tuple[int, int]

    @classmethod
    def trained(
        cls, events: Sequence[tuple[Mapping[str, Any], bool]], variables: Sequence[str]
    ) -> "FraudModel":
        """The model of such events, each with its values and whether it was fraud."""
        totals = Counter(fraud for _, fraud in events)
        if not totals[True] or not totals[False]:
            raise UntrainableError(
                "a model needs fraudulent and legitimate events, got "
                f"{totals[True]} and {totals[False]}"
            )
        bounds = {
            name: _quartiles([values.get(name) for values, _ in events]) for name in variables
        }
        counts: dict[str, tuple[Counter[Any], Counter[Any]]] = {
            name: (Counter(), Counter()) for name in variables
        }
        for values, fraud in events:
            for name in variables:
                if values.get(name) is not None:
                    counts[name][fraud][_bin(values[name], bounds[name])] += 1
        return cls(bounds=bounds, counts=counts, totals=(totals[False], totals[True]))

    def score(self, values: Mapping[str, Any]) -> float:
        """From 0 to 1,000: how likely an event with these values is fraud."""
        legitimate, fraud = self.totals
        odds = math.log(fraud / legitimate)
        for name, (of_legitimate, of_fraud) in self.counts.items():
            value = _bin(values.get(name), self.bounds[name])
            if value not in of_legitimate and value not in of_fraud:
                continue
            seen = len({*of_legitimate, *of_fraud})
            odds += math.log((of_fraud.get(value, 0) + 1) / (fraud + seen))
            odds -= math.log((of_legitimate.get(value, 0) + 1) / (legitimate + seen))
        return float(round(BEST_SCORE / (1.0 + math.exp(-max(-50.0, min(50.0, odds))))))


def _quartiles(values: Sequence[Any]) -> Sequence[float]:
    numbers = [value for value in values if _is_number(value)]
    return quantiles(numbers, n=4, method="inclusive") if len(numbers) >= 2 else []


def _bin(value: Any, bounds: Sequence[float]) -> Any:
    return bisect.bisect_right(bounds, value) if _is_number(value) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

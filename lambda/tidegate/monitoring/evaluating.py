"""Adds what a model's evaluation found to its baseline: labels by score, of all rows and slices."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.monitoring.baseline import Baseline
from tidegate.monitoring.bins import number_of
from tidegate.monitoring.columns import Row
from tidegate.monitoring.scores import ScoreCounts, score_of
from tidegate.monitoring.slices import Evaluation, is_wrong, names_in, names_of
from tidegate.values import value

LEAST_OF_LABEL = 20
"""Rows of either label that an evaluation needs: bounds of fewer allow for anything."""

MOST_FAULTS = 5

_WORDS: Mapping[str, bool] = {"true": True, "yes": True, "false": False, "no": False}


@value
class Evaluated:
    """Which columns have score and label; a prediction is positive from `threshold` on.

    Without a threshold the score says how sure the model is, and the label whether it was right.
    """

    score: str
    label: str
    threshold: float | None = None


def with_evaluation(baseline: Baseline, rows: Iterable[Row], of: Evaluated) -> Baseline:
    """The baseline with its evaluation, read as a stream; InvalidValueError with faults.

    The rows must be such as the model was not trained on: of its own it knows too much.
    """
    whole = ScoreCounts()
    names = [name for name, *_ in names_of(baseline.slices)]
    by_slice = {name: ScoreCounts() for name in names}
    faults: list[str] = []
    for number, row in enumerate(rows, start=1):
        found = list(_faults(row, of))
        if found:
            faults += [f"row {number}: {fault}" for fault in found]
            continue
        score, positive = score_of(row.get(of.score)) or 0.0, _label_of(row.get(of.label)) is True
        wrong = is_wrong(score, positive=positive, threshold=of.threshold)
        for name in ("", *names_in(baseline.slices, row)):
            counts = by_slice[name] if name else whole
            counts.put(score, positive=positive, wrong=wrong)
    faults = _shortened(faults) or list(_few(whole, of))
    if faults:
        raise InvalidValueError(faults)
    return replace(
        baseline,
        evaluation=Evaluation(counts=whole, threshold=of.threshold),
        slices={
            feature: replace(
                slicing,
                evaluation=tuple(
                    by_slice[slicing.name(feature, index)] for index in range(slicing.bins.count)
                ),
            )
            for feature, slicing in baseline.slices.items()
        },
    )


def _faults(row: Row, of: Evaluated) -> Iterator[str]:
    if score_of(row.get(of.score)) is None:
        yield f"{of.score} is {row.get(of.score)!r}, must be a chance from 0 to 1"
    if _label_of(row.get(of.label)) is None:
        yield f"{of.label} is {row.get(of.label)!r}, must be 0 or 1, true or false, yes or no"


def _label_of(raw: Any) -> bool | None:
    if isinstance(raw, bool):
        return raw
    word = _WORDS.get(str(raw).strip().lower())
    if word is not None:
        return word
    number = number_of(raw)
    return bool(number) if number in (0.0, 1.0) else None


def _shortened(faults: list[str]) -> list[str]:
    more = len(faults) - MOST_FAULTS
    return faults if more <= 0 else [*faults[:MOST_FAULTS], f"and {more} more faults"]


def _few(counts: ScoreCounts, of: Evaluated) -> Iterator[str]:
    for text, rows in (("positive", counts.positives), ("negative", counts.negatives)):
        if sum(rows) < LEAST_OF_LABEL:
            yield (
                f"the evaluation has {sum(rows):.0f} rows whose {of.label} is {text}, needs at "
                f"least {LEAST_OF_LABEL}: give more data"
            )

"""Where the bins of a column are: placed by a sample of its values."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tidegate.monitoring.bins import (
    MOST_BINS,
    MOST_CATEGORIES,
    MOST_KNOWN,
    Bins,
    Kind,
    Place,
    category_of,
    number_of,
)

FEW_VALUES = 12
"""Whole numbers with at most so many different values have a bin a value."""


def bins_of(raws: Sequence[Any], *, is_category: bool) -> Bins:
    """The bins of a column, placed by a sample of its values."""
    numbers = [number_of(raw) for raw in raws]
    known = [number for number in numbers if not isinstance(number, Place)]
    invalid = sum(number is Place.INVALID for number in numbers)
    if is_category or not known or invalid > len(known):
        return _category_bins(raws)
    return _number_bins(sorted(known))


def _number_bins(ordered: Sequence[float]) -> Bins:
    distinct = sorted(set(ordered))
    if len(distinct) <= FEW_VALUES:
        edges = tuple(distinct[:-1])
    else:
        places = (len(ordered) * k // MOST_BINS for k in range(1, MOST_BINS))
        found = sorted({ordered[place] for place in places})
        edges = tuple(edge for edge in found if edge < ordered[-1])
    return Bins(kind=Kind.NUMBER, edges=edges, low=ordered[0], high=ordered[-1])


def _category_bins(raws: Sequence[Any]) -> Bins:
    texts = (category_of(raw) for raw in raws)
    counts = Counter(text for text in texts if not isinstance(text, Place))
    ordered = sorted(counts, key=lambda text: (-counts[text], text))
    return Bins(
        kind=Kind.CATEGORY,
        categories=tuple(ordered[:MOST_CATEGORIES]),
        known=frozenset(ordered[:MOST_KNOWN]),
    )

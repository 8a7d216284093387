"""What is read of the rows that a baseline is made of."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from tidegate.monitoring.seasons import Season
from tidegate.values import value

Row = Mapping[str, Any]


@value
class Columns:
    """What is read of a row. `categories` are categories even if they look like numbers.

    `moment` finds a row's moment in seconds since the epoch; rows without one do not count then.
    """

    names: tuple[str, ...]
    categories: frozenset[str] = frozenset()
    season: Season = Season.NONE
    moment: Callable[[Row], float | None] | None = None
    slices: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Columns that cut traffic, each by these edges; none: as the column's own values are cut."""
    attributions: bool = False
    """Whether rows have attributions of their predictions, under `ATTRIBUTIONS`."""

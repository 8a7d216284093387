"""What a reaction reads of a monitor's report."""

from collections.abc import Mapping
from typing import Any

from tidegate.monitoring.shares import Family
from tidegate.reaction.decide import Found


def found_in(view: Mapping[str, Any]) -> Found:
    """What the view of a monitor refuses."""
    refused = [one for one in view["findings"] if one["refused"]]
    return Found(
        at=float(view["at"]),
        baseline=view["baseline"]["digest"],
        families=tuple(dict.fromkeys(Family(one["family"]) for one in refused)),
        names=tuple(f"{one['family']}: {one['feature']}" for one in refused),
    )

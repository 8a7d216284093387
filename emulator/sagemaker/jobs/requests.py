"""What requests of training and of processing jobs have in common. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.sagemaker import errors

DEFAULT_SECONDS = 86_400
"""MaxRuntimeInSeconds when a request sets none: one day (API reference, StoppingCondition)."""


def refuse(faults: Iterable[str], unemulated: Iterable[str]) -> None:
    """Nothing is in the way, or an error says all that is: first what AWS would refuse too."""
    told = [*faults]
    if told:
        raise errors.validation(" ".join(told))
    missing = [*unemulated]
    if missing:
        raise errors.not_emulated("; ".join(missing))


def limit_seconds(request: Mapping[str, Any]) -> float:
    """How long the program may run."""
    given = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
    return float(DEFAULT_SECONDS if given is None else given)

"""The clock of the embedded cloud, which may run faster than the wall's.

Bake times, alarm periods and schedules are hours on AWS; here the same figures pass `scale` times
faster. Signatures and credentials stay on wall time. It may not know what uses it.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ORIGIN_VARIABLE = "EMBEDDED_CLOCK_ORIGIN"
SCALE_VARIABLE = "EMBEDDED_CLOCK_SCALE"


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudClock:
    """Cloud time starts at `origin_seconds` (Unix time) and runs `scale` times faster."""

    origin_seconds: float
    scale: float = 1.0
    wall: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        """Refuse a scale that would stop or turn back time."""
        if not (math.isfinite(self.scale) and self.scale >= 1.0):
            raise ValueError(
                f"the time scale is cloud seconds per wall second, >= 1, got {self.scale}"
            )

    def now(self) -> float:
        """Unix time in the cloud, in seconds."""
        return self.origin_seconds + (self.wall() - self.origin_seconds) * self.scale

    def wall_seconds(self, cloud_seconds: float) -> float:
        """How long the wall's clock takes for a stretch of cloud time."""
        return cloud_seconds / self.scale

    def environment(self) -> dict[str, str]:
        """The variables by which another process reads the same clock."""
        return {ORIGIN_VARIABLE: repr(self.origin_seconds), SCALE_VARIABLE: repr(self.scale)}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "CloudClock":
        """The clock that `environment` names, or the wall's own where it names none."""
        if ORIGIN_VARIABLE not in environment:
            return cls(origin_seconds=0.0)
        return cls(
            origin_seconds=float(environment[ORIGIN_VARIABLE]),
            scale=float(environment[SCALE_VARIABLE]),
        )

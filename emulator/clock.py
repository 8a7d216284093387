"""The clock of the embedded cloud, which may run faster than the wall's.

Bake times, alarm periods and schedules are hours on AWS; here the same figures pass `scale` times
faster, but for the moments in which the cloud's own work is under way (`emulator.timekeeper`).
Signatures and credentials stay on wall time. It may not know what uses it.
"""

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_VARIABLE = "EMBEDDED_CLOCK_FILE"
"""Names the file in which another process reads how the cloud's time runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """A straight stretch of the cloud's time: at `wall` it was `cloud`, and it runs at `rate`.

    Both moments are Unix seconds; `rate` is cloud seconds per wall second.
    """

    wall: float
    cloud: float
    rate: float

    def at(self, wall: float) -> float:
        """The cloud's time at a moment of the wall's."""
        return self.cloud + (wall - self.wall) * self.rate

    def bent(self, wall: float, rate: float) -> "Course":
        """This course up to `wall`, another rate from there on: time neither jumps nor turns."""
        return Course(wall=wall, cloud=self.at(wall), rate=rate)

    def to_json(self) -> dict[str, Any]:
        """The fields of the file."""
        return {"wall": self.wall, "cloud": self.cloud, "rate": self.rate}


WALL = Course(wall=0.0, cloud=0.0, rate=1.0)
"""The wall's own time, which is AWS's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudClock:
    """Cloud time, as `course` says that it runs now: `scale` times faster at the most.

    `file` is where other processes read the course; None for a clock of this process alone.
    """

    scale: float = 1.0
    course: Callable[[], Course] = lambda: WALL
    wall: Callable[[], float] = time.time
    file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse a scale that would stop or turn back time."""
        if not (math.isfinite(self.scale) and self.scale >= 1.0):
            raise ValueError(
                f"the time scale is cloud seconds per wall second, >= 1, got {self.scale}"
            )

    def now(self) -> float:
        """Unix time in the cloud, in seconds."""
        return self.course().at(self.wall())

    def wall_seconds(self, cloud_seconds: float) -> float:
        """How long the wall's clock takes at the least for a stretch of cloud time."""
        return cloud_seconds / self.scale

    def environment(self) -> dict[str, str]:
        """The variables by which another process reads the same clock."""
        return {} if self.file is None else {FILE_VARIABLE: str(self.file)}

    @classmethod
    def of_file(cls, file: Path) -> "CloudClock":
        """The clock whose course is in `file`; OSError if no cloud keeps it there."""
        return cls(scale=_read(file)["scale"], course=lambda: read_course(file), file=file)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "CloudClock":
        """The clock that `environment` names, or the wall's own where it names none."""
        named = environment.get(FILE_VARIABLE)
        return cls() if named is None else cls.of_file(Path(named))


def read_course(file: Path) -> Course:
    """How the time of the cloud that keeps `file` runs now."""
    data = _read(file)
    return Course(wall=data["wall"], cloud=data["cloud"], rate=data["rate"])


def write_course(file: Path, course: Course, *, scale: float) -> None:
    """Readers of `file` find this course; none ever finds half of one."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({**course.to_json(), "scale": scale}), encoding="utf-8")
    os.replace(partial, file)  # noqa: PTH105 - a third of pathlib's time, at every task


def _read(file: Path) -> dict[str, float]:
    fields: dict[str, float] = json.loads(file.read_text(encoding="utf-8"))
    return fields

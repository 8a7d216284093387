"""The clock of the cloud: the wall's on AWS, the embedded cloud's own where there is one.

The embedded cloud keeps the course of its time in a file, as a straight line through one moment:
at `wall` it was `cloud`, and it runs at `rate`, which changes while the cloud works.
"""

import json
import time
from collections.abc import Callable

from tidegate.values import value


@value
class CloudClock:
    """Port `Clock`: the time of the cloud that keeps `file`, the wall's own without one."""

    file: str | None = None
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def now(self) -> float:
        """The present moment of the cloud, in seconds since the epoch."""
        wall = self.wall()
        if self.file is None:
            return wall
        course = self._course(self.file)
        return course["cloud"] + (wall - course["wall"]) * course["rate"]

    def pause(self, seconds: float) -> None:
        """So many seconds of the cloud have passed, or nearly so where its time slowed down."""
        self.sleep(seconds if self.file is None else seconds / self._course(self.file)["scale"])

    @staticmethod
    def _course(file: str) -> dict[str, float]:
        with open(file, encoding="utf-8") as stream:  # noqa: PTH123 - pathlib takes 5 ms to load
            fields: dict[str, float] = json.load(stream)
        return fields

"""The clock of the cloud: the wall's on AWS, a faster one in the embedded cloud."""

import time
from collections.abc import Callable

from tidegate.values import value
from tidegate_aws.settings import ClockSettings


@value
class CloudClock:
    """Port `Clock`: `origin + (wall - origin) * scale`, the wall's own time without settings."""

    settings: ClockSettings | None = None
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def now(self) -> float:
        """The present moment of the cloud, in seconds since the epoch."""
        wall = self.wall()
        if self.settings is None:
            return wall
        return self.settings.origin + (wall - self.settings.origin) * self.settings.scale

    def pause(self, seconds: float) -> None:
        """So many seconds of the cloud have passed."""
        self.sleep(seconds if self.settings is None else seconds / self.settings.scale)

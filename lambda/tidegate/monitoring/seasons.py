"""Seasons: stretches of time that are compared with the same stretches of the baseline only."""

import time
from enum import StrEnum


class Season(StrEnum):
    """What a moment is told apart by, in UTC."""

    NONE = "none"
    HOUR = "hour"
    WEEKDAY = "weekday"
    WEEKDAY_HOUR = "weekday-hour"

    @property
    def cells(self) -> int:
        """How many seasons there are."""
        return {"none": 1, "hour": 24, "weekday": 7, "weekday-hour": 168}[self.value]

    @property
    def longest_window_seconds(self) -> int | None:
        """A window must lie within one season; None where any does."""
        whole_day = self in (Season.NONE, Season.WEEKDAY)
        if self is Season.NONE:
            return None
        return 86_400 if whole_day else 3_600

    def of(self, at: float) -> int:
        """The season of a moment, in seconds since the epoch."""
        if self is Season.NONE:
            return 0
        moment = time.gmtime(at)
        if self is Season.HOUR:
            return moment.tm_hour
        if self is Season.WEEKDAY:
            return moment.tm_wday
        return 24 * moment.tm_wday + moment.tm_hour

"""Metrics of queues in `AWS/SQS`: what waits in each, once a minute of the cloud's clock.

Names, units and the period: SQS developer guide, "Available CloudWatch metrics for Amazon SQS". The
counts of what was sent, received and deleted are not published.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NAMESPACE = "AWS/SQS"
EVERY_SECONDS = 60.0
ACTIVE_SECONDS = 6 * 3600.0
"""A queue that nobody used and nothing was in for so long has no metrics until it is used."""

Publish = Callable[[str, str, float, str], None]
"""(the queue's ARN, metric, value, unit)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Depth:
    """What waits in a queue: messages, and seconds since the oldest was sent."""

    visible: int
    in_flight: int
    delayed: int
    oldest_seconds: float

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self.visible + self.in_flight + self.delayed == 0

    def values(self) -> Mapping[str, tuple[float, str]]:
        """Value and unit of each metric."""
        return {
            "ApproximateNumberOfMessagesVisible": (float(self.visible), "Count"),
            "ApproximateNumberOfMessagesNotVisible": (float(self.in_flight), "Count"),
            "ApproximateNumberOfMessagesDelayed": (float(self.delayed), "Count"),
            "ApproximateAgeOfOldestMessage": (self.oldest_seconds, "Seconds"),
        }


@dataclass(kw_only=True, slots=True)
class QueueMetrics:
    """Publishes the depths of all queues, not more often than once a minute."""

    publish: Publish
    _due: float = 0.0
    _active: dict[str, float] = field(default_factory=dict)

    def look(self, now: float, depths: Callable[[], Mapping[str, Depth]]) -> None:
        """The depths are known at this moment of the cloud's clock, if a minute has passed."""
        if now < self._due:
            return
        self._due = now + EVERY_SECONDS
        found = depths()
        for queue, depth in found.items():
            if not depth.empty or queue not in self._active:
                self._active[queue] = now
            if now - self._active[queue] <= ACTIVE_SECONDS:
                for name, (value, unit) in depth.values().items():
                    self.publish(queue, name, value, unit)
        for gone in self._active.keys() - found.keys():
            del self._active[gone]

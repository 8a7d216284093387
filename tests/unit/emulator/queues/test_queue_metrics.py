"""What waits in queues is published once a minute, for as long as a queue is active."""

from emulator.queues.metrics import ACTIVE_SECONDS, EVERY_SECONDS, Depth, QueueMetrics

EMPTY = Depth(visible=0, in_flight=0, delayed=0, oldest_seconds=0.0)
FULL = Depth(visible=2, in_flight=1, delayed=3, oldest_seconds=9.0)


class Published:
    """The metrics, as they come."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, float, str]] = []
        self.metrics = QueueMetrics(publish=lambda *given: self.seen.append(given))

    def look(self, now: float, depth: Depth, queue: str = "q") -> dict[str, float]:
        """What one look publishes."""
        self.seen.clear()
        self.metrics.look(now, lambda: {queue: depth})
        return {name: value for _, name, value, _ in self.seen}


def test_each_count_is_a_metric() -> None:
    """Visible, in flight, delayed, and the age of the oldest."""
    assert Published().look(1000.0, FULL) == {
        "ApproximateNumberOfMessagesVisible": 2.0,
        "ApproximateNumberOfMessagesNotVisible": 1.0,
        "ApproximateNumberOfMessagesDelayed": 3.0,
        "ApproximateAgeOfOldestMessage": 9.0,
    }


def test_there_is_one_value_a_minute() -> None:
    """A look before a minute has passed publishes nothing."""
    published = Published()
    published.look(1000.0, FULL)
    assert published.look(1000.0 + EVERY_SECONDS - 1, FULL) == {}
    assert published.look(1000.0 + EVERY_SECONDS, FULL)


def test_a_queue_that_was_empty_for_hours_is_silent_until_it_is_used() -> None:
    """An empty one says zero first, and speaks again with its next message."""
    published = Published()
    assert published.look(1000.0, EMPTY)["ApproximateNumberOfMessagesVisible"] == 0.0
    assert published.look(1000.0 + ACTIVE_SECONDS, EMPTY)
    later = 1001.0 + ACTIVE_SECONDS + EVERY_SECONDS
    assert published.look(later, EMPTY) == {}
    assert published.look(later + EVERY_SECONDS, FULL)


def test_a_queue_made_again_under_its_name_is_active() -> None:
    """A deleted queue is forgotten."""
    published = Published()
    published.look(1000.0, EMPTY)
    published.look(1000.0 + EVERY_SECONDS, EMPTY, queue="other")
    assert published.look(1000.0 + 2 * ACTIVE_SECONDS, EMPTY)

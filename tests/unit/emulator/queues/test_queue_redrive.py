"""Move tasks: what they take, how fast, and when they end."""

from typing import Any

import pytest

from emulator.queues.redrive import MoveTasks, RedriveError, UnknownOriginError

SOURCE, DEAD = "arn:aws:sqs:r:1:source", "arn:aws:sqs:r:1:dead"


class Queues:
    """A dead-letter queue with so many messages; `lost` of them came from nowhere, at the end."""

    def __init__(self, waiting: int, lost: int = 0) -> None:
        self.waiting, self.lost = waiting, lost

    def exists(self, queue: str) -> bool:
        """Of two there are."""
        return queue in {SOURCE, DEAD}

    def sources_of(self, dead_letters: str) -> list[str]:
        """One has sources."""
        return [SOURCE] if dead_letters == DEAD else []

    def visible(self, queue: str) -> int:
        """What is left."""
        assert queue == DEAD
        return self.waiting

    def move(self, source: str, destination: str | None, most: int) -> int:
        """Those from nowhere stay, unless they are told where to go."""
        assert source == DEAD
        moved = min(most, self.waiting if destination else self.waiting - self.lost)
        self.waiting -= moved
        if destination is None and self.lost and moved < most:
            raise UnknownOriginError(moved)
        return moved


class Desk:
    """Tasks over such queues, and a clock."""

    def __init__(self, waiting: int = 3, lost: int = 0) -> None:
        self.clock = 100.0
        self.queues = Queues(waiting, lost)
        self.tasks = MoveTasks(queues=self.queues, now=lambda: self.clock)

    def start(self, **more: Any) -> str:
        """The handle of a new task."""
        return str(self.tasks.start({"SourceArn": DEAD, **more})["TaskHandle"])

    def after(self, seconds: float) -> Any:
        """The newest task so much later."""
        self.clock += seconds
        self.tasks.step()
        return self.tasks.listed({"SourceArn": DEAD})["Results"][0]


def test_a_task_moves_everything_and_is_completed() -> None:
    """It counts what it moved and had to move, and has no handle any more."""
    desk = Desk()
    desk.start()
    assert desk.after(1) == {
        "Status": "COMPLETED",
        "SourceArn": DEAD,
        "ApproximateNumberOfMessagesMoved": 3,
        "ApproximateNumberOfMessagesToMove": 3,
        "StartedTimestamp": 100_000,
    }


def test_a_task_is_not_faster_than_asked() -> None:
    """Two a second take two seconds for three; a fraction of a message waits."""
    desk = Desk()
    desk.start(MaxNumberOfMessagesPerSecond=2)
    assert desk.after(0.25)["ApproximateNumberOfMessagesMoved"] == 0
    assert desk.after(0.75)["ApproximateNumberOfMessagesMoved"] == 2
    assert desk.after(1.0)["Status"] == "COMPLETED"


def test_a_message_without_origin_ends_the_task() -> None:
    """What went before it is moved."""
    desk = Desk(waiting=3, lost=1)
    desk.start()
    task = desk.after(1)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert task["ApproximateNumberOfMessagesMoved"] == 2


def test_a_cancelled_task_moves_nothing_more() -> None:
    """Another may start then; the cancelled one cannot be cancelled again."""
    desk = Desk(waiting=9)
    handle = desk.start(MaxNumberOfMessagesPerSecond=1)
    assert desk.after(2)["TaskHandle"] == handle
    assert desk.tasks.cancel({"TaskHandle": handle}) == {"ApproximateNumberOfMessagesMoved": 2}
    assert desk.after(5)["Status"] == "CANCELLED"
    with pytest.raises(RedriveError, match="does not exist"):
        desk.tasks.cancel({"TaskHandle": handle})
    assert desk.start() != handle


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        ({"SourceArn": "x"}, "ResourceNotFoundException", "SourceArn"),
        ({"SourceArn": DEAD, "DestinationArn": "x"}, "ResourceNotFoundException", "DestinationArn"),
        ({"SourceArn": SOURCE}, "InvalidParameterValue", "Dead Letter Queue"),
        ({"SourceArn": DEAD, "MaxNumberOfMessagesPerSecond": 0}, "InvalidParameterValue", "500"),
        ({"SourceArn": DEAD, "MaxNumberOfMessagesPerSecond": 501}, "InvalidParameterValue", "501"),
    ],
)
def test_a_wrong_request_is_refused(request_: dict[str, Any], code: str, text: str) -> None:
    """In SQS's words."""
    with pytest.raises(RedriveError, match=text) as caught:
        Desk().tasks.start(request_)
    assert caught.value.code == code


def test_one_queue_has_one_task() -> None:
    """A second is refused while the first runs."""
    desk = Desk()
    desk.start()
    with pytest.raises(RedriveError, match="already a task running") as caught:
        desk.start()
    assert caught.value.code == "UnsupportedOperation"
    assert desk.after(1)["Status"] == "COMPLETED"
    desk.start()


def test_the_newest_task_is_listed_first_and_no_more_than_asked() -> None:
    """One is the default."""
    desk = Desk()
    desk.start()
    desk.after(1)
    desk.start(DestinationArn=SOURCE)
    listed = desk.tasks.listed
    assert listed({"SourceArn": DEAD})["Results"][0]["DestinationArn"] == SOURCE
    assert len(listed({"SourceArn": DEAD, "MaxResults": 10})["Results"]) == 2
    with pytest.raises(RedriveError, match="SourceArn"):
        listed({"SourceArn": "x"})

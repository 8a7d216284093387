"""Message move tasks: the messages of a dead-letter queue go back to where they came from.

Rules and texts: SQS API reference, StartMessageMoveTask, ListMessageMoveTasks and
CancelMessageMoveTask; developer guide, "Configure a dead-letter queue redrive". A redriven message
is a new one: id, time of sending and count of receives begin again. Knows nothing of ministack.
"""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = dict[str, Any]

FASTEST_PER_SECOND = 500
"""Messages a second, the most that may be asked for; AWS chooses for itself where none is asked."""
MOST_LISTED = 10
ACTIVE = frozenset({"RUNNING", "CANCELLING"})
UNKNOWN_ORIGIN = "CouldNotDetermineMessageSource"
"""Why a task fails at a message that was sent to the dead-letter queue itself."""


class RedriveError(Exception):
    """The request cannot be met; `code` is the error's name in the SQS model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownOriginError(Exception):
    """A message does not say which queue it comes from; `moved` went before it."""

    def __init__(self, moved: int) -> None:
        super().__init__(UNKNOWN_ORIGIN)
        self.moved = moved


class Queues(Protocol):
    """What a task needs of the queues; all are named by ARN."""

    def exists(self, queue: str) -> bool:
        """Whether there is such a queue."""
        ...

    def sources_of(self, dead_letters: str) -> list[str]:
        """The queues whose undeliverable messages go there."""
        ...

    def visible(self, queue: str) -> int:
        """How many messages could be received now."""
        ...

    def move(self, source: str, destination: str | None, most: int) -> int:
        """So many messages were moved, each to its own origin where no destination is given.

        Raises:
            UnknownOriginError: a message has none; it and those behind it are where they were.
        """
        ...


@dataclass(kw_only=True, slots=True)
class Task:
    """One move task; `started` and `moved_until` are moments of the cloud's clock in seconds."""

    identity: str
    source: str
    destination: str | None
    rate: int | None
    to_move: int
    started: float
    moved_until: float
    moved: int = 0
    status: str = "RUNNING"
    failure: str | None = None

    @property
    def handle(self) -> str:
        """What cancels it."""
        content = {"taskId": self.identity, "sourceArn": self.source}
        return base64.b64encode(json.dumps(content).encode()).decode()

    def described(self) -> Json:
        """An entry of ListMessageMoveTasks: a handle only while it runs."""
        entry: Json = {
            "Status": self.status,
            "SourceArn": self.source,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": int(self.started * 1000),
        }
        optional = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "DestinationArn": self.destination,
            "MaxNumberOfMessagesPerSecond": self.rate,
            "FailureReason": self.failure,
        }
        return entry | {name: value for name, value in optional.items() if value is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveTasks:
    """The tasks of one cloud; `now` is its clock in Unix seconds."""

    queues: Queues
    now: Callable[[], float]
    _tasks: list[Task] = field(default_factory=list)

    def start(self, request: Mapping[str, Any]) -> Json:
        """StartMessageMoveTask: the task runs from now on, with each `step`."""
        source, destination = str(request.get("SourceArn", "")), request.get("DestinationArn")
        rate = request.get("MaxNumberOfMessagesPerSecond")
        self._check(source, destination, rate)
        now = self.now()
        task = Task(
            identity=str(uuid.uuid4()),
            source=source,
            destination=destination,
            rate=None if rate is None else int(rate),
            to_move=self.queues.visible(source),
            started=now,
            moved_until=now,
        )
        self._tasks.insert(0, task)
        return {"TaskHandle": task.handle}

    def _check(self, source: str, destination: str | None, rate: Any) -> None:
        for name, queue in (("SourceArn", source), ("DestinationArn", destination)):
            if queue is not None and not self.queues.exists(queue):
                text = f"The resource that you specified for the {name} parameter doesn't exist."
                raise RedriveError("ResourceNotFoundException", text)
        if not self.queues.sources_of(source):
            text = "Source queue must be configured as a Dead Letter Queue."
            raise RedriveError("InvalidParameterValue", text)
        if rate is not None and not 1 <= int(rate) <= FASTEST_PER_SECOND:
            text = (
                f"Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid. "
                f"Reason: Must be between 1 and {FASTEST_PER_SECOND}."
            )
            raise RedriveError("InvalidParameterValue", text)
        if any(task.source == source and task.status in ACTIVE for task in self._tasks):
            text = (
                "There is already a task running. Only one active task is allowed "
                "for a source queue arn at a given time."
            )
            raise RedriveError("UnsupportedOperation", text)

    def listed(self, request: Mapping[str, Any]) -> Json:
        """ListMessageMoveTasks: the newest first."""
        source, most = str(request.get("SourceArn", "")), int(request.get("MaxResults", 1))
        if not self.queues.exists(source):
            text = "The resource that you specified for the SourceArn parameter doesn't exist."
            raise RedriveError("ResourceNotFoundException", text)
        found = [task.described() for task in self._tasks if task.source == source]
        return {"Results": found[: min(most, MOST_LISTED)]}

    def cancel(self, request: Mapping[str, Any]) -> Json:
        """CancelMessageMoveTask: what was moved stays moved, the rest stays where it is."""
        handle = str(request.get("TaskHandle", ""))
        task = next((task for task in self._tasks if task.handle == handle), None)
        if task is None or task.status != "RUNNING":
            raise RedriveError("ResourceNotFoundException", "Task does not exist.")
        task.status = "CANCELLED"
        return {"ApproximateNumberOfMessagesMoved": task.moved}

    def step(self) -> None:
        """Every running task has moved what it may have moved by now."""
        for task in self._tasks:
            if task.status == "RUNNING":
                self._move(task)

    def _move(self, task: Task) -> None:
        rate = task.rate if task.rate is not None else FASTEST_PER_SECOND
        now = self.now()
        allowed = int((now - task.moved_until) * rate)
        if allowed < 1:
            return
        task.moved_until = now
        try:
            task.moved += self.queues.move(task.source, task.destination, allowed)
        except UnknownOriginError as error:
            task.moved += error.moved
            task.status, task.failure = "FAILED", UNKNOWN_ORIGIN
            return
        if self.queues.visible(task.source) == 0:
            task.status = "COMPLETED"

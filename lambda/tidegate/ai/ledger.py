"""What a service remembers of its inputs, and what that means for a message that comes now.

SQS and EventBridge deliver at least once, functions are killed, and dead letters are sent back as
new messages. Of all messages about one work a single one carries it, the holder; the others find
it done or wait until it must be over. Sources: SQS developer guide, "At-least-once delivery" and
"Configuring a dead-letter queue redrive" (redriven messages have new ids).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import Any


class WorkState(StrEnum):
    """Where a work is: `dead` is in the dead-letter queue, until it is sent back."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRecord:
    """One work: its input, the message that carries it, and what waits.

    `touched_at` is when the holder was last at work or will be next (a delayed message). `revision`
    rises by one with each write. `job` is what a waiting job's next look needs.
    """

    work: str
    key: str
    size: int
    state: WorkState
    holder: str
    touched_at: float
    revision: int = 0
    job: Mapping[str, Any] | None = None
    result: str | None = None
    """Where the result is; None until the work is over."""
    why: str = ""
    """Why the last try came to nothing, without anything of the input."""

    @property
    def is_over(self) -> bool:
        """Whether there is a result."""
        return self.state in {WorkState.DONE, WorkState.REFUSED}

    def changed(self, **changes: Any) -> "WorkRecord":
        """The record with these changes, as the next revision."""
        return replace(self, revision=self.revision + 1, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message as SQS delivers it: how often it was received, and when it was sent."""

    id: str
    sent_at: float
    receives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTerms:
    """How the queue delivers: again after `hidden_seconds`, `most_receives` times in all."""

    hidden_seconds: int
    most_receives: int

    @property
    def patience_seconds(self) -> int:
        """By then a message is done or in the dead-letter queue."""
        return self.hidden_seconds * self.most_receives

    def is_last(self, delivery: Delivery) -> bool:
        """Whether the message goes to the dead-letter queue if it comes to nothing now."""
        return delivery.receives >= self.most_receives


class Claim(Enum):
    """What is done about a message."""

    TAKE = "take"
    DROP = "drop"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A claim, and for how many seconds a message waits."""

    claim: Claim
    seconds: int = 0


def claim(
    record: WorkRecord | None, delivery: Delivery, terms: QueueTerms, *, now: float
) -> Claimed:
    """What a message means for its work.

    A message that is not the holder never ends up in a second result: it is dropped when the work
    is over, and waits while the holder may still be alive. When the holder must be gone, it carries
    on what was sent after the holder's last sign of life (a dead letter that was sent back), and
    what was sent before is a duplicate of a dead letter: dropped, since that one counts.
    """
    if record is None or record.holder == delivery.id:
        over = record is not None and record.is_over
        return Claimed(claim=Claim.DROP if over else Claim.TAKE)
    if record.is_over:
        return Claimed(claim=Claim.DROP)
    later = delivery.sent_at > record.touched_at
    if record.state is WorkState.DEAD:
        return Claimed(claim=Claim.TAKE if later else Claim.DROP)
    gone_at = record.touched_at + terms.patience_seconds
    if now <= gone_at:
        return Claimed(claim=Claim.WAIT, seconds=max(1, int(gone_at - now) + 1))
    return Claimed(claim=Claim.TAKE if later else Claim.DROP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A request that came with an idempotency key: its answer is given again for a day.

    `name` is of caller and key, `digest` of the request. `body` is None while it is under way.
    """

    name: str
    digest: str
    began_at: float
    status: int = 0
    body: str | None = None
    revision: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

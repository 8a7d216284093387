"""A work queue as SQS keeps it, in simulated time: visibility, receives, dead letters, redrive."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.ai_fakes import FakeTime
from tidegate.ai.ledger import Delivery, QueueTerms
from tidegate.ai.work import Message


@dataclass
class Kept:
    """A message in the queue."""

    id: str
    body: Mapping[str, Any]
    sent_at: float
    visible_at: float
    receives: int = 0


@dataclass
class SimulatedQueue:
    """Port `Queue`, and the other side of it. A receipt is the message's id."""

    clock: FakeTime
    terms: QueueTerms
    kept: list[Kept] = field(default_factory=list)
    dead: list[Kept] = field(default_factory=list)
    made: int = 0

    def send(self, body: Mapping[str, Any], *, delay_seconds: int) -> str:
        """A message that comes after so many seconds."""
        self.made += 1
        now = self.clock.now()
        kept = Kept(id=f"m{self.made}", body=body, sent_at=now, visible_at=now + delay_seconds)
        self.kept.append(kept)
        return kept.id

    def hide(self, receipt: str, *, seconds: int) -> None:
        """A message comes back later."""
        for kept in self.kept:
            if kept.id == receipt:
                kept.visible_at = self.clock.now() + seconds

    def redrive(self) -> None:
        """Each dead letter is a new message."""
        letters, self.dead = self.dead, []
        for letter in letters:
            self.send(letter.body, delay_seconds=0)

    def run(self, handle: Callable[[Message], bool], *, most: int = 500) -> None:
        """Every message was delivered until it was done with, or dead."""
        for _ in range(most):
            if not self.kept:
                return
            kept = min(self.kept, key=lambda one: (one.visible_at, one.id))
            self.clock.moment = max(self.clock.moment, kept.visible_at) + 0.01
            self._deliver(kept, handle)
        raise AssertionError(f"the queue never came to rest: {self.kept}")

    def _deliver(self, kept: Kept, handle: Callable[[Message], bool]) -> None:
        if kept.receives >= self.terms.most_receives:
            self.kept.remove(kept)
            self.dead.append(kept)
            return
        kept.receives += 1
        kept.visible_at = self.clock.now() + self.terms.hidden_seconds
        delivery = Delivery(id=kept.id, sent_at=kept.sent_at, receives=kept.receives)
        if handle(Message(delivery=delivery, receipt=kept.id, body=kept.body)):
            self.kept.remove(kept)

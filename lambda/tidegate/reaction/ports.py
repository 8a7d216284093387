"""Ports of a reaction: its memory, the world around a model, and the two ways to act."""

from typing import Any, Protocol

from tidegate.metrics import Metric
from tidegate.reaction.decide import Around
from tidegate.reaction.memory import Act, Memory
from tidegate.values import value


@value
class Remembered:
    """A memory with the mark of its version in the store; None for one that was never written."""

    memory: Memory
    mark: str | None


class MemoryStore(Protocol):
    """Where the memory is."""

    def read(self) -> Remembered:
        """The newest memory, an empty one before the first act."""
        ...

    def write(self, remembered: Remembered) -> Remembered:
        """The memory is the newest; ConflictError where another was written since it was read."""
        ...


class Surroundings(Protocol):
    """The world around a model."""

    def report(self) -> dict[str, Any] | None:
        """The monitor's last report, None before the first."""
        ...

    def around(self) -> Around:
        """What is live and what is under way now."""
        ...


class Actor(Protocol):
    """One way to act."""

    def begin(self, act: Act) -> str:
        """The act has begun, once however often it is asked for; what it began."""
        ...


class Teller(Protocol):
    """Where a reaction's words go."""

    def measure(self, metric: Metric) -> None:
        """The metric is CloudWatch's."""
        ...

    def announce(self, detail: dict[str, Any]) -> None:
        """What was done, or why nothing was, is an event on the bus."""
        ...

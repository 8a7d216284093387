"""When a throttled call is repeated: exponential backoff with full jitter, on throttles only.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: full jitter
spreads callers best. Whatever else fails is not repeated here: the queue does that for files, and
callers of routes decide themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


class Draws(Protocol):
    """Randomness."""

    def random(self) -> float:
        """Uniform, 0 to less than 1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """At most `tries` calls.

    Before the n-th repetition there is a wait of up to `base` times 2^(n-1) seconds, at most
    `longest`.
    """

    tries: int = 5
    base: float = 0.2
    longest: float = 5.0

    def waits(self, draws: Draws) -> Iterator[float]:
        """The seconds to wait before each repetition."""
        for repetition in range(self.tries - 1):
            yield draws.random() * min(self.longest, self.base * 2**repetition)


def hidden_seconds(receives: int, draws: Draws, *, longest: int) -> int:
    """How long a message whose work was throttled waits.

    10 s to `longest`, twice as much each time, with full jitter above the 10 s.
    """
    span = min(longest, 20 * 2 ** (receives - 1))
    return 10 + int(draws.random() * max(0, span - 10))

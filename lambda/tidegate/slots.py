"""Slots: the stable places that serve. A SageMaker production variant is named by its slot."""

from collections.abc import Collection
from enum import StrEnum


class Slot(StrEnum):
    """A place a model serves from; which one is live is the live pointer's business.

    Blue and green take turns; the arms of an A/B test are `a` to `j`, and one of them stays live
    when it has won.
    """

    BLUE = "blue"
    GREEN = "green"
    A = "a"
    B = "b"
    C = "c"
    D = "d"
    E = "e"
    F = "f"
    G = "g"
    H = "h"
    I = "i"  # noqa: E741 - SageMaker allows ten variants, and this is the ninth
    J = "j"

    @property
    def other(self) -> "Slot":
        """The slot that a new version waits in while this one is live, but for A/B tests."""
        return Slot.GREEN if self is Slot.BLUE else Slot.BLUE


PAIR: tuple[Slot, ...] = (Slot.BLUE, Slot.GREEN)
"""The slots that take turns; the only ones that can be tracks."""

ARMS: tuple[Slot, ...] = tuple(slot for slot in Slot if slot not in PAIR)
"""The slots of A/B tests, beside the live one (SageMaker allows ten variants an endpoint)."""


def idle_slots(live: Slot, *, challengers: int) -> tuple[Slot, ...]:
    """Where the challengers of an A/B test wait: the first arms that are not live."""
    return tuple(slot for slot in ARMS if slot is not live)[:challengers]


def first_slot(slots: Collection[Slot]) -> Slot:
    """The slot that is live after a first deploy of these: blue, or of arms the first."""
    return Slot.BLUE if Slot.BLUE in slots else min(slots)

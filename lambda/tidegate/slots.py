"""Slots: the stable places that serve. A SageMaker production variant is named by its slot."""

from enum import StrEnum


class Slot(StrEnum):
    """A place a model serves from; which one is live is the live pointer's business."""

    BLUE = "blue"
    GREEN = "green"

    @property
    def other(self) -> "Slot":
        """The slot that is idle when this one is live."""
        return Slot.GREEN if self is Slot.BLUE else Slot.BLUE


ARMS = tuple("abcdefghij")
"""Names of the production variants of an A/B test (SageMaker allows ten variants an endpoint)."""

"""What of two answers a plan compares, and when they agree; `agreement.py` does it.

Places in a document are JSON pointers (RFC 6901). Loads nothing, since every plan loads it.
"""

from collections.abc import Mapping

from tidegate.untyped import Any
from tidegate.values import value


@value
class Pairing:
    """Which part of an answer counts, how far numbers in it may lie apart, and how to slice.

    `slice` points into the request; pairs are counted by the value there, None counts no slices.
    """

    answer: str = ""
    tolerance: float = 0.0
    slice: str | None = None

    def faults(self) -> tuple[str, ...]:
        """What is wrong with it: empty when nothing is."""
        faults = [
            f"{name} of compare must be a JSON pointer, such as /label, got {pointer!r}"
            for name, pointer in (("answer", self.answer), ("slice", self.slice))
            if pointer is not None and not (pointer == "" or pointer.startswith("/"))
        ]
        if not 0 <= self.tolerance < float("inf"):
            faults.append(f"tolerance of compare must be 0 or more, got {self.tolerance}")
        return tuple(faults)

    def to_json(self) -> dict[str, Any]:
        """The pairing in JSON types; `from_json` reads it back."""
        return {"answer": self.answer, "tolerance": self.tolerance, "slice": self.slice}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Pairing":
        """The pairing that `to_json` wrote."""
        return cls(answer=data["answer"], tolerance=float(data["tolerance"]), slice=data["slice"])

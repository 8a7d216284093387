"""Faults of a project file: where, what, the value, what is allowed. All of them at once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One thing that is wrong, at a line of a file (lines count from 1)."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ProjectFaultsError(Exception):
    """The project file was refused; `faults` holds every fault found, in the order of the lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def did_you_mean(word: str, known: Collection[str]) -> str:
    """What is allowed instead of `word`: the closest known word, or all of them if they are few."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    if len(known) <= 24:
        return f"allowed: {', '.join(sorted(known))}"
    return f"none of the {len(known)} known values is close"

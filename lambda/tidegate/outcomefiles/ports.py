"""What an import needs of the world, beside what crediting needs."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from tidegate.errors import TidegateError
from tidegate.outcomefiles.progress import Progress
from tidegate.outcomes import OutcomePorts
from tidegate.ports import Counters, Firsts


class UnreadableFileError(TidegateError):
    """A file cannot be read on: it is damaged, or another one took its place."""


class OutcomeFile(Protocol):
    """One version of a file of outcomes."""

    @property
    def name(self) -> str:
        """Its name, by which its format is told."""
        ...

    @property
    def import_id(self) -> str:
        """What names this content at this place: imported again, it is the same import."""
        ...

    def parts(self, *, position: int) -> AbstractContextManager[Iterator[bytes]]:
        """The unpacked content from a position on; UnreadableFileError where it cannot be read."""
        ...

    def write_result(self, progress: Progress) -> None:
        """What became of the file is beside it."""
        ...


class ImportLog(Protocol):
    """The progress of imports."""

    def load(self, import_id: str) -> Progress | None:
        """How far an import is, None for one that never began."""
        ...

    def save(self, progress: Progress, *, after: Progress | None) -> None:
        """Write how far an import is; ConflictError when it is not where `after` says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPorts:
    """All that an import reaches."""

    outcomes: OutcomePorts
    counters: Counters
    firsts: Firsts
    log: ImportLog

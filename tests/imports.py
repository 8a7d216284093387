"""Imports for tests: files and progress in memory, and a world that can fail at any call."""

# ruff: noqa: D102 - the ports say what their methods do

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests import samples
from tests.fakes import FakeClock, FakeKeys, FakeReleaseStore
from tests.request_fakes import FakeCounters, FakeFirsts, FakeLedger, FakeRefused
from tidegate.errors import ConflictError
from tidegate.outcomefiles.ports import ImportPorts, UnreadableFileError
from tidegate.outcomefiles.progress import Progress
from tidegate.outcomes import OutcomePorts
from tidegate.prediction_id import PredictionId, sign

SERVED = PredictionId(
    model=samples.MODEL,
    release_id=samples.RELEASE,
    slot="green",
    version="v",
    split_version=3,
    served_at=samples.START,
    nonce="n",
)


def an_id(number: int, **changes: Any) -> str:
    """The signed id of a prediction, another one for each number."""
    return sign(replace(SERVED, nonce=str(number), **changes), FakeKeys().read())


def json_lines(ids: Sequence[str], *, wrong: bool = True) -> bytes:
    """A file of these predictions."""
    lines = (json.dumps({"prediction_id": one, "wrong": wrong}) + "\n" for one in ids)
    return "".join(lines).encode()


@dataclass
class FakeFile:
    """A file in memory; what is read of it is counted, and it may break off."""

    content: bytes
    name: str = "labels.jsonl"
    part: int = 4_096
    breaks_at: int | None = None
    results: list[Progress] = field(default_factory=list)

    @property
    def import_id(self) -> str:
        return f"id-of-{self.name}"

    @contextmanager
    def parts(self, *, position: int) -> Iterator[Iterator[bytes]]:
        yield self._read(position)

    def _read(self, position: int) -> Iterator[bytes]:
        for start in range(position, len(self.content), self.part):
            if self.breaks_at is not None and start >= self.breaks_at:
                raise UnreadableFileError("it is no valid gzip")
            yield self.content[start : start + self.part]

    def write_result(self, progress: Progress) -> None:
        self.results.append(progress)


@dataclass
class FakeImportLog:
    """Progress by import."""

    known: dict[str, Progress] = field(default_factory=dict)

    def load(self, import_id: str) -> Progress | None:
        return self.known.get(import_id)

    def save(self, progress: Progress, *, after: Progress | None) -> None:
        there = self.known.get(progress.import_id)
        if (there is None) != (after is None):
            raise ConflictError("another run")
        if there is not None and after is not None and there.position != after.position:
            raise ConflictError("another run")
        self.known[progress.import_id] = Progress.from_json(
            json.loads(json.dumps(progress.to_json()))
        )


class DiedError(Exception):
    """The process ended here."""


@dataclass
class Mortal:
    """Stands for a port, and dies before or after one of its calls."""

    port: Any
    fate: Callable[[str], None]

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.port, name)

        def call(*args: Any, **named: Any) -> Any:
            self.fate(f"before {name}")
            found = method(*args, **named)
            self.fate(f"after {name}")
            return found

        return call


@dataclass
class ImportWorld:
    """Everything that an import reaches, in memory."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeReleaseStore = field(default_factory=FakeReleaseStore)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    refused: FakeRefused = field(default_factory=FakeRefused)
    counters: FakeCounters = field(default_factory=FakeCounters)
    firsts: FakeFirsts = field(default_factory=FakeFirsts)
    log: FakeImportLog = field(default_factory=FakeImportLog)

    def __post_init__(self) -> None:
        self.clock.at = samples.START + 600
        self.store.put_declaration(samples.declaration())

    def ports(self, fate: Callable[[str], None] = lambda _: None) -> ImportPorts:
        """The ports of one process."""
        outcomes = OutcomePorts(
            store=self.store,
            keys=FakeKeys(),
            ledger=Mortal(self.ledger, fate),
            refused=Mortal(self.refused, fate),
            clock=self.clock,
        )
        return ImportPorts(
            outcomes=outcomes,
            counters=Mortal(self.counters, fate),
            firsts=self.firsts,
            log=Mortal(self.log, fate),
        )

    def counted(self) -> Mapping[str, int]:
        """Outcomes in the counters: known and wrong."""
        found = self.counters.read(samples.RELEASE)
        known = sum(c.known for o in found for c in o.outcomes.values())
        wrong = sum(c.wrong for o in found for c in o.outcomes.values())
        return {"known": known, "wrong": wrong}

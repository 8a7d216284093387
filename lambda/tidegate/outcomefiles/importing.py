"""Imports: a file's outcomes are credited and counted, each once, however often it is begun anew.

The file is read a chunk at a time. The outcomes of a chunk are claimed in the ledger under the
chunk's own name, then counted as a batch of that name, then the progress is saved. Whoever dies in
between leaves a chunk that is done again: its claims are its own, and its batch is counted once.
So nothing is lost, and nothing is counted twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from tidegate.outcomefiles.formats import NAMES, Kind, Told, columns_of, format_of, told
from tidegate.outcomefiles.lines import Line, lines_of
from tidegate.outcomefiles.ports import ImportPorts, OutcomeFile, UnreadableFileError
from tidegate.outcomefiles.progress import Progress, RefusedLine, State
from tidegate.outcomes import (
    MALFORMED,
    NO_MODEL,
    Admitted,
    Declarations,
    Examiner,
    Refusal,
)
from tidegate.pointer import Declaration
from tidegate.requestlog import tally
from tidegate.users import once_a_user

CHECKED_LINES = 100
"""The first lines of a file: if one of them has a fault, nothing of the file is credited."""

CHUNK_LINES = 1_000
_CHUNK_BYTES = 2_000_000
_LOOKED_FOR_SECONDS = 60.0
"""How long a declaration is taken for what it was."""


def run_import(
    ports: ImportPorts, file: OutcomeFile, *, out_of_time: Callable[[], bool]
) -> Progress:
    """How far the import is when it is over, or out of time; another run goes on from there."""
    progress = ports.log.load(file.import_id)
    if progress is None:
        progress = _begin(ports, file)
    progress = _go_on(ports, file, progress, out_of_time)
    if progress.state.over:
        file.write_result(progress)
    return progress


def _begin(ports: ImportPorts, file: OutcomeFile) -> Progress:
    now = ports.outcomes.clock.now()
    fresh = Progress(import_id=file.import_id, name=file.name, started_at=now)
    columns, faults = _checked(file)
    if faults:
        progress = fresh.ended(State.REFUSED, at=now, faults=faults)
    else:
        progress = replace(fresh, columns=columns)
    ports.log.save(progress, after=None)
    return progress


def _checked(file: OutcomeFile) -> tuple[tuple[str, ...] | None, list[str]]:
    """The columns of a CSV file, and all faults of the first lines: then nothing is credited."""
    format_ = format_of(file.name)
    if format_ is None:
        return None, [f"the name must end in one of {NAMES}"]
    try:
        with file.parts(position=0) as parts:
            first = list(islice(lines_of(parts), CHECKED_LINES + 1))
    except UnreadableFileError as error:
        return None, [str(error)]
    columns = None
    if format_.kind is Kind.CSV and first:
        found = columns_of(first[0])
        if isinstance(found, str):
            return None, [f"line 1: {found}"]
        columns = found
    body = list(enumerate(first, start=1))[0 if columns is None else 1 :]
    results = [(number, told(line, columns)) for number, line in body if line.content.strip()]
    faults = [f"line {number}: {result}" for number, result in results if isinstance(result, str)]
    return columns, faults if results else ["the file has no outcome"]


def _go_on(
    ports: ImportPorts, file: OutcomeFile, progress: Progress, out_of_time: Callable[[], bool]
) -> Progress:
    if progress.state.over:
        return progress
    plans = _Plans(source=ports.outcomes.store, now=ports.outcomes.clock.now)
    try:
        with file.parts(position=progress.position) as parts:
            for chunk in chunks(lines_of(parts, position=progress.position)):
                progress = _Chunk(ports=ports, plans=plans, before=progress, lines=chunk).done()
                if out_of_time():
                    return progress
    except UnreadableFileError as error:
        return _end(ports, progress, State.BROKEN, [f"after line {progress.lines}: {error}"])
    return _end(ports, progress, State.DONE, [])


def _end(ports: ImportPorts, progress: Progress, state: State, faults: list[str]) -> Progress:
    over = progress.ended(state, at=ports.outcomes.clock.now(), faults=faults)
    ports.log.save(over, after=progress)
    return over


def chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines by the thousand, or fewer if they are long: from one position they are the same."""
    chunk: list[Line] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line.content)
        if len(chunk) >= CHUNK_LINES or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


@dataclass(slots=True, kw_only=True)
class _Plans:
    """Declarations, each read once a minute: a million outcomes are of a few models."""

    source: Declarations
    now: Callable[[], float]
    _known: dict[str, tuple[float, Declaration | None]] = field(default_factory=dict)

    def declaration(self, model: str) -> Declaration | None:
        """What the last verified deploy of a model declared."""
        now = self.now()
        known = self._known.get(model)
        if known is None or not 0 <= now - known[0] < _LOOKED_FOR_SECONDS:
            known = self._known[model] = (now, self.source.declaration(model))
        return known[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Some lines of a file, done as one."""

    ports: ImportPorts
    plans: _Plans
    before: Progress
    lines: list[Line]

    @property
    def name(self) -> str:
        """The name under which it claims and counts: the same whenever it is done again."""
        return f"{self.before.import_id}@{self.before.position}"

    def done(self) -> Progress:
        """The progress after the chunk, saved; ConflictError when another run was faster."""
        admitted, refusals = self._examined()
        admitted, repeated = self._claimed(admitted)
        refusals = dict(sorted({**refusals, **repeated}.items()))
        lines = once_a_user([one.line() for one in admitted.values()], self.ports.firsts)
        self.ports.counters.add(f"import#{self.name}", tally(lines))
        after = self.before.further(
            position=self.lines[-1].end,
            lines=len(self.lines),
            credited=len(admitted),
            refused=[_shown(number, refusal) for number, refusal in refusals.items()],
        )
        self.ports.log.save(after, after=self.before)
        self._count(refusals.values())
        return after

    def _examined(self) -> tuple[dict[int, Admitted], dict[int, Refusal]]:
        outcomes = self.ports.outcomes
        examiner = Examiner(
            keys=outcomes.keys.read(), declarations=self.plans, now=outcomes.clock.now()
        )
        admitted: dict[int, Admitted] = {}
        refused: dict[int, Refusal] = {}
        for number, said in self._told():
            if isinstance(said, Told):
                found = examiner.examine(said.prediction_id, wrong=said.wrong)
            else:
                found = Refusal(model=NO_MODEL, reason=MALFORMED, why=said)
            if isinstance(found, Admitted):
                admitted[number] = found
            else:
                refused[number] = found
        return admitted, refused

    def _told(self) -> Iterator[tuple[int, Told | str]]:
        """What the lines say, by their numbers; empty lines and the header say nothing."""
        columns = self.before.columns
        for number, line in enumerate(self.lines, start=self.before.lines + 1):
            is_header = columns is not None and number == 1
            if line.content.strip() and not is_header:
                yield number, told(line, columns)

    def _claimed(
        self, admitted: Mapping[int, Admitted]
    ) -> tuple[dict[int, Admitted], dict[int, Refusal]]:
        """Those that are credited by this chunk, and those that were credited before."""
        first: dict[str, int] = {}
        for number, one in admitted.items():
            first.setdefault(one.fingerprint, number)
        told = {one: admitted[number].credit for one, number in first.items()}
        own = self.ports.outcomes.ledger.claim(told, by=self.name)
        credited = {
            number: one
            for number, one in admitted.items()
            if one.fingerprint in own and first[one.fingerprint] == number
        }
        repeated = {n: one.repeated() for n, one in admitted.items() if n not in credited}
        return credited, repeated

    def _count(self, refusals: Iterable[Refusal]) -> None:
        counts: dict[tuple[str, str], int] = {}
        for refusal in refusals:
            key = refusal.model, refusal.reason
            counts[key] = counts.get(key, 0) + 1
        for (model, reason), times in sorted(counts.items()):
            self.ports.outcomes.refused.count(model, reason, times=times)


def _shown(number: int, refusal: Refusal) -> RefusedLine:
    return RefusedLine(line=number, reason=refusal.reason, why=refusal.why)

"""One message of the work queue: what it is about, whether it counts, and what comes of it.

At any line the function may be killed: the message comes again, and everything done so far is
found again by names that follow from the work (docs/decisions/0029-ai-services.md).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.ai.kind import Arrival, Arrived, Done, Kind, Progress, Timer
from tidegate.ai.ledger import (
    Claim,
    Delivery,
    QueueTerms,
    WorkRecord,
    WorkState,
    claim,
)
from tidegate.ai.messages import TIMER, Check, File, Hint, check_message, subject_of
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallError, ProblemError, ThrottledError
from tidegate.ai.retry import Draws, hidden_seconds
from tidegate.ai.typed import to_json
from tidegate.errors import ConflictError, NotFoundError

IN, RESULTS = "in/", "results/"
"""What keys of arriving files and of results begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that was received; `receipt` names this very delivery."""

    delivery: Delivery
    receipt: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What works: a kind with its ports, the terms of the queue, and chance."""

    kind: Kind
    ports: ServicePorts
    terms: QueueTerms
    draws: Draws

    def run(self, message: Message) -> bool:
        """Whether the message is done with; one that is not comes again."""
        match subject_of(message.body, self.kind.jobs):
            case File() as file:
                return self._about(file.work, message, file=file)
            case Check(work=work):
                return self._about(work, message, file=None)
            case Hint(work=work):
                return self._hinted(work)
            case None:
                # Nobody's message goes to the dead-letter queue: a person must look at it.
                self.ports.metrics.put("UnknownMessages", 1)
                return False

    def _about(self, work: str, message: Message, *, file: File | None) -> bool:
        now = self.ports.clock.now()
        record = self.ports.ledger.work(work)
        claimed = claim(record, message.delivery, self.terms, now=now)
        if claimed.claim is Claim.DROP:
            self.ports.metrics.put("Duplicates", 1)
            return True
        if claimed.claim is Claim.WAIT:
            self.ports.queue.hide(message.receipt, seconds=claimed.seconds)
            return False
        if record is None and file is None:
            # A look at a work that nobody began: its record has expired.
            self.ports.metrics.put("UnknownMessages", 1)
            return False
        held = self._held(record, file, message.delivery.id, now)
        return held is not None and self._tried(held, message)

    def _held(
        self, record: WorkRecord | None, file: File | None, holder: str, now: float
    ) -> WorkRecord | None:
        """The record with this message as its holder; None where another message was faster."""
        if record is not None:
            held = record.changed(state=WorkState.OPEN, holder=holder, touched_at=now)
        elif file is not None:
            held = WorkRecord(
                work=file.work,
                key=file.key,
                size=file.size,
                state=WorkState.OPEN,
                holder=holder,
                touched_at=now,
            )
        else:
            return None
        return held if self._saved(held, after=record) else None

    def _saved(self, record: WorkRecord, *, after: WorkRecord | None) -> bool:
        try:
            self.ports.ledger.save_work(record, after=after)
        except ConflictError:
            return False
        return True

    def _tried(self, record: WorkRecord, message: Message) -> bool:
        try:
            return self._advanced(record, self._progress(record))
        except ProblemError as problem:
            return self._refused(record, problem)
        except CallError as error:
            return self._failed(record, message, error)

    def _failed(self, record: WorkRecord, message: Message, error: CallError) -> bool:
        """False: the message comes again, or goes to the dead letters, which is written down."""
        last = self.terms.is_last(message.delivery)
        state = WorkState.DEAD if last else WorkState.OPEN
        now = self.ports.clock.now()
        self.ports.metrics.put("FailedTries", 1)
        why = f"{error.operation}: {error.code}"
        self._saved(record.changed(state=state, touched_at=now, why=why), after=record)
        if not last and isinstance(error, ThrottledError):
            longest = self.terms.hidden_seconds
            wait = hidden_seconds(message.delivery.receives, self.draws, longest=longest)
            self.ports.queue.hide(message.receipt, seconds=wait)
        return False

    def _progress(self, record: WorkRecord) -> Progress:
        does, name = self._does(record.key)
        arrived = Arrived(key=record.key, name=name, size=record.size, work=record.work)
        if record.job is not None:
            return does.look(arrived, record.job, self.ports)
        if isinstance(does, Arrival):
            does.check(name)
        return does.begin(arrived, self.ports)

    def _does(self, key: str) -> tuple[Arrival | Timer, str]:
        """What is done with a key, and the file's name or the moment in it."""
        first, _, rest = key.partition("/")
        if first == TIMER:
            wanted, _, moment = rest.partition("/")
            timers = {timer.name: timer for timer in self.kind.timers(self.ports.settings)}
            if wanted not in timers:
                raise NotFoundError(f"no timer {wanted}: {', '.join(timers) or 'none'} there are")
            return timers[wanted], moment
        arrival = arrival_of(self.kind, key)
        return arrival, key.removeprefix(f"{IN}{arrival.prefix}/")

    def _advanced(self, record: WorkRecord, progress: Progress) -> bool:
        if isinstance(progress, Done):
            return self._ended(record, WorkState.DONE, {"result": to_json(progress.result)})
        seconds = min(900, progress.seconds)
        sent = self.ports.queue.send(check_message(record.work), delay_seconds=seconds)
        waits = record.changed(
            holder=sent, touched_at=self.ports.clock.now() + seconds, job=dict(progress.state)
        )
        return self._saved(waits, after=record)

    def _refused(self, record: WorkRecord, problem: ProblemError) -> bool:
        told = {"code": problem.code, "message": str(problem), "faults": list(problem.faults)}
        return self._ended(record, WorkState.REFUSED, {"problem": told})

    def _ended(self, record: WorkRecord, state: WorkState, said: Mapping[str, Any]) -> bool:
        """The result is in the bucket, once, and the ledger says so."""
        key = result_key(record)
        document = {"work": record.work, "key": record.key, "status": state.value, **said}
        content = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
        written = self.ports.files.write_once(key, content, content_type="application/json")
        over = record.changed(state=state, result=key, job=None, why="")
        saved = self._saved(over, after=record)
        if written:
            name = "Results" if state is WorkState.DONE else "Refused"
            self.ports.metrics.put(name, 1)
        return saved

    def _hinted(self, work: str) -> bool:
        """A job is over, says AWS: looked at now. What goes wrong is the holder's to try again."""
        record = self.ports.ledger.work(work)
        if record is None or record.is_over or record.job is None:
            return True
        try:
            progress = self._progress(record)
            if isinstance(progress, Done):
                self._advanced(record, progress)
        except ProblemError as problem:
            self._refused(record, problem)
        except CallError:
            self.ports.metrics.put("FailedTries", 1)
        return True


def arrival_of(kind: Kind, key: str) -> Arrival:
    """The arrival that a key belongs to; NotFoundError names those that there are."""
    for arrival in kind.arrivals:
        if key.startswith(f"{IN}{arrival.prefix}/"):
            return arrival
    known = ", ".join(f"{IN}{arrival.prefix}/" for arrival in kind.arrivals)
    raise NotFoundError(f"{key} is no file to work on: those begin with {known}")


def result_key(record: WorkRecord) -> str:
    """Where the result of a work is: each upload of a file has a result of its own."""
    return f"{RESULTS}{record.key.removeprefix(IN)}/{record.work}.json"

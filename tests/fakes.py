"""In-memory fakes of every port, held to the same contract suites as the adapters.

Stores keep JSON, as the tables do, so that whatever does not survive the way there and back fails
here too. Conditions are the adapters' conditions.
"""

# ruff: noqa: D102 - the ports say what their methods do

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tidegate.announcement import Announcement
from tidegate.errors import ConflictError, LockedError, NotFoundError
from tidegate.inference import Answer, Question
from tidegate.pointer import Declaration, LivePointer
from tidegate.ports import EndpointState, Look, VariantState
from tidegate.release import LogEntry, ReleaseRecord
from tidegate.signing import SigningKeys
from tidegate.split import SplitDocument
from tidegate.tracks import Tracks


@dataclass
class FakeClock:
    """Time that moves when a test says so."""

    at: float = 1_800_000_000.0

    def now(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class FakeEndpoints:
    """Endpoints whose weights change at once, or after `busy_reads` reads that show Updating."""

    states: dict[str, EndpointState] = field(default_factory=dict)
    wishes: list[dict[str, int]] = field(default_factory=list)
    busy_reads: int = 0
    _pending: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        name: str,
        *,
        config: str,
        weights: dict[str, float],
        shadows: Mapping[str, float] | None = None,
    ) -> None:
        copied = {} if shadows is None else shadows
        self.states[name] = EndpointState(
            status="InService",
            config_name=config,
            variants={slot: _one_instance(weight) for slot, weight in weights.items()},
            shadows={slot: _one_instance(weight) for slot, weight in copied.items()},
        )

    def read(self, endpoint_name: str) -> EndpointState:
        state = self._state(endpoint_name)
        left = self._pending.get(endpoint_name, 0)
        if left > 0:
            self._pending[endpoint_name] = left - 1
            return replace(state, status="Updating")
        return state

    def set_weights(self, endpoint_name: str, shares: dict[str, int]) -> None:
        state = self._state(endpoint_name)
        if state.status != "InService" or self._pending.get(endpoint_name, 0) > 0:
            raise ConflictError(f"endpoint {endpoint_name} is being changed")
        self.wishes.append(dict(shares))
        self._pending[endpoint_name] = self.busy_reads
        weights = {slot: share / 100 for slot, share in shares.items()}
        self.states[endpoint_name] = _with_weights(state, weights)

    def wake(self, endpoint_name: str, slot: str, *, share: int) -> None:
        state = self._state(endpoint_name)
        if state.status != "InService":
            raise ConflictError(f"endpoint {endpoint_name} is being changed")
        woken = replace(state.variants[slot], current_instances=1, desired_instances=1)
        variants = {**state.variants, slot: woken}
        self.states[endpoint_name] = replace(state, variants=variants)

    def change(self, endpoint_name: str, **changes: Any) -> None:
        """Something else changed the endpoint: its status, its configuration, its weights."""
        weights = changes.pop("weights", None)
        state = replace(self._state(endpoint_name), **changes)
        self.states[endpoint_name] = state if weights is None else _with_weights(state, weights)

    def _state(self, endpoint_name: str) -> EndpointState:
        if endpoint_name not in self.states:
            raise NotFoundError(f"no endpoint {endpoint_name}")
        return self.states[endpoint_name]


def _one_instance(weight: float) -> VariantState:
    return VariantState(weight=weight, current_instances=1, desired_instances=1)


@dataclass
class FakeRecords:
    """Weighted records whose changes are in sync after `pending_reads` questions."""

    known: dict[str, dict[str, int]] = field(default_factory=dict)
    pending_reads: int = 0
    changes: list[dict[str, int]] = field(default_factory=list)
    _asked: dict[str, int] = field(default_factory=dict)

    def add(self, host: str, **weights: int) -> None:
        self.known[host] = weights

    def weights(self, tracks: Tracks) -> dict[str, int]:
        found = self.known.get(tracks.host, {})
        if found.keys() != {slot.value for slot in tracks.endpoints}:
            raise NotFoundError(f"{tracks.host} needs a weighted record of blue and green")
        return dict(found)

    def set_weights(self, tracks: Tracks, weights: Mapping[str, int]) -> str:
        self.known[tracks.host] = {slot: weights[slot] for slot in self.weights(tracks)}
        self.changes.append(dict(weights))
        return f"/change/C{len(self.changes)}"

    def in_sync(self, change: str) -> bool:
        self._asked[change] = self._asked.get(change, 0) + 1
        return self._asked[change] > self.pending_reads


def _with_weights(state: EndpointState, weights: dict[str, int]) -> EndpointState:
    changed = {slot: replace(state.variants[slot], weight=float(w)) for slot, w in weights.items()}
    return replace(state, variants={**state.variants, **changed})


@dataclass
class FakeReleaseStore:
    """Pointers, locks, declarations and records, as JSON."""

    _pointers: dict[str, str] = field(default_factory=dict)
    _declarations: dict[str, str] = field(default_factory=dict)
    _admitted: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    _locks: dict[str, str] = field(default_factory=dict)
    _splits: dict[str, str] = field(default_factory=dict)
    _records: dict[str, str] = field(default_factory=dict)
    _logs: dict[str, list[str]] = field(default_factory=dict)

    def pointer(self, model: str) -> LivePointer | None:
        found = self._pointers.get(model)
        return None if found is None else LivePointer.from_json(json.loads(found))

    def put_pointer(self, pointer: LivePointer) -> None:
        self._check_generation(pointer)
        self._pointers[pointer.model] = json.dumps(pointer.to_json())

    def _check_generation(self, pointer: LivePointer) -> None:
        current = self.pointer(pointer.model)
        if pointer.generation != (0 if current is None else current.generation) + 1:
            raise ConflictError(f"pointer of {pointer.model} is not at {pointer.generation - 1}")

    def declaration(self, model: str) -> Declaration | None:
        found = self._declarations.get(model)
        return None if found is None else Declaration.from_json(json.loads(found))

    def admitted(self, model: str) -> tuple[dict[str, str], ...]:
        return tuple(self._admitted.get(model, ()))

    def put_declaration(self, declaration: Declaration) -> None:
        newest = declaration.digests()
        earlier = [d for d in self._admitted.get(declaration.model, []) if d != newest]
        self._admitted[declaration.model] = [newest, *earlier][:5]
        self._declarations[declaration.model] = json.dumps(declaration.to_json())

    def forget(self, model: str) -> None:
        if model in self._locks:
            raise LockedError(model=model, holder=self._locks[model])
        kept: tuple[dict[str, Any], ...] = (
            self._pointers,
            self._declarations,
            self._admitted,
            self._splits,
        )
        for kind in kept:
            kind.pop(model, None)

    def models(self) -> tuple[str, ...]:
        return tuple(sorted(self._declarations))

    def lock_holder(self, model: str) -> str | None:
        return self._locks.get(model)

    def open(self, record: ReleaseRecord, entry: LogEntry) -> None:
        if record.release_id in self._records:
            return
        holder = self._locks.get(record.model)
        if holder is not None:
            raise LockedError(model=record.model, holder=holder)
        self._check_made_of(record)
        self._locks[record.model] = record.release_id
        self._records[record.release_id] = json.dumps(record.to_json())
        self._logs[record.release_id] = [json.dumps(entry.to_json())]

    def _check_made_of(self, record: ReleaseRecord) -> None:
        pointer, declaration = self.pointer(record.model), self.declaration(record.model)
        split = self.split(record.model)
        live, waiting = record.live, record.challengers
        same = (
            pointer is not None
            and declaration is not None
            and (pointer.slot, pointer.version.digest) == (live.slot, live.version.digest)
            and declaration.endpoint_config_name == record.endpoint_config_name
            and all(declaration.slots[h.slot].digest == h.version.digest for h in waiting)
            and (split is None or split.version == record.split_version)
        )
        if not same:
            raise ConflictError(f"{record.model} is no longer what {record.release_id} read")

    def load(self, release_id: str) -> ReleaseRecord:
        if release_id not in self._records:
            raise NotFoundError(f"no release {release_id}")
        return ReleaseRecord.from_json(json.loads(self._records[release_id]))

    def save(self, record: ReleaseRecord, entries: Sequence[LogEntry] = ()) -> ReleaseRecord:
        if self.load(record.release_id).revision != record.revision:
            raise ConflictError(f"{record.release_id} was written since revision {record.revision}")
        saved = replace(record, revision=record.revision + 1)
        self._records[record.release_id] = json.dumps(saved.to_json())
        self._logs[record.release_id].extend(json.dumps(entry.to_json()) for entry in entries)
        return saved

    def settle(
        self,
        record: ReleaseRecord,
        entries: Sequence[LogEntry],
        *,
        pointer: LivePointer | None,
        split: SplitDocument,
    ) -> ReleaseRecord:
        if self._locks.get(record.model) != record.release_id:
            raise ConflictError(f"{record.release_id} does not hold {record.model}")
        if pointer is not None:
            self._check_generation(pointer)
        saved = self.save(record, entries)
        if pointer is not None:
            self.put_pointer(pointer)
        self._splits[split.model] = json.dumps(split.to_json())
        del self._locks[record.model]
        return saved

    def log(self, release_id: str) -> tuple[LogEntry, ...]:
        return tuple(LogEntry.from_json(json.loads(e)) for e in self._logs.get(release_id, ()))

    def releases(self, model: str) -> tuple[str, ...]:
        own = [r for r in map(self.load, self._records) if r.model == model]
        own.sort(key=lambda record: (int(record.started_at), record.release_id), reverse=True)
        return tuple(record.release_id for record in own)

    def split(self, model: str) -> SplitDocument | None:
        found = self._splits.get(model)
        return None if found is None else SplitDocument.from_json(json.loads(found))

    def put_split(self, document: SplitDocument) -> None:
        known = self.split(document.model)
        if known is None or known.version <= document.version:
            self._splits[document.model] = json.dumps(document.to_json())


@dataclass
class FakeLookStore:
    """Looks and the judge's state."""

    _looks: dict[str, dict[int, Look]] = field(default_factory=dict)
    _states: dict[str, tuple[int, str]] = field(default_factory=dict)

    def put_look(self, release_id: str, look: Look) -> Look:
        return self._looks.setdefault(release_id, {}).setdefault(look.number, look)

    def looks(self, release_id: str, *, after: int = 0) -> tuple[Look, ...]:
        known = self._looks.get(release_id, {})
        return tuple(known[number] for number in sorted(known) if number > after)

    def last_look(self, release_id: str) -> Look | None:
        known = self.looks(release_id)
        return known[-1] if known else None

    def judge_state(self, release_id: str) -> tuple[int, dict[str, Any]] | None:
        if release_id not in self._states:
            return None
        number, state = self._states[release_id]
        return number, json.loads(state)

    def put_judgement(self, release_id: str, look: Look, state: dict[str, Any]) -> None:
        judged, _ = self._states.get(release_id, (0, ""))
        if judged >= look.number:
            return
        if judged != look.number - 1 or look.number not in self._looks.get(release_id, {}):
            raise ConflictError(f"look {look.number} cannot be judged after {judged}")
        self._looks[release_id][look.number] = replace(
            self._looks[release_id][look.number], verdict=look.verdict
        )
        self._states[release_id] = (look.number, json.dumps(state))


@dataclass
class FakeKeys:
    """One signing key."""

    keys: SigningKeys = field(
        default_factory=lambda: SigningKeys(current="k1", keys={"k1": b"a key for tests"})
    )

    def read(self) -> SigningKeys:
        return self.keys


@dataclass
class FakeInvoker:
    """A model that answers what a test says."""

    answer: Answer = field(
        default_factory=lambda: Answer(
            status=200, slot="blue", body=b"{}", content_type="application/json", milliseconds=7.0
        )
    )
    asked: list[Question] = field(default_factory=list)

    def invoke(self, question: Question) -> Answer:
        self.asked.append(question)
        return self.answer


@dataclass
class FakeExecutions:
    """Executions by release and epoch, in the order of their start."""

    started: list[tuple[str, int]] = field(default_factory=list)
    ended: set[tuple[str, int]] = field(default_factory=set)

    def start(self, *, release_id: str, model: str, who: str, epoch: int) -> None:
        if (release_id, epoch) not in self.started:
            self.started.append((release_id, epoch))

    def running(self, *, release_id: str, epoch: int) -> bool:
        return (release_id, epoch) in self.started and (release_id, epoch) not in self.ended


@dataclass
class FakeAnnouncer:
    """What was announced."""

    said: list[Announcement] = field(default_factory=list)

    def announce(self, announcement: Announcement) -> None:
        self.said.append(announcement)

"""Fakes of what an AI service reaches, for kinds and for the frame.

Calls are held to botocore's models, requests and answers alike: what a kind asks is what AWS takes.
"""

# ruff: noqa: D102 - the ports say what their methods do

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator import apimodels
from tidegate.ai.kind import Kind, Place
from tidegate.ai.ledger import Answered, WorkRecord
from tidegate.ai.ports import ServicePorts
from tidegate.errors import ConflictError, NotFoundError

PLACE = Place(project="helpers", stage="test", service="social")
Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass
class FakeCalls:
    """Answers by `SERVICE:OPERATION`; what is not declared by the kind's rights is refused."""

    answers: Mapping[str, Answer]
    declared: frozenset[str] | None = None
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        name = f"{service}:{operation}"
        if self.declared is not None and name not in self.declared:
            raise LookupError(f"{name} is not declared by the kind")
        wrong = apimodels.constraint_failures(service, operation, _plain(parameters))
        assert wrong == [], f"{name} would be refused: {wrong}"
        self.asked.append((name, parameters))
        return self.answers[name](parameters)

    def names(self) -> list[str]:
        return [name for name, _ in self.asked]


def _plain(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without bytes, which models know as text."""
    return {
        name: value.hex() if isinstance(value, bytes | bytearray) else value
        for name, value in parameters.items()
    }


@dataclass
class FakeFiles:
    """A bucket in memory."""

    content: dict[str, bytes] = field(default_factory=dict)

    def read(self, key: str) -> bytes:
        if key not in self.content:
            raise NotFoundError(f"no file {key}")
        return self.content[key]

    def write(self, key: str, content: bytes, *, content_type: str) -> None:
        self.content[key] = content

    def write_once(self, key: str, content: bytes, *, content_type: str) -> bool:
        if key in self.content:
            return False
        self.content[key] = content
        return True

    def delete(self, key: str) -> None:
        self.content.pop(key, None)

    def keys(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(key for key in self.content if key.startswith(prefix)))

    def uri(self, key: str) -> str:
        return f"s3://files/{key}"

    def link(self, key: str, *, upload: bool) -> str:
        return f"https://files.example/{key}?{'put' if upload else 'get'}"


@dataclass
class FakeServiceLedger:
    """What is remembered, with conditional writes."""

    works: dict[str, WorkRecord] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answered] = field(default_factory=dict)
    counts: dict[tuple[str, int], int] = field(default_factory=dict)

    def work(self, work: str) -> WorkRecord | None:
        return self.works.get(work)

    def save_work(self, record: WorkRecord, *, after: WorkRecord | None) -> None:
        there = self.works.get(record.work)
        if _revision(there) != _revision(after):
            raise ConflictError(f"work {record.work} was taken on by another message")
        self.works[record.work] = record
        if after is None:
            self.keys[record.key] = record.work

    def newest(self, key: str) -> str | None:
        return self.keys.get(key)

    def answered(self, name: str) -> Answered | None:
        return self.answers.get(name)

    def save_answer(self, answered: Answered, *, after: Answered | None) -> None:
        if _revision(self.answers.get(answered.name)) != _revision(after):
            raise ConflictError("another request with this key came in between")
        self.answers[answered.name] = answered

    def count(self, name: str, *, minute: int) -> int:
        self.counts[name, minute] = self.counts.get((name, minute), 0) + 1
        return self.counts[name, minute]


def _revision(record: Any) -> int | None:
    return None if record is None else record.revision


@dataclass
class FakeQueue:
    """Messages that were sent, with their delays, and receipts that were hidden."""

    sent: list[tuple[str, Mapping[str, Any], int]] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    _ids: Any = field(default_factory=itertools.count)

    def send(self, body: Mapping[str, Any], *, delay_seconds: int) -> str:
        id_ = f"sent-{next(self._ids)}"
        self.sent.append((id_, body, delay_seconds))
        return id_

    def hide(self, receipt: str, *, seconds: int) -> None:
        self.hidden[receipt] = seconds


@dataclass
class FakeMetrics:
    """Values by name."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def put(self, name: str, value: float | Sequence[float], *, unit: str = "Count") -> None:
        given = list(value) if isinstance(value, Sequence) else [value]
        self.values.setdefault(name, []).extend(given)

    def total(self, name: str) -> float:
        return sum(self.values.get(name, []))


@dataclass
class FakeTime:
    """A clock that goes on only when somebody pauses."""

    moment: float = 1_800_000_000.0

    def now(self) -> float:
        return self.moment

    def pause(self, seconds: float) -> None:
        self.moment += seconds


@dataclass
class FakePages:
    """Pages that say their own names."""

    def text(self, name: str) -> str:
        return f"text of {name}"


@dataclass
class FakeOutcomes:
    """What was told, by name."""

    told: dict[str, Mapping[str, bool]] = field(default_factory=dict)

    def tell(self, name: str, outcomes: Mapping[str, bool]) -> None:
        self.told[name] = dict(outcomes)


@dataclass
class FakeDraws:
    """Chance that always says the same."""

    value: float = 0.5

    def random(self) -> float:
        return self.value


def fake_ports(
    kind: Kind,
    answers: Mapping[str, Answer] | None = None,
    *,
    settings: Any = None,
    resources: Mapping[str, str] | None = None,
) -> ServicePorts:
    """Ports of a service of that kind; calls must be among those that door or work declare."""
    chosen = kind.settings() if settings is None else settings
    own = kind.own(chosen, PLACE, "")
    rights = (kind.door(chosen, PLACE), kind.work(chosen, PLACE), own.door, own.work)
    declared = frozenset(operation.id for right in rights for operation in right.calls)
    return ServicePorts(
        service=PLACE.service,
        settings=chosen,
        resources={} if resources is None else resources,
        calls=FakeCalls(answers={} if answers is None else answers, declared=declared),
        files=FakeFiles(),
        ledger=FakeServiceLedger(),
        queue=FakeQueue(),
        metrics=FakeMetrics(),
        clock=FakeTime(),
        pages=FakePages(),
        outcomes=FakeOutcomes() if kind.outcomes_of(chosen) else None,
    )

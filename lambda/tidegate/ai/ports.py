"""What a service reaches: AWS, its files, its ledger, time. Adapters are in tidegate_aws/ai."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tidegate.ai.ledger import Answered, WorkRecord


class Calls(Protocol):
    """The AI services of AWS. What they bill is counted."""

    def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """The answer, or CallRefusedError or CallFailedError.

        Throttled calls are repeated for a while, then ThrottledError. Only declared operations can
        be called.
        """
        ...


class Files(Protocol):
    """The service's bucket, by key."""

    def read(self, key: str) -> bytes:
        """The content; NotFoundError where there is none."""
        ...

    def write(self, key: str, content: bytes, *, content_type: str) -> None:
        """The content is there, whatever was there before."""
        ...

    def write_once(self, key: str, content: bytes, *, content_type: str) -> bool:
        """The content is there if nothing was; whether it was this call that wrote it."""
        ...

    def delete(self, key: str) -> None:
        """Nothing is there."""
        ...

    def keys(self, prefix: str) -> tuple[str, ...]:
        """The keys that begin so, in order."""
        ...

    def uri(self, key: str) -> str:
        """Where AWS's services find it: s3://BUCKET/KEY."""
        ...

    def link(self, key: str, *, upload: bool) -> str:
        """A link by which anybody may read, or write, this one file for 15 minutes."""
        ...


class Ledger(Protocol):
    """What is known of each work and of each answered request; single writes, never lost."""

    def work(self, work: str) -> WorkRecord | None:
        """The record as it is now."""
        ...

    def save_work(self, record: WorkRecord, *, after: WorkRecord | None) -> None:
        """The record is there; ConflictError where it is no longer as `after` says."""
        ...

    def newest(self, key: str) -> str | None:
        """The newest work of a file's key."""
        ...

    def answered(self, name: str) -> Answered | None:
        """The request of that name, if it came before and has not expired."""
        ...

    def save_answer(self, answered: Answered, *, after: Answered | None) -> None:
        """The request is known; ConflictError where another came in between."""
        ...

    def count(self, name: str, *, minute: int) -> int:
        """How many requests of that name came in that minute, this one included."""
        ...


class Queue(Protocol):
    """The service's own work queue."""

    def send(self, body: Mapping[str, Any], *, delay_seconds: int) -> str:
        """The message comes after so many seconds, 900 at most; its id."""
        ...

    def hide(self, receipt: str, *, seconds: int) -> None:
        """A message that was received comes back after so many seconds, 43,200 at most."""
        ...


class Metrics(Protocol):
    """Metrics of the service, for people and alarms."""

    def put(self, name: str, value: float | Sequence[float], *, unit: str = "Count") -> None:
        """The value, or each of up to 100, is counted under the service's name."""
        ...


class Time(Protocol):
    """The cloud's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def pause(self, seconds: float) -> None:
        """So many seconds have passed."""
        ...


class Pages(Protocol):
    """Files of pages that come with the functions' code."""

    def text(self, name: str) -> str:
        """The text of `KIND/FILE`; NotFoundError where there is none."""
        ...


class Outcomes(Protocol):
    """Where outcomes of models are told."""

    def tell(self, name: str, outcomes: Mapping[str, bool]) -> None:
        """Each prediction, by its id, was wrong or not; told again under the same name, once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who signed in: `id` is the token's subject, `name` what people know them by."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one arm of a service was given: settings, and what the stack told of resources."""

    settings: Any
    resources: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePorts:
    """All that the functions of one service reach; `settings` are of the kind's own type.

    `resources` are what the stack told of the kind's own resources. Both are those of the arm that
    answers, or whose settings files are worked on by. `person` is there on routes of people,
    `outcomes` where the service knows some of a model.
    """

    service: str
    settings: Any
    resources: Mapping[str, str]
    calls: Calls
    files: Files
    ledger: Ledger
    queue: Queue
    metrics: Metrics
    clock: Time
    pages: Pages
    person: Person | None = None
    outcomes: Outcomes | None = None
    others: Mapping[str, Given] = field(default_factory=dict)
    """Every arm of a service that is released, by slot; empty where there are no slots."""
    on_trial: bool = False
    """Whether the arm that answers is tested, and not the live one."""
    deployed: Given | None = None
    """The arm with the settings of the project file; None where that is this one."""

    @property
    def arms(self) -> tuple[Given, ...]:
        """Every arm, each once: slots with the same settings may share what they have."""
        every = [self.others[slot] for slot in sorted(self.others)] or [self.given]
        return tuple(one for place, one in enumerate(every) if one not in every[:place])

    @property
    def given(self) -> Given:
        """This arm."""
        return Given(settings=self.settings, resources=self.resources)

    @property
    def newest(self) -> Given:
        """The arm that was deployed last."""
        return self.given if self.deployed is None else self.deployed

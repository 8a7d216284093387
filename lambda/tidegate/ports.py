"""Ports: what the core needs of the world.

`tidegate_aws` has the adapters, `tests/fakes.py` and its neighbours the fakes; one contract suite a
port runs on both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tidegate.announcement import Announcement
from tidegate.early import Missing
from tidegate.inference import Answer, Later, Question, Queued, Submission
from tidegate.observation import Observation
from tidegate.pointer import Declaration, LivePointer
from tidegate.release import LogEntry, ReleaseRecord
from tidegate.requestlog import Tally
from tidegate.signing import SigningKeys
from tidegate.split import SplitDocument
from tidegate.tickets import Ticket
from tidegate.values import value


class Clock(Protocol):
    """Time of the cloud, in seconds since the epoch."""

    def now(self) -> float:
        """The present moment."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantState:
    """One production variant, as read back. Serverless ones have no instances to count: None."""

    weight: float
    current_instances: int | None
    desired_instances: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointState:
    """What an endpoint really serves now. `status` is SageMaker's word, such as `InService`."""

    status: str
    config_name: str
    variants: dict[str, VariantState]
    failure_reason: str = ""
    shadows: dict[str, VariantState] = field(default_factory=dict)
    """Variants that get copies and answer nobody, beside the production variants."""

    def shares(self) -> dict[str, float]:
        """Slot to share of the traffic in percent, 0 for a shadow; empty when all weights are 0."""
        total = sum(variant.weight for variant in self.variants.values())
        if total == 0:
            return {}
        shares = {slot: 100 * v.weight / total for slot, v in self.variants.items()}
        return {**dict.fromkeys(self.shadows, 0.0), **shares}


class Endpoints(Protocol):
    """The weights of production variants."""

    def read(self, endpoint_name: str) -> EndpointState:
        """What serves now, read from the service; NotFoundError for an unknown endpoint."""
        ...

    def set_weights(self, endpoint_name: str, shares: dict[str, int]) -> None:
        """Ask for these shares in percent; ConflictError while the endpoint is being changed."""
        ...

    def wake(self, endpoint_name: str, slot: str, *, share: int) -> None:
        """Ask for the instances that a variant needs for a share of the traffic, in percent.

        ConflictError while the endpoint is being changed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the evidence: what became final after interval `after`, up to `through`.

    An early look closes nothing, `through` is `after`: it gives a part of intervals after that.
    """

    number: int
    after: int
    through: int
    at: float
    observations: tuple[Observation, ...]
    given: tuple[Observation, ...] = ()
    """All that was given by now of intervals after `through`, a sum a key: closing gives the rest.

    It is kept with the look, so that the newest look is all that one must know to write the next.
    """
    missing: Missing = field(default_factory=Missing)
    """What the candidate's share lacked in all parts that were given early, closed since or not."""
    verdict: dict[str, Any] | None = None
    """The verdict of the look in JSON types; None until the judge has spoken."""

    @property
    def early(self) -> bool:
        """Whether the look is at open intervals only."""
        return self.through == self.after


class ReleaseStore(Protocol):
    """Pointers, locks, declarations and release records. Every write is conditional."""

    def pointer(self, model: str) -> LivePointer | None:
        """The live pointer of a model, None before its first deploy was verified."""
        ...

    def put_pointer(self, pointer: LivePointer) -> None:
        """Write a pointer of the next generation; ConflictError when it is not the next one."""
        ...

    def declaration(self, model: str) -> Declaration | None:
        """What the last verified deploy declared."""
        ...

    def admitted(self, model: str) -> tuple[dict[str, str], ...]:
        """Digests by slot of the verified deploys, newest first (the last five)."""
        ...

    def put_declaration(self, declaration: Declaration) -> None:
        """Remember a verified deploy, as the declaration and among the admitted ones."""
        ...

    def forget(self, model: str) -> None:
        """Remove pointer, declaration and split of a model whose stack was deleted.

        LockedError while a release of it is open.
        """
        ...

    def models(self) -> tuple[str, ...]:
        """Names of all models that have a declaration."""
        ...

    def lock_holder(self, model: str) -> str | None:
        """Id of the release that holds the model, None when nobody does."""
        ...

    def open(self, record: ReleaseRecord, entry: LogEntry) -> None:
        """Take the lock and write the first record at once; LockedError names the holder.

        Opening the same release again does nothing. ConflictError when pointer, declaration or
        split are no longer those that the record was made of.
        """
        ...

    def load(self, release_id: str) -> ReleaseRecord:
        """The record of a release, strongly consistent; NotFoundError when there is none."""
        ...

    def save(self, record: ReleaseRecord, entries: Sequence[LogEntry] = ()) -> ReleaseRecord:
        """Write record and log entries at once and return the record with its new revision.

        ConflictError when somebody wrote since the record was loaded.
        """
        ...

    def settle(
        self,
        record: ReleaseRecord,
        entries: Sequence[LogEntry],
        *,
        pointer: LivePointer | None,
        split: SplitDocument,
    ) -> ReleaseRecord:
        """Write final record and split, move the pointer if given, free the lock: all at once.

        ConflictError when somebody wrote the record, or moved the pointer, in between.
        """
        ...

    def log(self, release_id: str) -> tuple[LogEntry, ...]:
        """Every change of a release, oldest first."""
        ...

    def releases(self, model: str) -> tuple[str, ...]:
        """Ids of the releases of a model, newest first."""
        ...

    def split(self, model: str) -> SplitDocument | None:
        """The split document of a model."""
        ...

    def put_split(self, document: SplitDocument) -> None:
        """Write the document unless a newer version is there (then nothing happens)."""
        ...


class Splits(Protocol):
    """Split documents as routers read them: a `ReleaseStore` has them too."""

    def split(self, model: str) -> SplitDocument | None:
        """The split document of a model, None before its first deploy was verified."""
        ...


class LookStore(Protocol):
    """The looks of a release and the judge's state between them."""

    def put_look(self, release_id: str, look: Look) -> Look:
        """Write a look once; writing its number again returns the look that is there."""
        ...

    def looks(self, release_id: str, *, after: int = 0) -> tuple[Look, ...]:
        """The looks with a number above `after`, in order."""
        ...

    def last_look(self, release_id: str) -> Look | None:
        """The newest look."""
        ...

    def judge_state(self, release_id: str) -> tuple[int, dict[str, Any]] | None:
        """Number of the last look judged and the judge's state after it, in JSON types."""
        ...

    def put_judgement(self, release_id: str, look: Look, state: dict[str, Any]) -> None:
        """Store the verdict of a look and the state after it; repeating it does nothing."""
        ...


class Counters(Protocol):
    """Counts of the request log by key, growing."""

    def add(self, batch_id: str, tallies: Sequence[Tally]) -> bool:
        """Add a batch once; False when this batch was added before."""
        ...

    def read(self, release_id: str, *, from_interval: int = 0) -> tuple[Observation, ...]:
        """All that is known of what was served since an interval: cumulative, ordered by key."""
        ...


class Firsts(Protocol):
    """What came first under a name in a release: it is remembered, whatever comes later."""

    def claim(self, release_id: str, marks: Mapping[str, str]) -> dict[str, str]:
        """By name the mark that was there first under it: the one given, if there was none."""
        ...


class Refused(Protocol):
    """Counts of outcomes that were refused, by reason."""

    def count(self, model: str, reason: str, *, times: int = 1) -> None:
        """Count refused outcomes."""
        ...


@value
class Credit:
    """What is kept of a credited outcome, and until when: epoch seconds."""

    expires_at: float
    wrong: bool


class OutcomeLedger(Protocol):
    """Which predictions have had their outcome credited."""

    def credit(self, fingerprint: str, credit: Credit) -> bool:
        """Credit a prediction's outcome; False when it was credited before."""
        ...

    def claim(self, credits_: Mapping[str, Credit], *, by: str) -> frozenset[str]:
        """Credit many outcomes, by fingerprint; returns those that `by` has credited.

        Claiming again by the same name changes nothing: whoever died after it goes on from there.
        """
        ...

    def wrong(self, fingerprints: Collection[str]) -> Mapping[str, bool]:
        """Whether each of these was wrong, of those whose outcome is credited and kept."""
        ...


class Keys(Protocol):
    """The secret keys of prediction ids."""

    def read(self) -> SigningKeys:
        """The keys, the current one named."""
        ...


class ModelInvoker(Protocol):
    """Online inference."""

    def invoke(self, question: Question) -> Answer:
        """Ask the model. A model's failure is an answer with its status, not an exception."""
        ...


class ModelQueue(Protocol):
    """Asynchronous inference."""

    def submit(self, submission: Submission) -> Queued:
        """Queue the request; what the endpoint refuses is a status, not an exception."""
        ...


class Answers(Protocol):
    """The bucket of an asynchronous model: inputs, tickets and answers."""

    def put_input(self, bucket: str, key: str, body: bytes, *, content_type: str) -> str:
        """The input is there; its s3:// URL."""
        ...

    def size(self, bucket: str, key: str) -> int | None:
        """How many bytes an object has; None where there is none."""
        ...

    def open(self, bucket: str, nonce: str, ticket: Ticket) -> bool:
        """Write a ticket once; False where one of this name is there."""
        ...

    def close(self, bucket: str, nonce: str, ticket: Ticket) -> None:
        """Write a ticket, whatever was there."""
        ...

    def ticket(self, bucket: str, nonce: str) -> Ticket | None:
        """The ticket of this name; None where there is none, or not any more."""
        ...

    def answer(self, ticket: Ticket) -> Later:
        """What has become of the ticket's request."""
        ...


class Executions(Protocol):
    """Executions of the release machine."""

    def start(self, *, release_id: str, model: str, who: str, epoch: int) -> None:
        """Start the machine for this release and epoch; starting it again does nothing."""
        ...

    def running(self, *, release_id: str, epoch: int) -> bool:
        """Whether the execution of this epoch is still running."""
        ...


class Announcer(Protocol):
    """News of releases, for people and other systems."""

    def announce(self, announcement: Announcement) -> None:
        """Publish that a release changed its state."""
        ...

"""Fakes of the ports of requests and outcomes: counters, firsts, ledgers, what was refused.

As in `tests/fakes.py`, they are held to the contract suites of the adapters.
"""

# ruff: noqa: D102 - the ports say what their methods do

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tidegate.inference import Later, Queued, Submission
from tidegate.observation import Observation, ObservationKey
from tidegate.ports import Credit
from tidegate.requestlog import Tally
from tidegate.tickets import Ticket


@dataclass
class FakeCounters:
    """Counts by key."""

    _known: dict[ObservationKey, Tally] = field(default_factory=dict)
    _batches: set[str] = field(default_factory=set)

    def add(self, batch_id: str, tallies: Sequence[Tally]) -> bool:
        if batch_id in self._batches or not tallies:
            return False
        self._batches.add(batch_id)
        for tally in tallies:
            known = self._known.get(tally.key)
            self._known[tally.key] = tally if known is None else known.plus(tally)
        return True

    def read(self, release_id: str, *, from_interval: int = 0) -> tuple[Observation, ...]:
        return tuple(
            observation_of(self._known[key])
            for key in sorted(self._known)
            if key.release_id == release_id and key.interval >= from_interval
        )


def observation_of(tally: Tally) -> Observation:
    """What a store makes of the sum of all tallies of a key."""
    return Observation(
        key=tally.key,
        unit=tally.unit,
        requests=tally.requests,
        errors=tally.errors,
        clients_with_errors=len(tally.error_clients) + tally.nameless_errors,
        latency=dict(sorted(tally.latency.items())),
        outcomes=dict(sorted(tally.outcomes.items())),
        pairs=tally.pairs,
        evidence=not tally.settling,
    )


@dataclass
class FakeFirsts:
    """What was first, by release and name."""

    marks: dict[tuple[str, str], str] = field(default_factory=dict)

    def claim(self, release_id: str, marks: Mapping[str, str]) -> dict[str, str]:
        return {n: self.marks.setdefault((release_id, n), mark) for n, mark in marks.items()}


@dataclass
class FakeLedger:
    """Credited outcomes."""

    credited: dict[str, Credit] = field(default_factory=dict)
    claimed_by: dict[str, str] = field(default_factory=dict)

    def credit(self, fingerprint: str, credit: Credit) -> bool:
        if fingerprint in self.credited:
            return False
        self.credited[fingerprint] = credit
        return True

    def claim(self, credits_: Mapping[str, Credit], *, by: str) -> frozenset[str]:
        for one, credit in credits_.items():
            if self.credit(one, credit):
                self.claimed_by[one] = by
        return frozenset(one for one in credits_ if self.claimed_by.get(one) == by)

    def wrong(self, fingerprints: Collection[str]) -> Mapping[str, bool]:
        return {one: self.credited[one].wrong for one in fingerprints if one in self.credited}


@dataclass
class FakeRefused:
    """Refused outcomes, counted."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def count(self, model: str, reason: str, *, times: int = 1) -> None:
        self.counts[model, reason] = self.counts.get((model, reason), 0) + times

    def read(self, model: str) -> dict[str, int]:
        return {reason: n for (of, reason), n in self.counts.items() if of == model}


@dataclass
class FakeQueue:
    """An asynchronous endpoint that takes everything, or answers what a test says."""

    says: Queued | None = None
    submitted: list[Submission] = field(default_factory=list)

    def submit(self, submission: Submission) -> Queued:
        self.submitted.append(submission)
        if self.says is not None:
            return self.says
        return Queued(
            status=202,
            output=f"s3://answers/answers/{submission.inference_id}.out",
            failure=f"s3://answers/failures/{submission.inference_id}-error.out",
        )


@dataclass
class FakeAnswers:
    """A bucket of inputs, tickets and answers; keys are s3:// URLs."""

    objects: dict[str, bytes] = field(default_factory=dict)
    tickets: dict[tuple[str, str], str] = field(default_factory=dict)

    def put_input(self, bucket: str, key: str, body: bytes, *, content_type: str) -> str:
        self.objects[f"s3://{bucket}/{key}"] = body
        return f"s3://{bucket}/{key}"

    def size(self, bucket: str, key: str) -> int | None:
        found = self.objects.get(f"s3://{bucket}/{key}")
        return None if found is None else len(found)

    def open(self, bucket: str, nonce: str, ticket: Ticket) -> bool:
        if (bucket, nonce) in self.tickets:
            return False
        self.close(bucket, nonce, ticket)
        return True

    def close(self, bucket: str, nonce: str, ticket: Ticket) -> None:
        self.tickets[bucket, nonce] = ticket.to_text()

    def ticket(self, bucket: str, nonce: str) -> Ticket | None:
        found = self.tickets.get((bucket, nonce))
        return None if found is None else Ticket.from_text(found)

    def answer(self, ticket: Ticket) -> Later:
        if ticket.output in self.objects:
            return Later(status=200, body=self.objects[ticket.output])
        if ticket.failure in self.objects:
            return Later(status=502, body=self.objects[ticket.failure])
        return Later(status=202)

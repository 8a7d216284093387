"""Fakes of the ports of requests and outcomes: counters, firsts, ledgers, what was refused.

As in `tests/fakes.py`, they are held to the contract suites of the adapters.
"""

# ruff: noqa: D102 - the ports say what their methods do

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tidegate.observation import Observation, ObservationKey
from tidegate.ports import Credit
from tidegate.requestlog import Tally


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

"""Cuts observations into strata: the pieces in which only the random split tells the slots apart.

A stratum is one interval under one split (errors, latency), or one delay bucket of such an interval
(outcomes). Nothing is ever pooled over strata here: a base rate that drifts while the shares change
would make a harmless candidate look bad. This module counts; it draws no conclusion.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from tidegate import latency
from tidegate.errors import InvalidValueError
from tidegate.observation import (
    DELAY_EDGES,
    Observation,
    OutcomeCounts,
)
from tidegate.values import value


@value
class Comparison:
    """Who is compared: the slot that was live when the release began and the candidate's slot."""

    live: str
    candidate: str

    def __post_init__(self) -> None:
        if self.live == self.candidate:
            fault = (
                f"a comparison needs two slots, got {self.live} twice: "
                "name the other slot as candidate"
            )
            raise InvalidValueError([fault])


@value
class Table:
    """The 2 x 2 table of one stratum: trials and harmful events of either slot."""

    candidate_trials: int
    candidate_events: int
    live_trials: int
    live_events: int

    @property
    def trials(self) -> int:
        """Trials of both slots."""
        return self.candidate_trials + self.live_trials

    @property
    def events(self) -> int:
        """Harmful events of both slots."""
        return self.candidate_events + self.live_events

    @property
    def comparable(self) -> bool:
        """Whether both slots were tried, without which nothing can be compared."""
        return self.candidate_trials > 0 and self.live_trials > 0

    @property
    def informative(self) -> bool:
        """Whether the events could have fallen differently between the slots."""
        return self.comparable and 0 < self.events < self.trials


@value
class Counts:
    """What one slot did in one stratum of serving."""

    requests: int = 0
    errors: int = 0
    clients_with_errors: int = 0
    latency: Mapping[int, int] = field(default_factory=dict)

    def plus(self, observation: Observation) -> "Counts":
        """These counts with one more increment counted in."""
        return Counts(
            requests=self.requests + observation.requests,
            errors=self.errors + observation.errors,
            clients_with_errors=self.clients_with_errors + observation.failed_clients,
            latency=latency.add(self.latency, observation.latency),
        )


@value
class ServingStratum:
    """One interval under one split, as served by either slot.

    `live_seen` holds the live slot's latencies of the interval whether or not they are evidence:
    they may say where to look later on, since that only has to be known before.
    """

    live: Counts
    candidate: Counts
    live_seen: latency.Histogram

    @property
    def two_sided(self) -> bool:
        """Whether both slots served anything, without which nothing can be compared.

        Outcomes that become known late come in strata in which nobody serves any more.
        """
        sides = (self.live, self.candidate)
        return all(side.requests > 0 or side.latency for side in sides)

    @property
    def errors(self) -> Table:
        """Errors among requests."""
        return Table(
            candidate_trials=self.candidate.requests,
            candidate_events=self.candidate.errors,
            live_trials=self.live.requests,
            live_events=self.live.errors,
        )

    @property
    def clients(self) -> Table:
        """Clients with errors among requests: a client that fails five times in a row is one event.

        Its repeated requests stay among the trials, which only makes a clump look more usual: the
        more of them a slot has, the more events are expected of it.
        """
        return Table(
            candidate_trials=self.candidate.requests,
            candidate_events=self.candidate.clients_with_errors,
            live_trials=self.live.requests,
            live_events=self.live.clients_with_errors,
        )

    def slower_than(self, bucket: int, *, tolerated_buckets: int) -> Table:
        """Requests in latency buckets above this one, of those whose latency is known.

        The candidate may be `tolerated_buckets` slower before that counts.
        """
        return Table(
            candidate_trials=sum(self.candidate.latency.values()),
            candidate_events=latency.count_above(
                self.candidate.latency, bucket + tolerated_buckets
            ),
            live_trials=sum(self.live.latency.values()),
            live_events=latency.count_above(self.live.latency, bucket),
        )


def faults_of(observations: Iterable[Observation]) -> tuple[str, ...]:
    """What is impossible in these counts: empty when nothing is."""
    items = tuple(observations)
    return (*(fault for item in items for fault in _faults(item)), *_unit_faults(items))


def _unit_faults(items: Sequence[Observation]) -> list[str]:
    units: dict[str, set[str]] = {}
    for item in items:
        units.setdefault(item.key.release_id, set()).add(item.unit.value)
    return [
        f"release {release_id}: one look has counts by {' and by '.join(sorted(found))}, which "
        "cannot be compared: a release counts by one unit from its first request to its last"
        for release_id, found in sorted(units.items())
        if len(found) > 1
    ]


def _faults(item: Observation) -> list[str]:
    where = f"slot {item.key.slot}, interval {item.key.interval}, split {item.key.split_version}"
    faults: list[str] = []
    if not 0 <= item.errors <= item.requests:
        faults.append(f"{where}: errors must be 0 to requests ({item.requests}), got {item.errors}")
    if not 0 <= item.failed_clients <= item.errors:
        faults.append(
            f"{where}: clients with errors must be 0 to errors ({item.errors}), "
            f"got {item.failed_clients}"
        )
    if any(count < 0 for count in item.latency.values()):
        faults.append(f"{where}: latency counts must be 0 or more, got {dict(item.latency)}")
    for bucket, outcome in item.outcomes.items():
        faults.extend(f"{where}: {fault}" for fault in _outcome_faults(bucket, outcome))
    if not 0 <= item.matured.events <= item.matured.answered:
        faults.append(
            f"{where}: events of the outcome window must be 0 to answered requests "
            f"({item.matured.answered}), got {item.matured.events}"
        )
    return faults


def _outcome_faults(bucket: int, outcome: OutcomeCounts) -> Iterator[str]:
    if not 0 <= bucket < len(DELAY_EDGES):
        yield f"delay bucket must be 0 to {len(DELAY_EDGES) - 1}, got {bucket}"
    if not 0 <= outcome.wrong <= outcome.known:
        yield f"wrong outcomes must be 0 to known ({outcome.known}), got {outcome.wrong}"
    if outcome.at_risk < 0:
        yield f"requests at risk must be 0 or more, got {outcome.at_risk}"


def serving_strata(
    observations: Sequence[Observation], comparison: Comparison
) -> list[ServingStratum]:
    """The strata of serving in the order of time, whatever order the increments came in."""
    evidence: dict[tuple[int, int, str], Counts] = {}
    seen: dict[tuple[int, int], latency.Histogram] = {}
    for item in observations:
        at = (item.key.interval, item.key.split_version)
        seen.setdefault(at, {})
        if item.key.slot == comparison.live:
            seen[at] = latency.add(seen[at], item.latency)
        if item.evidence:
            key = (*at, item.key.slot)
            evidence[key] = evidence.get(key, Counts()).plus(item)
    return [
        ServingStratum(
            live=evidence.get((*at, comparison.live), Counts()),
            candidate=evidence.get((*at, comparison.candidate), Counts()),
            live_seen=seen[at],
        )
        for at in sorted(seen)
    ]

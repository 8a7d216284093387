"""Draws releases in which users stay in their slot and differ from one another for good.

Every request is drawn by itself: which user, when, and what he met. That is slower than `simulate`
and needed, since a user's requests are not independent of each other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.judge.recorded import Counts, Recorded, SlotCounts
from bench.judge.worlds import LOOKS, MOST, Behaviour, Numbers, Scenario, Users
from tidegate import latency
from tidegate.observation import DELAY_EDGES, OutcomeKind, Unit

_Flags = NDArray[np.bool_]


def simulate_users(scenario: Scenario, runs: int, seed: int) -> Recorded:
    """So many runs of a scenario that has users."""
    if scenario.users is None:
        raise ValueError(f"scenario {scenario.name} has no users, use simulate")
    slots = [_empty(runs), _empty(runs)]
    for run, stream in enumerate(np.random.SeedSequence(seed).spawn(runs)):
        rng = np.random.default_rng(stream)
        visits = _visits(scenario, scenario.users, rng)
        for counts, behaviour, mine in (
            (slots[0], scenario.live, ~visits.candidate),
            (slots[1], scenario.candidate, visits.candidate),
        ):
            _serve(counts, run, visits.of(mine), (scenario, behaviour, rng))
    return Recorded(scenario=scenario, live=slots[0], candidate=slots[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visits:
    """Counted requests of one run: when, whose, in which slot, and what sets that user apart."""

    look: NDArray[np.int64]
    user: NDArray[np.int64]
    candidate: _Flags
    proneness: Numbers
    slowness: Numbers

    def of(self, mine: _Flags) -> "_Visits":
        """Some of these visits."""
        return _Visits(
            look=self.look[mine],
            user=self.user[mine],
            candidate=self.candidate[mine],
            proneness=self.proneness[mine],
            slowness=self.slowness[mine],
        )


def _visits(scenario: Scenario, users: Users, rng: np.random.Generator) -> _Visits:
    activity = rng.gamma(users.activity_shape, size=users.count)
    proneness = rng.gamma(users.rate_shape, 1 / users.rate_shape, users.count)
    slowness = np.exp(users.slowness_sigma * rng.standard_normal(users.count))
    place = rng.random(users.count)
    look = np.repeat(np.arange(LOOKS), rng.poisson(scenario.per_minute.values()))
    cumulated = np.cumsum(activity)
    user = np.searchsorted(cumulated, rng.random(look.size) * cumulated[-1])
    if users.unit is Unit.USER:
        user, first = np.unique(user, return_index=True)
        look = look[first]
    return _Visits(
        look=look,
        user=user,
        candidate=place[user] < scenario.share()[look],
        proneness=proneness[user],
        slowness=slowness[user],
    )


def _serve(
    counts: SlotCounts,
    run: int,
    visits: _Visits,
    by: tuple[Scenario, Behaviour, np.random.Generator],
) -> None:
    scenario, behaviour, rng = by
    look = visits.look
    rates = np.minimum(behaviour.errors.values()[look] * visits.proneness, MOST)
    failed = rng.random(look.size) < rates
    counts.requests[run] = np.bincount(look, minlength=LOOKS)
    counts.errors[run] = np.bincount(look[failed], minlength=LOOKS)
    clients = np.unique(visits.user[failed] * LOOKS + look[failed]) % LOOKS
    counts.clients_with_errors[run] = np.bincount(clients, minlength=LOOKS)
    served = visits.of(~failed)
    buckets = behaviour.latency.draw(
        rng, served.slowness * behaviour.slowdown.values()[served.look]
    )
    counts.latency[run] = _by_bucket(served.look, buckets, latency.BUCKET_COUNT)
    _hear(counts, run, served, (scenario, behaviour, rng))


def _hear(
    counts: SlotCounts,
    run: int,
    served: _Visits,
    by: tuple[Scenario, Behaviour, np.random.Generator],
) -> None:
    """Outcomes of served requests: labels of all, or events alone."""
    scenario, behaviour, rng = by
    rates = np.minimum(behaviour.outcomes.values()[served.look] * served.proneness, MOST)
    happened = rng.random(served.look.size) < rates
    bucket = np.searchsorted(
        np.cumsum(scenario.delay.chances()), rng.random(served.look.size), side="right"
    )
    kind = scenario.delay.outcomes
    known = bucket < len(DELAY_EDGES)
    if kind is not OutcomeKind.LABELS:
        known &= happened
    wrong = known & happened
    counts.known[run] = _by_bucket(served.look[known], bucket[known], len(DELAY_EDGES))
    if kind is not OutcomeKind.CONVERSIONS:
        counts.wrong[run] = _by_bucket(served.look[wrong], bucket[wrong], len(DELAY_EDGES))


def _by_bucket(look: Counts, bucket: Counts, size: int) -> Counts:
    flat = np.bincount(look * size + bucket, minlength=LOOKS * size)
    return np.asarray(flat.reshape(LOOKS, size), dtype=np.int64)


def _empty(runs: int) -> SlotCounts:
    def zeros(*size: int) -> Counts:
        return np.zeros((runs, LOOKS, *size), dtype=np.int64)

    return SlotCounts(
        requests=zeros(),
        errors=zeros(),
        clients_with_errors=zeros(),
        latency=zeros(latency.BUCKET_COUNT),
        known=zeros(len(DELAY_EDGES)),
        wrong=zeros(len(DELAY_EDGES)),
    )

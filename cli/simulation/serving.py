"""What both slots do in a stretch of time: each with its own requests, or both with the same ones.

A shadow's requests are the live version's. Whether one version fails a request is taken not to
depend on whether the other one does: real versions fail the same requests more often than that,
which tells less of chance, so that what is simulated errs to late.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from cli.simulation.behaviour import Behaviour
from cli.simulation.sampler import Sampler, buckets_of, whole
from tidegate.judge import Comparison
from tidegate.observation import Observation, ObservationKey, PairCounts
from tidegate.plan import ReleasePlan
from tidegate.slots import Slot

SLOTS = Comparison(live=Slot.BLUE.value, candidate=Slot.GREEN.value)

Both = tuple[Behaviour, Behaviour]
"""What the live version does and what the candidate does."""


@dataclass(slots=True, kw_only=True)
class Stretch:
    """Seconds of one interval under one split, weighted by the share each slot had."""

    evidence: bool
    live_seconds: float = 0.0
    candidate_seconds: float = 0.0


Draw = Callable[[tuple[int, int], Stretch, float], Iterable[tuple[int, Observation]]]
"""From interval and split, a stretch of it and requests a second to increments, each with the
interval at whose end it is closed."""


def slots_of(both: Both, plan: ReleasePlan, rng: np.random.Generator) -> Draw:
    """Each slot answers the requests it was drawn for."""
    live, candidate = (Sampler(behaviour=each, plan=plan, rng=rng) for each in both)

    def draw(
        at: tuple[int, int], stretch: Stretch, per_second: float
    ) -> Iterator[tuple[int, Observation]]:
        for slot, sampler, seconds in (
            (SLOTS.live, live, stretch.live_seconds),
            (SLOTS.candidate, candidate, stretch.candidate_seconds),
        ):
            yield from sampler.serve(
                _key(at, slot), expected_requests=per_second * seconds, evidence=stretch.evidence
            )

    return draw


def pairs_of(both: Both, _: ReleasePlan, rng: np.random.Generator) -> Draw:
    """The candidate answers a copy of every request of the live version's.

    What both fail is no pair: neither answer is captured (`tidegate.shadow.join`).
    """
    live, candidate = both
    times = [whole(each.latency) for each in both]
    chances = (
        (1 - live.errors) * (1 - candidate.errors) * (1 - candidate.differs),
        (1 - live.errors) * (1 - candidate.errors) * candidate.differs,
        live.errors * (1 - candidate.errors),
        (1 - live.errors) * candidate.errors,
        live.errors * candidate.errors,
    )

    def draw(
        at: tuple[int, int], stretch: Stretch, per_second: float
    ) -> Iterator[tuple[int, Observation]]:
        requests = int(rng.poisson(per_second * stretch.live_seconds))
        drawn = rng.multinomial(requests, whole(chances)).tolist()
        agreed, differed, live_failed, candidate_failed, both_failed = drawn
        pairs = PairCounts(
            agreed=agreed,
            differed=differed,
            live_only_error=live_failed,
            candidate_only_error=candidate_failed,
            live_latency=buckets_of(
                rng.multinomial(requests - live_failed - both_failed, times[0])
            ),
            candidate_latency=buckets_of(
                rng.multinomial(requests - candidate_failed - both_failed, times[1])
            ),
        )
        yield (
            at[0],
            Observation(
                key=_key(at, SLOTS.live),
                requests=requests,
                errors=live_failed + both_failed,
                evidence=stretch.evidence,
            ),
        )
        yield (
            at[0],
            Observation(
                key=_key(at, SLOTS.candidate),
                requests=pairs.pairs,
                errors=candidate_failed,
                evidence=stretch.evidence,
                pairs=pairs,
            ),
        )

    return draw


def _key(at: tuple[int, int], slot: str) -> ObservationKey:
    return ObservationKey(release_id="simulated", interval=at[0], split_version=at[1], slot=slot)

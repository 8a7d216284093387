"""Sums over observations: what each slot did in all, for people and never for the judge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tidegate import latency
from tidegate.observation import Observation, OutcomeCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a slot did so far, over all intervals."""

    requests: int = 0
    errors: int = 0
    latency: Mapping[int, int] = field(default_factory=dict)
    outcomes: OutcomeCounts = field(default_factory=OutcomeCounts)

    def plus(self, observation: Observation) -> "Totals":
        """These totals with one more increment counted in."""
        outcomes = self.outcomes
        for counts in observation.outcomes.values():
            outcomes = outcomes + counts
        return Totals(
            requests=self.requests + observation.requests,
            errors=self.errors + observation.errors,
            latency=latency.add(self.latency, observation.latency),
            outcomes=outcomes,
        )


def totals_by_slot(observations: Iterable[Observation]) -> dict[str, Totals]:
    """What each slot did, over all the increments given."""
    totals: dict[str, Totals] = {}
    for observation in observations:
        slot = observation.key.slot
        totals[slot] = totals.get(slot, Totals()).plus(observation)
    return totals

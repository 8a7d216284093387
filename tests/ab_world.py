"""A world with an A/B test: arms that win and fail at their own rates, users who stay in theirs."""

from dataclasses import dataclass, field, replace
from typing import Any

from tests import samples
from tests.release_world import ReleaseWorld, Traffic
from tests.samples import CONFIG, ENDPOINT, PLAN
from tidegate import deploy
from tidegate.arms.terms import ABTerms
from tidegate.intervals import interval_of
from tidegate.observation import ObservationKey, OutcomeCounts, Unit
from tidegate.plan import ReleasePlan, Step
from tidegate.pointer import Declaration
from tidegate.requestlog import Tally, tally_key
from tidegate.slots import Slot
from tidegate.split import SplitDocument
from tidegate.strategies import Split, Strategy

TERMS = ABTerms(challengers=2, horizon_requests=20_000, tie_margin=0.05)


def plan_of(terms: ABTerms = TERMS, **changes: Any) -> ReleasePlan:
    """The plan of a test with these terms."""
    tested = 100 - terms.first_shares[0]
    planned = replace(
        PLAN,
        strategy=Strategy.AB_TEST,
        split=Split.ROUTER,
        steps=(Step(share_percent=tested, bake_seconds=240),),
        ab_test=terms,
        hold_seconds=14_400,
    )
    return replace(planned, **changes)


def declared(plan: ReleasePlan, *labels: str, live: Slot = Slot.A) -> Declaration:
    """A deploy whose arms hold these versions, the live slot's first."""
    rest = [slot for slot in Slot if slot.value in "abcdefghij" and slot is not live]
    slots = dict(zip((live, *rest), map(samples.version, labels), strict=False))
    return samples.declaration(slots=slots, plan=plan)


@dataclass
class LabelTraffic(Traffic):
    """Requests whose outcomes become known at once, each arm with its share of right ones."""

    right: dict[str, float] = field(default_factory=dict)


@dataclass
class ABWorld(ReleaseWorld):
    """A release world whose requests are drawn by the split document, and bring labels."""

    traffic: LabelTraffic = field(default_factory=LabelTraffic)

    @classmethod
    def testing(cls, *labels: str, plan: ReleasePlan | None = None, **fields: Any) -> "ABWorld":
        """A world whose first deploy put these versions into a, b, c and so on."""
        world = cls(**fields)
        first = declared(plan_of() if plan is None else plan, *labels)
        weights = {slot.value: float(slot is Slot.A) for slot in first.slots}
        world.endpoints.add(ENDPOINT, config=CONFIG, weights=weights)
        deploy.verify(store=world.store, traffic=world.moving, clock=world.clock, declaration=first)
        return world

    def _serve(self, seconds: float) -> None:
        split = self.store.split(samples.MODEL)
        if split is None:
            return
        self._batches += 1
        drawn = [self._tally(split, slot, share, seconds) for slot, share in split.shares.items()]
        self.counters.add(f"batch-{self._batches}", [tally for tally in drawn if tally.requests])

    def _tally(self, split: SplitDocument, slot: str, share: int, seconds: float) -> Tally:
        traffic = self.traffic
        requests = traffic.whole(
            "requests", slot, seconds * traffic.requests_per_second * share / 100
        )
        errors = traffic.whole("errors", slot, requests * traffic.error_shares.get(slot, 0.0))
        known = requests - errors
        right = traffic.whole("right", slot, known * traffic.right.get(slot, 0.5))
        return Tally(
            key=ObservationKey(
                release_id=tally_key(model=samples.MODEL, release_id=split.release_id),
                interval=interval_of(self.clock.at),
                split_version=split.version,
                slot=slot,
            ),
            unit=Unit.USER,
            settling=split.settling,
            requests=requests,
            errors=errors,
            nameless_errors=errors,
            latency={20: known},
            outcomes={0: OutcomeCounts(known=known, wrong=known - right)},
        )

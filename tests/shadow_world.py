"""Whole shadow releases in memory: a live version, and a candidate that gets copies."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import FakeClock
from tests.release_world import ReleaseWorld
from tests.samples import CONFIG, ENDPOINT, RELEASE, declaration
from tidegate import deploy
from tidegate.decide import Next
from tidegate.errors import SupersededError
from tidegate.loop.pair import PairPorts, pair
from tidegate.loop.task import TaskInput, TaskOutput
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.shadow.captures import Captured
from tidegate.shadow.pairing import Pairing
from tidegate.strategies import Mechanism, Strategy

PLAN = ReleasePlan(
    strategy=Strategy.SHADOW,
    mechanism=Mechanism.SHADOW,
    steps=(Step(share_percent=100, bake_seconds=600),),
    guardrails=(
        Guardrail(metric=Metric.ERRORS, margin=0.02),
        Guardrail(metric=Metric.AGREEMENT, margin=0.10),
    ),
    lag_seconds=300,
    hold_seconds=1_200,
    warm_up_seconds=20,
    pairing=Pairing(answer="/label", slice="/region"),
)


@dataclass
class SteadyCaptures:
    """A request every two seconds; of a hundred, the candidate fails and differs at so many."""

    clock: FakeClock
    failing: int = 0
    differing: int = 0
    reads: list[str] = field(default_factory=list)

    def read(
        self, endpoint_name: str, slot: str, *, first: float, last: float
    ) -> Iterator[Captured]:
        """What was captured of a variant by now."""
        self.reads.append(slot)
        for moment in range(int(first), int(min(last, self.clock.at)) + 1):
            fate = moment * 7_919 // 2 % 100
            if moment % 2 or (slot == "green" and fate < self.failing):
                continue
            wrong = slot == "green" and fate >= 100 - self.differing
            yield Captured(
                inference_id=str(moment),
                at=float(moment),
                request=json.dumps({"region": f"r{fate % 2}"}).encode(),
                answer=json.dumps({"label": "wrong" if wrong else "right"}).encode(),
            )


@dataclass
class SteadyLatencies:
    """Both models take the same."""

    def read(
        self, endpoint_name: str, slot: str, *, from_interval: int, through: int
    ) -> Mapping[int, Mapping[int, int]]:
        """Thirty answers an interval."""
        return {interval: {20: 30} for interval in range(from_interval, through + 1)}


@dataclass
class ShadowWorld(ReleaseWorld):
    """A release world whose machine has the task that joins pairs."""

    failing: int = 0
    differing: int = 0

    @property
    def ports(self) -> PairPorts:
        """The ports of the task, any of which may be killed."""
        captures = SteadyCaptures(clock=self.clock, failing=self.failing, differing=self.differing)
        return PairPorts(
            store=self.reaper.watch(self.store),
            looks=self.reaper.watch(self.looks),
            counters=self.reaper.watch(self.counters),
            captures=captures,
            latencies=SteadyLatencies(),
            clock=self.clock,
        )

    def perform(self, following: Next, *, epoch: int = 1) -> TaskOutput:
        """One task of the machine."""
        assert following is not Next.BAKE, "a shadow's evidence is in captures, not in the log"
        if following is Next.PAIR:
            try:
                return pair(self.ports, TaskInput(release_id=RELEASE, epoch=epoch))
            except SupersededError:
                return TaskOutput(release_id=RELEASE, epoch=epoch, next=Next.YIELD)
        return super().perform(following, epoch=epoch)


def shadowed(plan: ReleasePlan = PLAN, **fields: Any) -> ShadowWorld:
    """A world in which v1 is live in blue and v2, in green, gets copies."""
    world = ShadowWorld(**fields)
    world.endpoints.add(ENDPOINT, config=CONFIG, weights={"blue": 1.0}, shadows={"green": 1.0})
    for declared in (declaration(green="v1", plan=plan), declaration(plan=plan)):
        deploy.verify(
            store=world.store, traffic=world.moving, clock=world.clock, declaration=declared
        )
    return world

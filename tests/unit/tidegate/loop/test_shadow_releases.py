"""Whole shadow releases in memory: nothing is ever moved, and pairs decide."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.fakes import FakeClock
from tests.reaper import Reaper
from tests.release_world import ReleaseWorld
from tests.samples import CONFIG, ENDPOINT, MODEL, RELEASE, declaration, version
from tidegate import deploy
from tidegate.decide import Next
from tidegate.errors import ReleaseRefusedError, SupersededError
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.loop.pair import PairPorts, pair
from tidegate.loop.prepare import StartRequest, prepare
from tidegate.loop.task import TaskInput, TaskOutput
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.release import Phase
from tidegate.shadow.captures import Captured
from tidegate.shadow.pairing import Pairing
from tidegate.strategies import Mechanism, Strategy
from tidegate.view import view_of

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


def log_of(world: ReleaseWorld) -> list[str]:
    """What the release's log says was done."""
    return [entry.what for entry in world.store.log(RELEASE)]


def test_a_candidate_that_answers_alike_passes_and_nothing_moves() -> None:
    """It ends passed; weights were never touched, and the live pointer names the same slot."""
    world = shadowed(differing=1)
    assert world.run() is Next.REPORT
    record = world.record()
    assert record.phase is Phase.PASSED
    assert record.verdict is not None
    assert record.verdict.reason.startswith("pass because")
    assert world.endpoints.wishes == []
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    assert (pointer.slot.value, pointer.version.label) == ("blue", "v1")
    assert pointer.passed == version("v2").digest
    assert world.store.lock_holder(MODEL) is None
    assert log_of(world) == ["opened", "verified", "pass", "passed"]
    assert all(entry.after["green"] == 0 for entry in world.store.log(RELEASE))


@pytest.mark.parametrize(("fault", "named"), [("failing", "errors"), ("differing", "differ")])
def test_a_candidate_that_is_worse_fails(fault: str, named: str) -> None:
    """Errors and other answers end it failed, and nobody's traffic was moved back either."""
    faults: dict[str, Any] = {fault: 30}
    world = shadowed(**faults)
    assert world.run() is Next.REPORT
    record = world.record()
    assert record.phase is Phase.FAILED
    assert record.verdict is not None
    assert named in record.verdict.reason
    assert world.endpoints.wishes == []
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    assert pointer.passed is None
    assert log_of(world) == ["opened", "verified", "fail", "failed"]


@pytest.mark.parametrize("after", [False, True])
def test_a_killed_task_is_done_again_and_no_pair_counts_twice(*, after: bool) -> None:
    """Wherever a task dies, the release ends as it does without that, and pairs count once."""
    calm = shadowed(differing=1)
    calm.run()
    for at_call in range(1, calm.reaper.calls, 5):
        killed = shadowed(differing=1, reaper=Reaper(at_call=at_call, after=after))
        killed.run()
        assert killed.kills == 1
        assert killed.record().phase is Phase.PASSED
        assert pairs_of(killed) == pairs_of(calm)


def pairs_of(world: ReleaseWorld) -> dict[int, int]:
    """How many pairs were counted in each interval that was looked at."""
    looks = world.looks.looks(RELEASE)
    return {o.key.interval: o.pairs.pairs for look in looks for o in look.observations if o.pairs}


def test_pairs_of_the_warm_up_are_no_evidence() -> None:
    """The first interval that counts began after the candidate was warm."""
    world = shadowed()
    world.run()
    verified = next(e for e in world.store.log(RELEASE) if e.what == "verified")
    first = min(o.key.interval for o in world.counters.read(RELEASE) if o.pairs)
    assert first * INTERVAL_SECONDS > verified.at


def test_the_view_tells_why_and_counts_copies_as_the_candidates() -> None:
    """Reason, requests and pairs are those of the release."""
    world = shadowed(differing=30)
    world.run()
    record = world.record()
    view = view_of(
        record,
        looks=world.looks.looks(RELEASE),
        counters=world.counters.read(RELEASE),
        log=world.store.log(RELEASE),
    )
    assert view.over
    assert view.reason.startswith("fail because answers that differ")
    assert view.pairs is not None
    assert view.candidate.requests == view.pairs.pairs > 30
    assert {one.name for one in view.slices} == {"r0", "r1"}
    assert sum(one.bad for one in view.slices) == view.pairs.differed > 10


def test_a_version_that_has_passed_waits_for_its_deploy_when_something_follows() -> None:
    """Starting again would compare what was compared: the deploy has to make both variants."""
    world = shadowed(plan=replace(PLAN, then=Strategy.CANARY))
    world.run()
    request = StartRequest(release_id="another", model=MODEL, who="ada")
    with pytest.raises(ReleaseRefusedError, match="deploy again, then it is released by canary"):
        prepare(store=world.store, traffic=world.moving, clock=world.clock, request=request)


@pytest.mark.parametrize(
    "endpoint",
    [
        {"weights": {"blue": 1.0, "green": 0.0}},
        {"weights": {"blue": 1.0}, "shadows": {"green": 0.5}},
    ],
)
def test_an_endpoint_that_does_not_copy_every_request_is_refused(
    endpoint: Mapping[str, Any],
) -> None:
    """Without all the copies, a failed one could not be told from one that was not sent."""
    world = shadowed()
    world.endpoints.add(ENDPOINT, config=CONFIG, **endpoint)
    with pytest.raises(ReleaseRefusedError, match="must be a shadow of slot blue"):
        world.prepare()


def test_an_operator_aborts_a_shadow() -> None:
    """It ends aborted, and there was nothing to take back."""
    world = shadowed()
    seen: list[Next] = []

    def stop(_: ReleaseWorld, output: TaskOutput) -> None:
        seen.append(output.next)
        if len(seen) == 6:
            world.abort()

    world.on_task = stop
    world.run()
    world.on_task = None
    assert world.run(epoch=2) is Next.REPORT
    assert world.record().phase is Phase.ABORTED
    assert world.endpoints.wishes == []

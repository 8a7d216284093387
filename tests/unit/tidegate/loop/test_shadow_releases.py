"""Whole shadow releases in memory: nothing is ever moved, and pairs decide."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.reaper import Calls, Reaper, every_call, turning_calls
from tests.release_world import ReleaseWorld
from tests.samples import CONFIG, ENDPOINT, MODEL, RELEASE, version
from tests.shadow_world import PLAN, shadowed
from tidegate.decide import Next
from tidegate.errors import ReleaseRefusedError
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.loop.prepare import StartRequest, prepare
from tidegate.loop.task import TaskOutput
from tidegate.release import Phase
from tidegate.strategies import Strategy
from tidegate.view import view_of


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


def every_fifth(reaper: Reaper) -> Sequence[int]:
    """A release by shadow takes long: a fifth of its calls is killed."""
    return every_call(reaper)[::5]


@pytest.mark.parametrize(
    ("calls", "after"),
    [
        pytest.param(turning_calls, False, id="before-turns"),
        pytest.param(every_fifth, False, id="before", marks=pytest.mark.accept),
        pytest.param(every_fifth, True, id="after", marks=pytest.mark.accept),
    ],
)
def test_a_killed_task_is_done_again_and_no_pair_counts_twice(calls: Calls, *, after: bool) -> None:
    """Wherever a task dies, the release ends as it does without that, and pairs count once."""
    calm = shadowed(differing=1)
    calm.run()
    for at_call in calls(calm.reaper):
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

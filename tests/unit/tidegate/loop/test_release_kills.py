"""A release that is killed at any call of any port ends as if nothing had happened."""

from itertools import groupby, pairwise

import pytest

from tests.reaper import KILLS, Calls, KilledError, Reaper
from tests.release_world import ReleaseWorld, Traffic
from tests.samples import MODEL, RELEASE
from tidegate.decide import Next
from tidegate.errors import NotFoundError
from tidegate.observation import ObservationKey
from tidegate.release import Phase
from tidegate.slots import Slot
from tidegate.split import NO_RELEASE

ERRORS = {
    "promoted": {"blue": 0.005, "green": 0.005},
    "rolled-back": {"blue": 0.02, "green": 0.2},
}
WEIGHTS = {
    "promoted": [{"blue": 90, "green": 10}, {"blue": 50, "green": 50}, {"blue": 0, "green": 100}],
    "rolled-back": [{"blue": 90, "green": 10}, {"blue": 100, "green": 0}],
}


def a_world(story: str, reaper: Reaper) -> ReleaseWorld:
    """A world in which the story will be told."""
    traffic = Traffic(error_shares=ERRORS[story])
    return ReleaseWorld.deployed(traffic=traffic, reaper=reaper)


def undisturbed(story: str) -> Reaper:
    """What an undisturbed release called."""
    reaper = Reaper()
    a_world(story, reaper).run()
    return reaper


def deeds(world: ReleaseWorld) -> list[str]:
    """What the log says was done; an intention that was repeated counts once."""
    return [what for what, _ in groupby(entry.what for entry in world.store.log(RELEASE))]


def spans(world: ReleaseWorld) -> list[tuple[int, int, str]]:
    """Which intervals each look closed, and what the judge said of it."""
    looks = world.looks.looks(RELEASE)
    return [(look.after, look.through, (look.verdict or {})["kind"]) for look in looks]


def assert_ended(world: ReleaseWorld, story: str) -> None:
    """Record, pointer, lock, split and endpoint agree, and nobody else was ever served."""
    record = world.record()
    pointer = world.store.pointer(MODEL)
    split = world.store.split(MODEL)
    live = Slot.GREEN if story == "promoted" else Slot.BLUE
    assert record.phase is Phase(story)
    assert record.finished_at is not None
    assert pointer is not None
    assert split is not None
    assert (pointer.slot, pointer.generation) == (live, 2 if story == "promoted" else 1)
    assert world.store.lock_holder(MODEL) is None
    assert split.release_id == NO_RELEASE
    assert world.shares() == {live.value: 100, live.other.value: 0} == split.shares
    assert [wish for wish, _ in groupby(world.endpoints.wishes)] == WEIGHTS[story]


def assert_whole_evidence(world: ReleaseWorld) -> None:
    """Looks have no gap and are all judged, but for those that came after a roll-back's verdict."""
    looks = world.looks.looks(RELEASE)
    assert [look.number for look in looks] == list(range(1, len(looks) + 1))
    assert all(look.after == before.through for before, look in pairwise(looks))
    judged = [look.verdict["kind"] for look in looks if look.verdict is not None]
    assert world.record().looks == len(judged)
    assert len(judged) == len(looks) or judged[-1] == "roll-back"
    assert "roll-back" not in judged[:-1]
    assert_each_count_was_given_once(world)


def assert_each_count_was_given_once(world: ReleaseWorld) -> None:
    """Early looks and closings together gave what was served, and no more of what is open."""
    looks = world.looks.looks(RELEASE)
    given: dict[ObservationKey, tuple[int, int, int]] = {}
    for seen in (o for look in looks for o in look.observations):
        one = (seen.requests, seen.errors, seen.clients_with_errors)
        before = given.get(seen.key, (0, 0, 0))
        given[seen.key] = (before[0] + one[0], before[1] + one[1], before[2] + one[2])
    for known in world.counters.read(RELEASE):
        counts = (known.requests, known.errors, known.clients_with_errors)
        told = given.get(known.key, (0, 0, 0))
        if known.key.interval <= looks[-1].through:
            assert told == counts
        assert all(part <= whole for part, whole in zip(told, counts, strict=True))


@pytest.mark.parametrize("story", ["promoted", "rolled-back"])
def test_the_stories_have_early_looks(story: str):
    """Otherwise no kill would hit one."""
    world = a_world(story, Reaper())
    world.run()
    assert sum(look.early for look in world.looks.looks(RELEASE)) > 1


@pytest.mark.parametrize("story", ["promoted", "rolled-back"])
@pytest.mark.parametrize(("calls", "after"), KILLS)
def test_a_task_killed_at_any_call_and_run_again_changes_nothing(
    story: str, calls: Calls, *, after: bool
):
    """The state machine repeats the killed task: same end, same log, same looks."""
    reaper = Reaper()
    calm = a_world(story, reaper)
    calm.run()
    for call in calls(reaper):
        world = a_world(story, Reaper(at_call=call, after=after))
        assert world.run() is Next.REPORT
        assert world.kills == 1
        assert_ended(world, story)
        assert_whole_evidence(world)
        assert deeds(world) == deeds(calm)
        assert spans(world) == spans(calm)


def run_until_killed(world: ReleaseWorld) -> None:
    """The execution dies with its task, and nobody repeats it."""
    output = world.prepare()
    while output.next is not Next.REPORT:
        world.advance(output.wait_seconds)
        output = world.perform(output.next)


def take_over(world: ReleaseWorld) -> Next:
    """The operator resumes the release from its record, or starts it again if there is none."""
    try:
        record = world.record()
    except NotFoundError:
        return world.run()
    return Next.REPORT if record.phase.terminal else world.run(epoch=world.resume())


@pytest.mark.parametrize("story", ["promoted", "rolled-back"])
@pytest.mark.parametrize(("calls", "after"), KILLS)
def test_an_execution_killed_at_any_call_is_resumed_from_its_record(
    story: str, calls: Calls, *, after: bool
):
    """A new epoch takes the release to the same end, however much of it was done."""
    for call in calls(undisturbed(story)):
        world = a_world(story, Reaper(at_call=call, after=after))
        with pytest.raises(KilledError):
            run_until_killed(world)
        assert take_over(world) is Next.REPORT
        assert_ended(world, story)
        assert_whole_evidence(world)


@pytest.mark.parametrize(("calls", "after"), KILLS)
def test_an_abort_of_an_execution_killed_at_any_call_restores_the_live_version(
    calls: Calls, *, after: bool
):
    """Wherever the release stood, one abort brings all traffic back and frees the model."""
    for call in calls(undisturbed("promoted")):
        world = a_world("promoted", Reaper(at_call=call, after=after))
        with pytest.raises(KilledError):
            run_until_killed(world)
        if world.store.lock_holder(MODEL) is None:
            continue
        assert world.run(epoch=world.abort()) is Next.REPORT
        assert world.record().phase is Phase.ABORTED
        assert world.shares() == {"blue": 100, "green": 0}
        assert world.store.lock_holder(MODEL) is None
        pointer = world.store.pointer(MODEL)
        assert pointer is not None
        assert (pointer.slot, pointer.generation) == (Slot.BLUE, 1)


def test_a_task_killed_at_every_call_still_comes_to_its_end():
    """Killed once at each call of one release in turn, it is promoted as if nothing happened."""
    reaper = Reaper(at_call=1)
    world = a_world("promoted", reaper)
    world.on_task = lambda _world, _output: setattr(reaper, "at_call", reaper.calls + 1)
    assert world.run() is Next.REPORT
    assert world.kills >= len(world.tasks)
    assert_ended(world, "promoted")
    assert_whole_evidence(world)

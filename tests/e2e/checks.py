"""What must be true after a story, whatever happened in it."""

from itertools import pairwise

from tests.e2e.world import Watched, World, wait_for
from tidegate.split import NO_RELEASE
from tidegate.view import ReleaseView

FINAL_SHARES = {"promoted": 100, "rolled-back": 0, "aborted": 0}
"""The candidate's share in the end, by the phase that the release ended in."""


def assert_settled(world: World, view: ReleaseView, seen: Watched) -> None:
    """Traffic, pointer, lock, split and record agree, and the log has every change of shares."""
    store = world.deployed.store
    candidate = FINAL_SHARES[view.phase]
    shares = {view.candidate.slot: candidate, view.live.slot: 100 - candidate}
    assert world.shares() == shares
    assert store.lock_holder(world.model) is None
    pointer, split = store.pointer(world.model), store.split(world.model)
    winner = view.candidate if view.phase == "promoted" else view.live
    assert pointer is not None
    assert (pointer.slot.value, pointer.version.label) == (winner.slot, winner.label)
    assert split is not None
    assert (split.shares, split.release_id) == (shares, NO_RELEASE)
    assert_log_is_complete(world, view, seen)


def assert_reported(world: World, view: ReleaseView) -> None:
    """The execution that ended the release went through to its last state, the report's too."""
    ending = wait_for(
        lambda: world.deployed.endings.ending(release_id=view.release_id, epoch=view.epoch),
        seconds=20,
        what="the end of the execution",
    )
    assert ending.status == "SUCCEEDED", ending


def assert_log_is_complete(world: World, view: ReleaseView, seen: Watched) -> None:
    """Each share that the endpoint was seen with is in a line of the log, and looks follow on."""
    announced = [dict(entry.after) for entry in view.log if entry.what == "shift"]
    assert [shares for shares in seen.shares.changes()[1:] if shares not in announced] == []
    moments = [entry.at for entry in view.log]
    assert moments == sorted(moments)
    assert view.log[0].what == "opened"
    assert view.log[-1].what == view.phase
    looks = world.deployed.looks.looks(view.release_id)
    assert [look.number for look in looks] == list(range(1, len(looks) + 1))
    assert all(one.through == other.after for one, other in pairwise(looks))


def assert_served_well(seen: Watched, *, broken: bool = False) -> None:
    """Users got an answer to every request, and a good one but for a broken version's errors."""
    lost = seen.door.lost()
    assert [one for one in lost if one.status is None] == []
    if not broken:
        assert lost == []
    assert len(seen.door.served) > 50

"""What must be true after a story, whatever happened in it."""

from collections.abc import Iterator
from itertools import pairwise

from tests.e2e.world import Watched, World, wait_for
from tidegate.guardrail.settle import SAGEMAKER
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.split import NO_RELEASE
from tidegate.view import ReleaseView

ORDERS = frozenset({"abort", "pause", "resume", "promote"})
"""What operators ask for, as the log calls it."""
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


def assert_restored_in_time(view: ReleaseView) -> None:
    """Users were off the candidate within an interval and a shift of the verdict.

    Both are read from the release's record, on the cloud's clock. A shift is what the release took
    from deciding on a step to having read it back, as long as that took where this runs.
    """
    taken = view.time_to_restore_seconds
    assert taken is not None, view.reason
    shift = max(shift_seconds(view), default=0.0)
    print(f"restored in {taken:.0f} s of the cloud, a shift took {shift:.0f} s")  # noqa: T201
    assert taken <= INTERVAL_SECONDS + shift, (taken, shift, view.log)


def shift_seconds(view: ReleaseView) -> Iterator[float]:
    """How long each step took, from its decision until the log says that it serves its share."""
    decided: float | None = None
    for entry in view.log:
        if entry.what in {"opened", "step"}:
            decided = entry.at
        served = entry.what == "verified" or (entry.what == "shift" and entry.who == SAGEMAKER)
        if served and decided is not None:
            yield entry.at - decided
            decided = None


def assert_log_is_complete(world: World, view: ReleaseView, seen: Watched) -> None:
    """Each share that the endpoint was seen with is in a line of the log, and looks follow on."""
    announced = [dict(entry.after) for entry in view.log if entry.what == "shift"]
    assert [shares for shares in seen.shares.changes()[1:] if shares not in announced] == []
    # An order has the time at which it was given, and may be written after what came meanwhile.
    moments = [entry.at for entry in view.log if entry.what not in ORDERS]
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

"""Operators steer releases on the embedded cloud: abort, pause, resume, promote, start."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.breaking import sabotaged
from tests.e2e.checks import assert_reported, assert_served_well, assert_settled
from tests.e2e.world import World, wait_for
from tidegate.errors import LockedError, ReleaseRefusedError

pytestmark = pytest.mark.accept


# The task during which a release is in a phase, and the call after which it is there for sure.
PHASES = {
    "opened": ("prepare_release", "after"),
    "announced": ("shift_traffic", "after"),
    "shifting": ("verify_traffic", "before"),
    "baking": ("judge_release", "before"),
    "promoting": ("settle_release", "before"),
}


@pytest.mark.parametrize("phase", PHASES)
def test_abort_in_each_phase(even_world: World, phase: str) -> None:
    """Aborted, all traffic returns to the live version, though an older task still goes on."""
    package, moment = PHASES[phase]
    live = even_world.live_label()
    with sabotaged(even_world, package) as saboteurs, even_world.watched() as seen:
        hang = saboteurs[package].ticket(moment, "hang")
        release_id = even_world.start()
        saboteurs[package].hanging(hang)
        even_world.abort(release_id)
        saboteurs[package].let_go(hang)
        view = even_world.finish(release_id)

    assert view.phase == "aborted"
    assert even_world.live_label() == live
    assert_settled(even_world, view, seen)
    assert_reported(even_world, view)
    assert_served_well(seen)


def test_abort_while_rolling_back(bad_world: World) -> None:
    """An abort on top of a roll-back ends aborted, with all traffic on the live version."""
    with sabotaged(bad_world, "settle_release") as saboteurs, bad_world.watched() as seen:
        hang = saboteurs["settle_release"].ticket("before", "hang")
        release_id = bad_world.start()
        saboteurs["settle_release"].hanging(hang, seconds=90)
        assert bad_world.deployed.view(release_id).phase == "restoring"
        bad_world.abort(release_id)
        saboteurs["settle_release"].let_go(hang)
        view = bad_world.finish(release_id)

    assert view.phase == "aborted"
    assert bad_world.live_label() == "v1"
    assert_settled(bad_world, view, seen)
    assert_reported(bad_world, view)
    assert_served_well(seen, broken=True)


def test_abort_while_paused_and_after_the_end(even_world: World) -> None:
    """A paused release can be aborted; one that is over says that there is nothing to change."""
    with even_world.watched() as seen:
        release_id = even_world.start()
        even_world.until(release_id, lambda view: view.phase == "baking")
        even_world.pause(release_id)
        even_world.abort(release_id)
        view = even_world.finish(release_id)

    assert view.phase == "aborted"
    assert_settled(even_world, view, seen)
    assert_reported(even_world, view)
    assert_served_well(seen)
    with pytest.raises(ReleaseRefusedError, match=r"is over \(aborted\)"):
        even_world.abort(release_id)


def test_two_aborts_at_once(even_world: World) -> None:
    """Two operators abort in the same moment: both are told so, and it ends once."""
    with even_world.watched() as seen:
        release_id = even_world.start()
        even_world.until(release_id, lambda view: view.phase == "baking")
        together = threading.Barrier(2)

        def one(who: str) -> None:
            together.wait()
            even_world.abort(release_id, why=who)

        with ThreadPoolExecutor(2) as operators:
            list(operators.map(one, ("first", "second")))
        view = even_world.finish(release_id)

    assert view.phase == "aborted"
    assert {entry.why for entry in view.log if entry.what == "abort"} == {"first", "second"}
    assert [entry.what for entry in view.log].count("aborted") == 1
    assert_settled(even_world, view, seen)
    assert_reported(even_world, view)
    assert_served_well(seen)


def test_pause_holds_steps_back_until_resumed(even_world: World) -> None:
    """Paused, a release keeps its share however long it bakes; resumed, it is promoted."""
    deployed = even_world.deployed
    with even_world.watched() as seen:
        release_id = even_world.start()
        even_world.until(release_id, lambda view: view.phase == "baking")
        even_world.pause(release_id)
        paused = even_world.deployed.view(release_id)
        held = even_world.shares()
        bake = 2 * paused.bake_seconds[0]
        wait_for(
            lambda: deployed.target.clock.now() > paused.log[-1].at + bake,
            seconds=60,
            what="twice the bake",
        )
        assert even_world.shares() == held
        assert even_world.deployed.view(release_id).step == paused.step
        even_world.resume(release_id)
        view = even_world.finish(release_id)

    assert view.phase == "promoted", view.reason
    assert_settled(even_world, view, seen)
    assert_reported(even_world, view)
    assert_served_well(seen)


def test_an_operator_promotes_early(even_world: World) -> None:
    """An order to promote skips the steps that are left, and the log says whose it was."""
    with even_world.watched() as seen:
        release_id = even_world.start()
        even_world.until(release_id, lambda view: view.phase == "baking")
        even_world.promote(release_id)
        view = even_world.finish(release_id)

    assert view.phase == "promoted"
    assert view.step == 0
    assert any(
        "the story says promote" in entry.why for entry in view.log if entry.what == "promote"
    )
    assert_settled(even_world, view, seen)
    assert_reported(even_world, view)
    assert_served_well(seen)


def test_an_order_to_promote_does_not_save_a_bad_version(bad_world: World) -> None:
    """The judge's roll-back wins over an operator's order to promote."""
    crowd = bad_world.watched(count=16, pause_seconds=0.03)
    sabotage = sabotaged(bad_world, "observe_release", timeout_seconds=300)
    with sabotage as saboteurs, crowd as seen:
        hang = saboteurs["observe_release"].ticket("before", "hang")
        release_id = bad_world.start()
        saboteurs["observe_release"].hanging(hang)
        # The evidence of many intervals is in before it is looked at for the first time.
        bad_world.until(release_id, lambda view: view.candidate.requests > 80)
        bad_world.promote(release_id)
        saboteurs["observe_release"].let_go(hang)
        view = bad_world.finish(release_id)

    assert view.phase == "rolled-back", view.reason
    assert_settled(bad_world, view, seen)
    assert_reported(bad_world, view)
    assert_served_well(seen, broken=True)


def test_a_locked_model_takes_no_second_release(even_world: World) -> None:
    """A start while a release is open is refused naming it; of two at once, one is opened."""
    with even_world.watched() as seen:
        release_id = even_world.start()
        even_world.until(release_id, lambda view: view.phase == "baking")
        with pytest.raises(LockedError, match=release_id):
            even_world.start()
        view = even_world.finish(release_id)
    assert view.phase == "promoted", view.reason
    assert_settled(even_world, view, seen)
    assert_reported(even_world, view)


def test_two_starts_at_once_open_one_release(even_world: World) -> None:
    """Of two starts in the same moment one is opened, and the other says who holds the model."""
    deployed = even_world.deployed
    with sabotaged(even_world, "prepare_release") as saboteurs:
        hangs = [saboteurs["prepare_release"].ticket("before", "hang") for _ in range(2)]
        ids = [even_world.start(), even_world.start()]
        for hang in hangs:
            saboteurs["prepare_release"].hanging(hang)
        for hang in hangs:
            saboteurs["prepare_release"].let_go(hang)
        refused = wait_for(
            lambda: [e for i in ids if (e := deployed.endings.ending(release_id=i, epoch=1))],
            seconds=30,
            what="a refusal",
        )
    holder = deployed.store.lock_holder(even_world.model)
    assert holder in ids
    assert refused[0].error == "LockedError"
    assert holder in refused[0].cause

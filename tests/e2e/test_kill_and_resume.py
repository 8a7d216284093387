"""Tasks are killed and executions die: a release ends as if nothing had happened."""

import pytest

from tests.e2e.breaking import kill, sabotaged, stop_executions
from tests.e2e.checks import assert_reported, assert_served_well, assert_settled
from tests.e2e.world import World, wait_for
from tidegate.view import ReleaseView

IN_A_CHAPTER = (
    "shift_traffic",
    "verify_traffic",
    "observe_release",
    "judge_release",
    "settle_release",
)
TASKS = ("prepare_release", *IN_A_CHAPTER, "report_release")
RETRIES = 5
"""How often the machines try a task again (stacks/components/*.asl.json)."""


def wait_for_end(world: World, release_id: str, *, epoch: int = 1) -> None:
    """The execution of an epoch has ended."""
    wait_for(
        lambda: world.deployed.endings.ending(release_id=release_id, epoch=epoch),
        seconds=60,
        what=f"the end of the execution of epoch {epoch}",
    )


def release_is_over(world: World, release_id: str) -> bool:
    """Whether only the report was left to do: there is nothing to resume then."""
    return world.deployed.view(release_id).over


@pytest.mark.accept
def test_every_task_may_be_killed(even_world: World) -> None:
    """A release whose every task is killed, in its midst and after its work, is promoted."""
    with sabotaged(even_world, *TASKS) as saboteurs, even_world.watched() as seen:
        for saboteur in saboteurs.values():
            saboteur.ticket("call-2", "kill")
            saboteur.ticket("after", "kill")
        view = even_world.finish(even_world.start())
        assert view.phase == "promoted", view
        wait_for(
            lambda: not any(s.left() for s in saboteurs.values()),
            seconds=20,
            what="every kill, the report's too",
        )

    assert_settled(even_world, view, seen)
    assert_reported(even_world, view)
    assert_served_well(seen)


@pytest.mark.accept
@pytest.mark.parametrize("package", TASKS)
def test_a_task_killed_at_each_of_its_calls(even_world: World, package: str) -> None:
    """A task killed before, after and between its calls of AWS is tried again and comes right."""
    with sabotaged(even_world, package) as saboteurs, even_world.watched() as seen:
        for moment in ("before", "call-1", "call-2", "call-3", "after"):
            saboteurs[package].ticket(moment, "kill")
        view = even_world.finish(even_world.start())
        assert view.phase == "promoted", view
        wait_for(lambda: not saboteurs[package].left(), seconds=20, what="every kill")

    assert_settled(even_world, view, seen)
    assert_reported(even_world, view)
    assert_served_well(seen)


@pytest.mark.accept
@pytest.mark.parametrize("package", TASKS)
def test_a_dead_execution_is_resumed_and_promotes(even_world: World, package: str) -> None:
    """Worker and execution die before a task's work; resumed, a good version is promoted."""
    view = _die_and_resume(even_world, package, "before")

    assert view.phase == "promoted", view.reason


@pytest.mark.accept
@pytest.mark.parametrize("package", TASKS)
def test_a_dead_execution_is_resumed_and_rolls_back(bad_world: World, package: str) -> None:
    """Worker and execution die after a task's work; resumed, a bad version is rolled back."""
    view = _die_and_resume(bad_world, package, "after")

    assert view.phase == "rolled-back", view.reason


def _die_and_resume(world: World, package: str, moment: str) -> ReleaseView:
    with sabotaged(world, package) as saboteurs, world.watched() as seen:
        hang = saboteurs[package].ticket(moment, "hang")
        release_id = world.start()
        worker = saboteurs[package].hanging(hang, seconds=120)
        assert stop_executions(world) >= 1
        kill(worker)
        wait_for_end(world, release_id)
        if (package, moment) == ("prepare_release", "before"):
            # It died before there was a release: nothing is held, and another may start.
            assert world.deployed.store.lock_holder(world.model) is None
            release_id = world.start()
            world.until(release_id, lambda view: view.phase == "baking")
            stop_executions(world)
            wait_for_end(world, release_id)
        was_over = release_is_over(world, release_id)
        if not was_over:
            world.resume(release_id)
        view = world.finish(release_id)
    assert_settled(world, view, seen)
    if not was_over:
        assert_reported(world, view)
    assert_served_well(seen, broken=view.candidate.label == "v3")
    return view


@pytest.mark.accept
@pytest.mark.parametrize("package", IN_A_CHAPTER)
def test_a_task_that_uses_up_its_retries_halts(even_world: World, package: str) -> None:
    """All traffic is then on the live version, the model stays locked; resumed, it is promoted."""
    world = even_world
    live, before = world.live_label(), world.shares()
    with sabotaged(world, package) as saboteurs, world.watched() as seen:
        for _ in range(RETRIES + 1):
            saboteurs[package].ticket("before", "kill")
        release_id = world.start()
        halted = world.finish(release_id)
        assert halted.halted is not None, halted
        assert halted.phase in {"shifting", "baking", "promoting"}
        assert world.shares() == before
        assert world.deployed.store.lock_holder(world.model) == release_id
        assert world.live_label() == live
        wait_for_end(world, release_id)
        world.resume(release_id)
        view = world.finish(release_id)

    assert view.phase == "promoted", view.reason
    assert_settled(world, view, seen)
    assert_reported(world, view)
    assert_served_well(seen)


@pytest.mark.accept
@pytest.mark.parametrize("package", ["verify_traffic", "judge_release"])
def test_a_function_that_always_fails_halts_until_it_works(even_world: World, package: str) -> None:
    """Code that raises halts the release at once; with working code back, resume finishes it."""
    world = even_world
    before = world.shares()
    with sabotaged(world, package) as saboteurs, world.watched() as seen:
        saboteurs[package].fail_always()
        release_id = world.start()
        wait_for(
            lambda: world.deployed.store.lock_holder(world.model), seconds=30, what="the opening"
        )
        view = world.until(release_id, lambda view: view.halted is not None)
        assert "always fails" in str(view.halted)
        wait_for(lambda: world.shares() == before, seconds=30, what="safety")
        saboteurs[package].recover()
        wait_for_end(world, release_id)
        world.resume(release_id)
        view = world.finish(release_id)

    assert view.phase == "promoted", view.reason
    assert_settled(world, view, seen)
    assert_reported(world, view)
    assert_served_well(seen)

"""Shadow releases on the embedded cloud: copies are compared, and no user meets the candidate."""

from collections.abc import Callable

import pytest

from tests.e2e.checks import assert_reported, assert_restored_in_time, assert_settled
from tests.e2e.shadows import ALIKE, shadowed
from tests.e2e.world import BROKEN, SLOW, V1, WORSE, Behaviour, Watched, World
from tidegate.view import ReleaseView

pytestmark = pytest.mark.accept

MakeWorld = Callable[[str], World]


def release(world: World) -> tuple[ReleaseView, Watched]:
    """Release what is in the idle slot under traffic, and see how it ends."""
    with world.watched() as seen:
        view = world.finish(world.start())
    assert_reported(world, view)
    return view, seen


def assert_only_live_answered(seen: Watched) -> None:
    """Every request got a good answer, and all of them from the live version."""
    assert seen.door.lost() == []
    assert {one.version for one in seen.door.served} == {"v1"}
    assert len(seen.door.served) > 100


def test_a_candidate_passes_its_shadow_and_is_then_released_by_canary(
    make_world: MakeWorld,
) -> None:
    """Copies pass it without a user; the next deploy of it makes a canary of both, which wins."""
    world = shadowed(make_world("shadow-good"))
    world.deploy(V1)
    world.deploy(ALIKE)

    view, seen = release(world)

    assert view.phase == "passed", view.reason
    assert view.reason.startswith("pass because")
    assert_only_live_answered(seen)
    assert seen.shares.changes() == [{"blue": 100.0}]
    assert view.pairs is not None
    assert view.pairs.answered > 50
    pointer = world.deployed.store.pointer(world.model)
    assert pointer is not None
    assert (pointer.version.label, pointer.passed) == ("v1", view.candidate.version)

    world.deploy(ALIKE)
    assert world.shares() == {"blue": 100.0, "green": 0.0}
    view, seen = release(world)

    assert (view.strategy, view.phase) == ("canary", "promoted"), view.reason
    assert seen.door.lost() == []
    assert_settled(world, view, seen)
    pointer = world.deployed.store.pointer(world.model)
    assert pointer is not None
    assert (pointer.version.label, pointer.passed) == ("v2", None)

    world.deploy(BROKEN)
    assert world.shares() == {"green": 100.0, "blue": 0.0}


@pytest.mark.parametrize(
    ("behaviour", "named"),
    [
        pytest.param(BROKEN, "errors", id="fails"),
        pytest.param(WORSE, "answers that differ", id="is-wrong"),
        pytest.param(SLOW, "slower", id="is-slow"),
    ],
)
def test_a_bad_candidate_fails_its_shadow(
    make_world: MakeWorld, behaviour: Behaviour, named: str
) -> None:
    """Errors, wrong answers and slowness are found on copies, and no user meets any of them."""
    world = shadowed(make_world(f"shadow-{behaviour.name}"))
    world.deploy(V1)
    world.deploy(behaviour)

    view, seen = release(world)

    assert view.phase == "failed", view.reason
    assert named in view.reason
    assert_restored_in_time(view)
    assert_only_live_answered(seen)
    assert seen.shares.changes() == [{"blue": 100.0}]
    assert world.pointers()[world.model]["slot"] == "blue"
    assert world.deployed.store.lock_holder(world.model) is None

"""Whole releases on the embedded cloud: every ending that the judge can bring about.

The everyday tier sees a promotion whose tasks are killed (test_kill_and_resume.py), and this one's
roll-back.
"""

from collections.abc import Callable

import pytest

from tests.e2e.checks import assert_reported, assert_restored_in_time
from tests.e2e.world import BETTER, BROKEN, SLOW, V1, WORSE, Behaviour, World
from tidegate.view import ReleaseView

MakeWorld = Callable[[str], World]


def release(world: World, behaviour: Behaviour) -> ReleaseView:
    """Deploy v1 and the candidate, release it under traffic, and see how it ends."""
    world.deploy(V1)
    world.deploy(behaviour)
    with world.users() as users:
        view = world.finish(world.start())
    assert users.ledger.unanswered == 0
    assert_reported(world, view)
    return view


@pytest.mark.accept
def test_a_better_version_is_promoted(make_world: MakeWorld) -> None:
    """A candidate that is wrong less often gets all the traffic, and the pointer moves to it."""
    world = make_world("promoted")

    view = release(world, BETTER)

    assert view.phase == "promoted", view.reason
    assert world.shares() == {"blue": 0.0, "green": 100.0}
    assert world.pointers()["promoted"]["slot"] == "green"
    assert world.deployed.store.lock_holder("promoted") is None


@pytest.mark.parametrize(
    ("behaviour", "metric"),
    [
        pytest.param(BROKEN, "error", id="fails"),
        pytest.param(WORSE, "wrong", id="is-wrong", marks=pytest.mark.accept),
        pytest.param(SLOW, "slow", id="is-slow", marks=pytest.mark.accept),
    ],
)
def test_a_bad_version_is_rolled_back(
    make_world: MakeWorld, behaviour: Behaviour, metric: str
) -> None:
    """A candidate that fails, is wrong or is slow loses its traffic, and the reason says why."""
    model = f"bad-{behaviour.name}"
    world = make_world(model)

    view = release(world, behaviour)

    assert view.phase == "rolled-back", view.reason
    assert metric in view.reason
    assert world.shares() == {"blue": 100.0, "green": 0.0}
    assert world.pointers()[model]["slot"] == "blue"
    assert_restored_in_time(view)

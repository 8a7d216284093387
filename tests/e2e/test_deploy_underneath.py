"""A deploy that changes what an open release is about: the release takes its candidate back."""

from collections.abc import Callable

import pytest

from tests.e2e.checks import assert_reported, assert_served_well, assert_settled
from tests.e2e.world import BETTER, V1, World

pytestmark = pytest.mark.accept

MakeWorld = Callable[[str], World]


def an_older_template(world: World) -> None:
    """A plain `cdk deploy` of the first template, which was admitted when it was the newest."""
    world.deploy_plainly(V1)


def another_configuration(world: World) -> None:
    """`tidegate deploy` with data capture: same versions, another endpoint configuration."""
    world.project_text = world.project_text.replace(
        "    release:", "    data_capture: { percent: 50 }\n    release:"
    )
    world.deploy(BETTER)


@pytest.mark.parametrize("change", [an_older_template, another_configuration])
def test_a_release_ends_when_something_deploys_underneath(
    make_world: MakeWorld, change: Callable[[World], None]
) -> None:
    """The judge's evidence is of what was released: all traffic goes back, and the log says why."""
    world = make_world(f"under-{change.__name__.replace('_', '-')}")
    world.deploy(V1)
    world.deploy(BETTER)
    with world.watched() as seen:
        release_id = world.start()
        world.until(release_id, lambda view: view.phase == "baking")
        world.pause(release_id)
        change(world)
        view = world.until(release_id, lambda view: view.over)

    assert view.phase == "rolled-back"
    assert any("something deployed underneath it" in entry.why for entry in view.log)
    assert world.live_label() == "v1"
    assert_settled(world, view, seen)
    assert_reported(world, view)
    assert_served_well(seen)

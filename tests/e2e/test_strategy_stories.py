"""Linear and rolling releases by weights: a good version goes up the steps, a bad one goes back."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.e2e.checks import (
    assert_reported,
    assert_restored_in_time,
    assert_served_well,
    assert_settled,
)
from tests.e2e.world import BETTER, BROKEN, PROJECT, V1, Behaviour, Watched, World
from tidegate.view import ReleaseView

MakeWorld = Callable[[str], World]

CANARY = """\
      strategy: canary
      steps:
        - { share_percent: 25, bake: 4m }
        - { share_percent: 50, bake: 4m }
"""
ONE_INSTANCE = "instance_type: ml.t2.medium,"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A strategy in the words of the project file, and the shares that it comes to."""

    strategy: str
    keys: str
    instances: int
    shares: tuple[int, ...]

    def project_text(self) -> str:
        """The stories' project with this strategy."""
        own = f"      strategy: {self.strategy}\n      mechanism: weights\n      {self.keys}\n"
        hosting = f"{ONE_INSTANCE} instances: {{ min: {self.instances} }},"
        assert CANARY in PROJECT
        assert ONE_INSTANCE in PROJECT
        return PROJECT.replace(CANARY, own).replace(ONE_INSTANCE, hosting)


LINEAR = Story(
    strategy="linear",
    keys="step_percent: 25\n      bake: 3m",
    instances=1,
    shares=(25, 50, 75),
)
ROLLING = Story(
    strategy="rolling",
    keys="batch_percent: 50\n      bake: 3m",
    instances=3,
    shares=(33, 67),
)
STORIES = [
    pytest.param(LINEAR, BETTER, id="linear-good", marks=pytest.mark.accept),
    pytest.param(LINEAR, BROKEN, id="linear-bad", marks=pytest.mark.accept),
    pytest.param(ROLLING, BETTER, id="rolling-good", marks=pytest.mark.accept),
    pytest.param(ROLLING, BROKEN, id="rolling-bad", marks=pytest.mark.accept),
]
"""The everyday tier sees steps go up by DNS, and weights come back in a canary."""


@pytest.mark.parametrize(("story", "behaviour"), STORIES)
def test_a_release_goes_by_its_steps(
    make_world: MakeWorld, story: Story, behaviour: Behaviour
) -> None:
    """The endpoint serves each share of the plan in turn, all of them or none in the end."""
    world = make_world(f"{story.strategy}-{behaviour.name}")
    world.project_text = story.project_text()
    world.deploy(V1)
    world.deploy(behaviour)

    with world.watched() as seen:
        view = world.finish(world.start())

    assert (view.strategy, view.mechanism, view.steps) == (story.strategy, "weights", story.shares)
    served = candidate_shares(view, seen)
    if behaviour is BETTER:
        assert view.phase == "promoted", view.reason
        assert served == [0, *story.shares, 100]
    else:
        assert view.phase == "rolled-back", view.reason
        assert "error" in view.reason
        assert_restored_in_time(view)
        assert served[-1] == 0
        assert served[:-1] == [0, *story.shares][: len(served) - 1]
    assert_settled(world, view, seen)
    assert_reported(world, view)
    assert_served_well(seen, broken=behaviour is BROKEN)


def candidate_shares(view: ReleaseView, seen: Watched) -> list[int]:
    """The shares that the candidate's variant was seen with, each as long as it stayed."""
    return [round(shares[view.candidate.slot]) for shares in seen.shares.changes()]

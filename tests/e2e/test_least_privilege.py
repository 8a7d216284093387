"""Roles allow what their functions need and nothing else: any one right less, and it shows."""

import pytest

from tests.e2e.privileges import STORIES
from tests.e2e.roles import Prover, Role
from tests.e2e.world import World

pytestmark = pytest.mark.accept


@pytest.mark.parametrize("package", STORIES)
def test_each_right_of_a_role_is_needed(even_world: World, prover: Prover, package: str) -> None:
    """With its role intact a function's stories go well; without any one right, one fails."""
    stories = {story.__name__: story for story in STORIES[package]}
    prover.prove(package, Role(world=even_world, package=package), stories)

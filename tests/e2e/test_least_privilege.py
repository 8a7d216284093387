"""Roles allow what their functions need and nothing else: any one action less, and it shows."""

import pytest

from tests.e2e.privileges import STORIES, Grant, Role, StoryFailedError, not_exercised
from tests.e2e.world import World

pytestmark = pytest.mark.accept


def fails(world: World, role: Role) -> bool:
    """Whether one of the function's stories fails."""
    try:
        for story in STORIES[role.package]:
            story(world, role)
    except StoryFailedError:
        return True
    return False


@pytest.mark.parametrize("package", STORIES)
def test_each_action_of_a_role_is_needed(even_world: World, package: str) -> None:
    """With its role intact a function's stories go well; without any one action, one fails."""
    role = Role(world=even_world, package=package)
    role.start_cold()
    for story in STORIES[package]:
        story(even_world, role)

    unneeded: list[Grant] = []
    for grant in role.grants():
        with role.without(grant):
            if not fails(even_world, role):
                unneeded.append(grant)

    assert {grant.action for grant in unneeded} == not_exercised(package), unneeded

"""The walk by shadow: v2 passes its shadow, then its canary; v3 fails its shadow, unseen by users.

Deploys change the layout of the endpoint on this way: one variant with a shadow, two variants, and
one with a shadow again, the other way round.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.e2e.shadows import ALIKE, shadowed
from tests.e2e.walking import (
    NEXT,
    Walk,
    assert_logged,
    broken,
    first_deploy,
    release,
    walked,
)
from tests.e2e.watching import with_a_share
from tests.e2e.world import V1, Behaviour, World

pytestmark = pytest.mark.accept


def test_the_walk_by_shadow(make_world: Callable[[str], World]) -> None:
    """Nobody meets a version before it has passed its shadow, and no request is lost."""
    world = shadowed(make_world("shadow-walk"))
    bad = replace(broken(world), wrong_percent=ALIKE.wrong_percent)
    walk = Walk(world=world)
    first_deploy(walk)
    with walked(walk) as seen:
        before_the_shadow(walk)
        passed = release(walk, ALIKE)
        walk.roll_back(ALIKE, after="Endpoint")
        walk.roll_back(ALIKE, after="ReleaseVerify")
        walk.deploy(ALIKE)
        assert with_a_share(world.shares()) == {"blue": 100.0}
        walk.serves("v1", "v2")
        promoted = release(walk, ALIKE)
        walk.serves("v2")
        after_the_promotion(walk, bad)
        failed = release(walk, bad)
        after_the_failure(walk, bad)
    assert passed.phase == "passed", passed.reason
    assert (promoted.strategy, promoted.phase) == ("canary", "promoted"), promoted.reason
    assert (failed.strategy, failed.phase) == ("shadow", "failed"), failed.reason
    assert_logged(walk, seen, [passed, promoted, failed])
    assert with_a_share(world.shares()) == {"green": 100.0}
    assert world.live_label() == "v2"
    assert len(seen.door.served) >= 1_000


def before_the_shadow(walk: Walk) -> None:
    """v1 -> v2 as a shadow."""
    walk.serves("v1")
    walk.roll_back(ALIKE, after="ReleaseVerify")
    walk.roll_back(ALIKE, after="Endpoint")
    walk.refused(ALIKE, because="slot blue of shadow-walk is live with version")
    walk.plain(V1)
    walk.deploy(ALIKE)


def after_the_promotion(walk: Walk, bad: Behaviour) -> None:
    """v2 is live in green -> v3 as its shadow; a plain deploy knows only of blue."""
    walk.refused(V1, because="slot green of shadow-walk is live with version")
    walk.refused(ALIKE, because="slot green of shadow-walk is live")
    walk.roll_back(bad, after="Endpoint")
    walk.roll_back(bad, after="ReleaseVerify")
    walk.deploy(bad)


def after_the_failure(walk: Walk, bad: Behaviour) -> None:
    """v3 has failed: deploys go on, v3 and v1 never come to users."""
    walk.refused(bad, because="slot green of shadow-walk is live with version")
    walk.refused(ALIKE, because="slot green of shadow-walk is live")
    walk.roll_back(NEXT, after="ReleaseVerify")
    walk.roll_back(NEXT, after="Endpoint")
    walk.deploy(NEXT)

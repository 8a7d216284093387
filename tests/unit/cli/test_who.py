"""`tidegate who`: where a user stands, and why."""

from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.cli_world import CliWorld
from tests.release_world import ReleaseWorld
from tests.samples import MODEL, PLAN, RELEASE
from tidegate.assignment import Why, anonymous_client_of, assign, client_of
from tidegate.decide import Next
from tidegate.split import SplitDocument
from tidegate.strategies import Split

USERS = [f"user-{number}" for number in range(40)]


@pytest.fixture
def drawn(world: CliWorld) -> CliWorld:
    """A release is announced whose users are drawn by the router, half of them held out."""
    plan = replace(PLAN, split=Split.ROUTER, holdout_percent=50)
    world.release = ReleaseWorld.deployed(plan=plan)
    world.release.prepare()
    world.release.perform(Next.SHIFT)
    return world


def told(world: CliWorld, user: str, *options: str) -> dict[str, Any]:
    """What is said of a user in the one model."""
    (model,) = world.run("who", user, *options, "--json").json()["models"]
    return dict(model)


def the_split(world: CliWorld) -> SplitDocument:
    """The split in force."""
    split = world.release.store.split(MODEL)
    assert split is not None
    return split


def test_between_releases_everybody_gets_the_live_version(world: CliWorld):
    """No hash is asked."""
    found = told(world, "ada")
    assert (found["slot"], found["version"], found["why"]) == ("blue", "v1", "live")
    assert (found["experiment"], found["position"]) == (None, None)
    assert "no release is open" in found["because"]


def test_a_split_by_requests_gives_a_user_no_slot(world: CliWorld):
    """SageMaker draws anew each time, and that is said."""
    world.release.prepare()
    world.release.perform(Next.SHIFT)
    found = told(world, "ada", MODEL)
    assert (found["slot"], found["why"], found["experiment"]) == (None, "endpoint", RELEASE)
    assert "SageMaker draws each request" in found["because"]
    assert "any" in world.run("who", "ada").out


def test_a_drawn_user_is_told_slot_version_and_position(drawn: CliWorld):
    """As the front door assigns him."""
    split = the_split(drawn)
    for user in USERS:
        found, place = told(drawn, user), assign(split, client_of(MODEL, user))
        assert (found["slot"], found["why"]) == (place.slot, place.why.value)
        assert found["digest"] == split.digests[place.slot]
        assert found["version"] == {"blue": "v1", "green": "v2"}[place.slot]
        assert (found["position"], found["experiment"]) == (place.position, RELEASE)
        if place.why is Why.SHARE:
            slot, first, end = next(cell for cell in found["cells"] if cell[0] == place.slot)
            assert first <= place.position < end
            assert f"is one of {slot}'s, {first} to {end}" in found["because"]


def test_who_is_held_out_is_told_so(drawn: CliWorld):
    """With the position of the holdout's own hash."""
    held = next(u for u in USERS if told(drawn, u)["why"] == "holdout")
    found = told(drawn, held)
    assert (found["slot"], found["holdout_percent"]) == ("blue", 50)
    assert found["holdout_position"] < 50
    assert "held out of every experiment" in found["because"]


def test_a_split_that_is_changing_is_told(drawn: CliWorld):
    """The announced shares are those that are drawn by."""
    said = drawn.run("who", "ada")
    assert said.code == 0
    assert "blue 90 %, green 10 %, changing" in " ".join(said.out.split())
    assert "5 seconds older" in said.err


def test_a_user_is_known_by_his_cookie_too(drawn: CliWorld):
    """The same letters are another user then."""
    found = told(drawn, "f" * 32, "--cookie")
    assert found["client"] == anonymous_client_of(MODEL, "f" * 32)
    assert found["client"] != told(drawn, "f" * 32)["client"]


def test_a_model_that_is_not_there_is_wrong_usage(world: CliWorld):
    """The models there are are named."""
    said = world.run("who", "ada", "weather")
    assert said.code == 2
    assert samples.MODEL in said.err

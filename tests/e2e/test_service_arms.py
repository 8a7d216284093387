"""Settings of a service are released like a model's versions: by canary, and by an A/B test.

Two sets of settings of a service that redacts texts: the second one lets telephone numbers stand,
which is what its users complain about, or like.
"""

import itertools
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.deployed import Deployed
from cli.frontdoor import door_of
from cli.verbs import abort_release, start_release
from cli.watch import finished, first_view
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, until
from tidegate.version import Version
from tidegate.view import ReleaseView

pytestmark = pytest.mark.accept

CANARY = """
  wary:
    kind: comprehend
    label: LABEL
    requests_per_minute: 60000
    settings: { languages: [en], keep_types: KEEP }
    release:
      strategy: canary
      steps:
        - { share_percent: 25, bake: 4m }
        - { share_percent: 50, bake: 4m }
      guardrails:
        errors: { margin: 0.05 }
        outcomes: { margin: 0.15 }
      alpha: 0.0001
      hold: 12h
"""
TEST = """
  wary:
    kind: comprehend
    label: all-hidden
    requests_per_minute: 60000
    settings: { languages: [en] }
    release:
      strategy: ab-test
      challengers:
        - { label: numbers-shown, settings: { keep_types: [PHONE] } }
      objective: { kind: labels, horizon_requests: 4000 }
      bake: 4m
      alpha: 0.001
      hold: 12h
"""
NUMBER = "call +1 415 555 2671"


@pytest.fixture
def world(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[ServicesWorld]:
    """A project whose service is released."""
    made = ServicesWorld(cloud=story_cloud, folder=tmp_path, project="arms", services="")
    yield made
    holder = made.where.deployed().store.lock_holder("wary")
    if holder is not None:
        abort_release(made.where.deployed(), holder, why="its story is over")
        until(lambda: _free(made), seconds=60, what="an end of the release")
    remove_stacks(story_cloud, "arms-")


def test_settings_are_promoted_and_rolled_back_by_canary(world: ServicesWorld) -> None:
    """What users do not mind is promoted; what they complain about is taken back."""
    _deploy(world, label="v1", keep="[]")
    assert _shows(world, user="ada") is False
    _deploy(world, label="v2", keep="[NAME]")
    promoted = _released(world, right_when_shown=0.9, right_when_hidden=0.9)
    assert promoted.phase == "promoted", promoted.reason
    assert _live(world).label == "v2"
    _deploy(world, label="v3", keep="[NAME, PHONE]")
    assert _shows(world, user="ada") is False
    back = _released(world, right_when_shown=0.3, right_when_hidden=0.9)
    assert back.phase == "rolled-back", back.reason
    assert _live(world).label == "v2"
    assert _shows(world, user="ada") is False


def test_an_ab_test_finds_the_better_settings(world: ServicesWorld) -> None:
    """Users keep their arm; the arm that they like better wins, and is what all get then."""
    world.services = TEST
    world.deploy()
    first = [_shows(world, user=f"user-{number}") for number in range(5)]
    assert first == [False] * 5
    ended = _released(world, right_when_shown=0.95, right_when_hidden=0.6)
    assert ended.phase == "promoted", ended.reason
    assert _live(world).label == "numbers-shown"
    assert _shows(world, user="anybody") is True


def _deploy(world: ServicesWorld, *, label: str, keep: str) -> None:
    world.services = CANARY.replace("LABEL", label).replace("KEEP", keep)
    world.deploy()


def _free(world: ServicesWorld) -> bool | None:
    return True if _deployed(world).store.lock_holder("wary") is None else None


def _deployed(world: ServicesWorld) -> Deployed:
    return world.where.deployed()


def _live(world: ServicesWorld) -> Version:
    pointer = _deployed(world).store.pointer("wary")
    assert pointer is not None
    return pointer.version


def _shows(world: ServicesWorld, *, user: str) -> bool:
    """Whether a user's text still has its number, once routers know the newest split."""
    service = world.service("wary")
    fields = {"text": NUMBER, "language": "en"}
    reply = service.ask(service.route("redact"), fields, user=user)
    return "2671" in reply.required()["text"]


def _released(
    world: ServicesWorld, *, right_when_shown: float, right_when_hidden: float
) -> ReleaseView:
    """The view of a release when it is over: users ask, and say whether they liked it."""
    deployed = _deployed(world)
    users = Users(world=world, shown=right_when_shown, hidden=right_when_hidden)
    release = start_release(deployed, "wary")
    first_view(deployed, release)
    with ThreadPoolExecutor(8) as pool:

        def go_on() -> ReleaseView | None:
            for slot, user in pool.map(lambda _: users.ask(), range(80)):
                users.arms.setdefault(slot, set()).add(user)
            view = deployed.view(release)
            return view if finished(view) else None

        view = until(go_on, seconds=400, what="the end of the release")
    assert len(users.arms) == 2, users.arms
    return view


@dataclass
class Users:
    """People who each ask once, and say whether they liked what they got."""

    world: ServicesWorld
    shown: float
    hidden: float
    arms: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The door is found once."""
        deployed = _deployed(self.world)
        self.door = door_of(deployed.target, url=deployed.api_url)
        self.service = self.world.service("wary")
        self.numbers = itertools.count()
        self.chance = random.Random(7)  # noqa: S311 - opinions, no secrets

    def ask(self) -> tuple[str, str]:
        """The slot that answered, and who asked."""
        user = f"user-{next(self.numbers)}"
        fields = {"text": NUMBER, "language": "en"}
        reply = self.service.ask(self.service.route("redact"), fields, user=user)
        shown = "2671" in reply.required()["text"]
        right = self.chance.random() < (self.shown if shown else self.hidden)
        assert reply.prediction_id is not None
        assert self.door.record_outcome(reply.prediction_id, wrong=not right) == 202
        return str(reply.slot), user

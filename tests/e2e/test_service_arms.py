"""Settings of a service are released like a model's versions: by canary, and by an A/B test.

Two sets of settings of a service that redacts texts: the second one lets telephone numbers stand,
which is what its users complain about, or like.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.service_users import Asked, answer, end_open_release, live, released
from tests.e2e.services import ServicesWorld

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
      objective: { kind: labels, horizon_requests: 400 }
      guardrails: { errors: { margin: 0.15 } }
      bake: 4m
      alpha: 0.001
      hold: 12h
"""
NUMBER = "call +1 415 555 2671"


@pytest.fixture
def world(batch_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[ServicesWorld]:
    """A project whose service is released."""
    made = ServicesWorld(cloud=batch_cloud, folder=tmp_path, project="arms", services="")
    yield made
    end_open_release(made, "wary")
    remove_stacks(batch_cloud, "arms-")


def test_settings_are_promoted_and_rolled_back_by_canary(world: ServicesWorld) -> None:
    """What users do not mind is promoted; what they complain about is taken back."""
    _deploy(world, label="v1", keep="[]")
    assert _shows(world, user="ada") is False
    _deploy(world, label="v2", keep="[NAME]")
    promoted = released(world, _asked(shown=0.9, hidden=0.9))
    assert promoted.phase == "promoted", promoted.reason
    assert live(world, "wary").label == "v2"
    _deploy(world, label="v3", keep="[NAME, PHONE]")
    assert _shows(world, user="ada") is False
    back = released(world, _asked(shown=0.3, hidden=0.9))
    assert back.phase == "rolled-back", back.reason
    assert live(world, "wary").label == "v2"
    assert _shows(world, user="ada") is False


def test_an_ab_test_finds_the_better_settings(world: ServicesWorld) -> None:
    """Users keep their arm; the arm that they like better wins, and is what all get then."""
    world.services = TEST
    world.deploy()
    first = [_shows(world, user=f"user-{number}") for number in range(5)]
    assert first == [False] * 5
    ended = released(world, _asked(shown=0.95, hidden=0.6))
    assert ended.phase == "promoted", ended.reason
    assert live(world, "wary").label == "numbers-shown"
    assert _shows(world, user="anybody") is True


def _deploy(world: ServicesWorld, *, label: str, keep: str) -> None:
    world.services = CANARY.replace("LABEL", label).replace("KEEP", keep)
    world.deploy()


def _asked(*, shown: float, hidden: float) -> Asked:
    """How many like texts whose number is shown, and those where it is hidden."""
    return Asked(
        service="wary",
        route="redact",
        fields={"text": NUMBER, "language": "en"},
        liked=lambda told: shown if "2671" in told["text"] else hidden,
    )


def _shows(world: ServicesWorld, *, user: str) -> bool:
    """Whether a user's text still has its number, once routers know the newest split."""
    return "2671" in answer(world, _asked(shown=1.0, hidden=1.0), user=user)["text"]

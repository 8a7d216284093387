"""A/B tests of what AWS has two of: voices of Polly, terminologies of Translate.

Callers complain of one voice more than of the other; readers know what a word means by one
terminology, and less so by the other. Each keeps theirs while the test goes on.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.service_users import Asked, answer, end_open_release, live, released
from tests.e2e.services import ServicesWorld
from tidegate.observation import OutcomeKind

pytestmark = pytest.mark.accept

TERMS = Path(__file__).parents[2] / "examples" / "ai" / "files" / "terms.csv"
SERVICES = """
  voice:
    kind: polly
    label: Joanna
    requests_per_minute: 60000
    settings:
      voices: { en-US: Joanna }
    release:
      strategy: ab-test
      challengers:
        - { label: Matthew, settings: { voices: { en-US: Matthew } } }
      objective: { kind: complaints, horizon_requests: 400 }
      guardrails: { errors: { margin: 0.15 } }
      outcome_window: 2m
      bake: 4m
      alpha: 0.001
      hold: 12h
  shop:
    kind: translate
    label: trade
    requests_per_minute: 60000
    settings:
      languages: [de]
      terminology: terms.csv
      other_terminology: plain.csv
    release:
      strategy: ab-test
      challengers:
        - { label: plain, settings: { applies: other_terminology } }
      objective: { kind: labels, horizon_requests: 400 }
      guardrails: { errors: { margin: 0.15 } }
      bake: 4m
      alpha: 0.001
      hold: 12h
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """Both services, deployed, each with two sets of settings."""
    folder = tmp_path_factory.mktemp("arms")
    shutil.copy(TERMS, folder / "terms.csv")
    (folder / "plain.csv").write_text("en,de\nBlue Shirt,Hemd in Blau\n")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="twos", services=SERVICES)
    made.deploy()
    yield made
    for service in ("voice", "shop"):
        end_open_release(made, service)
    remove_stacks(story_cloud, "twos-")


def test_the_voice_that_callers_complain_less_of_wins(world: ServicesWorld) -> None:
    """Its sound is what every caller hears then."""
    calling = Asked(
        service="voice",
        route="speak",
        fields={"text": "Your order is on its way."},
        liked=lambda told: {"Joanna": 0.4, "Matthew": 0.95}[told["voice"]],
        told=OutcomeKind.COMPLAINTS,
    )
    assert answer(world, calling, user="ada")["voice"] == "Joanna"
    ended = released(world, calling)
    assert ended.phase == "promoted", ended.reason
    assert live(world, "voice").label == "Matthew"
    assert {answer(world, calling, user=f"late-{n}")["voice"] for n in range(5)} == {"Matthew"}


def test_the_terminology_that_readers_understand_wins(world: ServicesWorld) -> None:
    """Its terms are what every reader reads then."""
    reading = Asked(
        service="shop",
        route="text",
        fields={"text": "Blue Shirt", "language": "de"},
        liked=lambda told: 0.95 if "Hemd in Blau" in told["text"] else 0.4,
    )
    assert "Blaues Hemd" in answer(world, reading, user="ada")["text"]
    ended = released(world, reading)
    assert ended.phase == "promoted", ended.reason
    assert live(world, "shop").label == "plain"
    texts = {answer(world, reading, user=f"late-{n}")["text"] for n in range(5)}
    assert all("Hemd in Blau" in text for text in texts)

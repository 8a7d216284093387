"""Bots as arms: in an A/B test and in canaries the end of each conversation decides.

Nobody reports anything: the door knows when a conversation ended, and whether a person had to help.
A worse bot takes words literally.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.service_users import Asked, end_open_release, live, released
from tests.e2e.services import ServicesWorld

pytestmark = pytest.mark.accept

SHOP = Path(__file__).parents[2] / "examples" / "ai" / "files" / "shop.toml"
SERVICE = """
  desk:
    kind: lex
    label: LABEL
    requests_per_minute: 60000
    settings: { bot: BOT.toml, misunderstandings: 1 }
    release:
      guardrails:
        errors: { margin: 0.15 }
MORE
      alpha: 0.001
      hold: 12h
"""
TEST = """
      strategy: ab-test
      challengers: [{ label: tolerant, settings: { bot: tolerant.toml } }]
      objective: { kind: labels, horizon_requests: 400 }
      bake: 4m
"""
CANARY = """
        outcomes: { margin: 0.2 }
      strategy: canary
      steps: [{ share_percent: 50, bake: 4m }]
"""
TALKING = Asked(
    service="desk",
    route="say",
    fields={"text": "when are you open please"},
    of_user=lambda number: {"session": f"talk-{number}"},
    liked=lambda _told: 1.0,
    told=None,
)


def bot(confidence: float, done: str = "From nine to five.") -> str:
    """A bot that takes an intent if it is so sure, and says that in the end."""
    hours = (
        "[en_US.intents.Hours]\n"
        'says = ["when do you open", "what are your opening hours"]\n'
        f'done = "{done}"\n'
    )
    text = SHOP.read_text("utf-8").replace("confidence = 0.4", f"confidence = {confidence}")
    return f"{text}\n{hours}"


BOTS = {
    "literal": bot(0.99),
    "tolerant": bot(0.4),
    "curt": bot(0.999),
    "friendly": bot(0.4, "From nine to five, every day."),
}


def section(label: str, more: str) -> str:
    """The section of the service, whose bot is the one of that name."""
    return SERVICE.replace("LABEL", label).replace("BOT", label).replace("MORE", more.strip("\n"))


@pytest.fixture
def world(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[ServicesWorld]:
    """A desk whose bots are tested."""
    for name, text in BOTS.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    made = ServicesWorld(
        cloud=story_cloud, folder=tmp_path, project="desks", services=section("literal", TEST)
    )
    made.deploy()
    yield made
    end_open_release(made, "desk")
    remove_stacks(story_cloud, "desks-")


def test_the_bot_that_helps_more_comes_to_everybody(world: ServicesWorld) -> None:
    """By an A/B test and by canary; one that helps less goes back, and its users with it."""
    assert said(world)["state"] == "person"
    ended = released(world, TALKING)
    assert (ended.phase, live(world, "desk").label) == ("promoted", "tolerant"), ended.reason
    assert said(world)["state"] == "done"
    for label, phase, then in (
        ("curt", "rolled-back", "tolerant"),
        ("friendly", "promoted", "friendly"),
    ):
        world.services = section(label, CANARY)
        world.deploy()
        assert said(world)["state"] == "done"
        ended = released(world, TALKING)
        assert (ended.phase, live(world, "desk").label) == (phase, then), ended.reason
    assert "every day" in said(world)["messages"][0]
    world.deploy()
    assert bots_of(world) == ["desks-test-desk-blue"]


def said(world: ServicesWorld) -> dict[str, Any]:
    """What everybody hears, once routers know the newest split."""
    service, answers = world.service("desk"), []
    for number in range(5):
        fields = {**TALKING.fields, "session": f"late-{number}"}
        answers.append(service.ask(service.route("say"), fields).required())
    assert len({answer["state"] for answer in answers}) == 1
    return dict(answers[0])


def bots_of(world: ServicesWorld) -> list[str]:
    """The bots that there are: slots with the same version share one."""
    listed = world.client("lexv2-models").list_bots()["botSummaries"]
    return sorted(b["botName"] for b in listed if b["botName"].startswith("desks-"))

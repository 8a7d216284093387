"""Recipes of a shop as arms: what its people buy decides, in an A/B test and in a canary.

Each arm has a model of its own, from the same data. Popularity recommends the same to everybody;
the personal recipe what people like who bought the same.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.service_users import Asked, end_open_release, live, released
from tests.e2e.services import ServicesWorld
from tests.e2e.test_personalize_stories import run, told
from tidegate.observation import OutcomeKind

pytestmark = pytest.mark.accept

SERVICE = """
  upsell:
    kind: personalize
    label: LABEL
    requests_per_minute: 60000
    settings:
      item_fields: { CATEGORY: category, PRICE: number }
      recipe: RECIPE
      answers: ANSWERS
    release:
      guardrails:
        errors: { margin: 0.15 }
OUTCOMES
      outcome_window: 15m
      alpha: 0.001
      hold: 12h
"""
TEST = """
      strategy: ab-test
      challengers:
        - { label: personal, settings: { recipe: aws-user-personalization-v2 } }
      objective: { kind: conversions, horizon_requests: 400 }
      bake: 4m
"""
CANARY = """
        outcomes: { kind: conversions, margin: 0.15 }
      strategy: canary
      steps: [{ share_percent: 50, bake: 4m }]
"""
KINDS = ("shirts", "shoes", "hats", "coats")
"""What the people of the sample like, by their number."""


def service(*, label: str, recipe: str, more: str, answers: str = "batch") -> str:
    """The section of a released service."""
    named = SERVICE.replace("LABEL", label).replace("RECIPE", f"aws-{recipe}")
    return named.replace("ANSWERS", answers).replace("OUTCOMES", more.strip("\n"))


def bought(told_: Any) -> float:
    """The chance that somebody buys: what fits is bought."""
    liked = KINDS[int(told_["asked"]["user"][1:]) % len(KINDS)]
    fitting = sum(item["item"].startswith(liked) for item in told_["items"])
    return 0.1 + 0.8 * fitting / max(1, len(told_["items"]))


BUYING = Asked(
    service="upsell",
    route="recommend",
    fields={"number": 3},
    of_user=lambda number: {"user": f"u{1 + number % 120}"},
    liked=bought,
    told=OutcomeKind.CONVERSIONS,
)


@pytest.fixture
def world(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[ServicesWorld]:
    """A shop whose recipes are tested, before it knows anything."""
    section = service(label="popular", recipe="popularity-count", more=TEST)
    made = ServicesWorld(cloud=story_cloud, folder=tmp_path, project="tests", services=section)
    made.deploy()
    yield made
    end_open_release(made, "upsell")
    remove_stacks(story_cloud, "tests-")
    assert made.client("personalize").list_campaigns()["campaigns"] == []


def test_the_recipe_that_sells_more_wins_and_one_that_sells_less_goes_back(
    world: ServicesWorld,
) -> None:
    """Nobody is tested before its model is trained; what a canary was answered by ends with it."""
    refused = world.tidegate("release", "start", "upsell")
    assert refused.code != 0
    assert "personal in slot b: its model is not trained: run first" in refused.err
    told(world, "upsell")
    assert run(world, "upsell")["users"] == 120
    ended = released(world, BUYING)
    assert ended.phase == "promoted", ended.reason
    assert live(world, "upsell").label == "personal"
    assert fitting(world) > 0.5
    campaign_of_a_worse_recipe_goes_back(world)


def campaign_of_a_worse_recipe_goes_back(world: ServicesWorld) -> None:
    """The live arm is as it was all the while: its settings come from where they were published."""
    solutions = set(solution_names(world))
    world.services = service(
        label="plain", recipe="popularity-count", more=CANARY, answers="campaign"
    )
    world.deploy()
    stayed = solutions & set(solution_names(world))
    assert [name.rpartition("-")[2] for name in stayed] == ["b"]
    assert fitting(world) > 0.5
    run(world, "upsell")
    (campaign,) = world.client("personalize").list_campaigns()["campaigns"]
    assert campaign["name"].endswith("-blue")
    ended = released(world, BUYING)
    assert ended.phase == "rolled-back", ended.reason
    assert live(world, "upsell").label == "personal"
    assert fitting(world) > 0.5


def solution_names(world: ServicesWorld) -> list[str]:
    """What is there of arms."""
    listed = world.client("personalize").list_solutions()["solutions"]
    return [solution["name"] for solution in listed]


def fitting(world: ServicesWorld) -> float:
    """Which share of what everybody gets, once routers know the newest split, fits them."""
    service_ = world.service("upsell")
    shares = []
    for number in range(1, 21):
        fields = {"user": f"u{number}", "number": 3}
        answer = service_.ask(service_.route("recommend"), fields, user=f"late-{number}").required()
        liked = KINDS[number % len(KINDS)]
        fits = [item["item"].startswith(liked) for item in answer["items"]]
        shares.append(sum(fits) / max(1, len(fits)))
    return sum(shares) / len(shares)

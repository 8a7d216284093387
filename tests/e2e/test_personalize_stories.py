"""Upsell at checkout: what a shop knows is learnt, users get what fits them, others what sells."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.breaking import sabotaged
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, two_failing_jobs

pytestmark = pytest.mark.accept

SAMPLES = Path(__file__).parents[2] / "examples" / "ai" / "samples"
FIELDS = "item_fields: { CATEGORY: category, PRICE: number }"
SERVICES = f"""
  upsell:
    kind: personalize
    settings: {{ {FIELDS} }}
"""
LIVE = f"""
  live:
    kind: personalize
    settings:
      {FIELDS}
"""
CAMPAIGN = """      answers: campaign
      filters:
        cheap: INCLUDE ItemID WHERE Items.PRICE < $MOST
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """A shop that answers in advance, which has learnt."""
    folder = tmp_path_factory.mktemp("shop")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="shop", services=SERVICES)
    made.deploy()
    told(made, "upsell")
    assert run(made, "upsell")["users"] == 120
    yield made
    remove_stacks(story_cloud, "shop-")


@pytest.fixture
def faults(story_cloud: EmbeddedCloud) -> Iterator[Any]:
    """Sets the faults of a service of Personalize; there are none after the story."""
    names = ("personalize", "personalize-runtime", "personalize-events")
    yield lambda name, **shares: story_cloud.set_faults(name, Faults(**shares))
    for name in names:
        story_cloud.set_faults(name, Faults())


def told(world: ServicesWorld, service: str) -> None:
    """The shop's files have come."""
    for table in ("interactions", "items"):
        key = world.send(service, SAMPLES / f"shop-{table}.csv", prefix=table)
        assert world.outcome(service, key)["status"] == "done"


def run(world: ServicesWorld, service: str) -> dict[str, Any]:
    """The result of a run that is asked for."""
    key = world.ask(service, "run").required()["key"]
    outcome = world.outcome(service, key, seconds=120)
    assert outcome["status"] == "done", outcome
    result: dict[str, Any] = outcome["result"]
    assert result["made"], result
    return result


def recommended(world: ServicesWorld, service: str, **fields: Any) -> tuple[list[str], str]:
    """The items, and where they are from."""
    answer = world.ask(service, "recommend", **fields).required()
    return [item["item"] for item in answer["items"]], answer["source"]


def bought(user: str) -> set[str]:
    """What a user of the sample bought."""
    with (SAMPLES / "shop-interactions.csv").open() as file:
        rows = csv.DictReader(file)
        return {
            row["ITEM_ID"]
            for row in rows
            if (row["USER_ID"], row["EVENT_TYPE"]) == (user, "purchase")
        }


def test_users_get_what_fits_them_and_is_not_bought_or_in_the_cart(world: ServicesWorld) -> None:
    """User 1 likes shoes, user 2 hats."""
    for user, liked in (("u1", "shoes"), ("u2", "hats")):
        cart = [f"{liked}-1"]
        items, source = recommended(world, "upsell", user=user, cart=cart, number=3)
        assert source == "batch"
        assert len(items) == 3
        assert sum(item.startswith(liked) for item in items) >= 1
        assert not {*cart, *bought(user)} & set(items)


def test_new_users_get_what_sells(world: ServicesWorld) -> None:
    """The best first, without what is in the cart."""
    items, source = recommended(world, "upsell", user="nobody", number=2)
    assert source == "popular"
    assert recommended(world, "upsell") == (recommended(world, "upsell", number=5)[0], "popular")
    rest, _ = recommended(world, "upsell", cart=[items[0]], number=1)
    assert rest == [items[1]]


def test_events_are_news_for_the_next_run(world: ServicesWorld) -> None:
    """What a user bought meanwhile is recommended no more."""
    before, _ = recommended(world, "upsell", user="u5", number=1)
    events = [{"type": "view", "item": before[0]}] * 11 + [{"type": "purchase", "item": before[0]}]
    taken = world.ask("upsell", "events", user="u5", session="s1", events=events)
    assert taken.required() == {"events": 12}
    run(world, "upsell")
    after, _ = recommended(world, "upsell", user="u5", number=25)
    assert before[0] not in after


def test_a_shop_that_knows_too_little_says_so_and_sells_what_is_popular(
    story_cloud: EmbeddedCloud, tmp_path: Path
) -> None:
    """Before anything came nothing is known; a run bills nothing then."""
    section = SERVICES.replace("upsell", "young")
    world = ServicesWorld(cloud=story_cloud, folder=tmp_path, project="young", services=section)
    world.deploy()
    try:
        assert world.ask("young", "recommend").status == 404
        path = tmp_path / "few.csv"
        rows = ["u1,hat,2026-01-01,view", "u2,hat,2026-01-02,view", "u2,shoe,2026-01-02,view"]
        path.write_text("\n".join(["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE", *rows]))
        world.outcome("young", world.send("young", path, prefix="interactions"))
        key = world.ask("young", "run").required()["key"]
        result = world.outcome("young", key)["result"]
        assert not result["made"]
        assert "1000 interactions" in result["why"]
        assert recommended(world, "young") == (["hat", "shoe"], "popular")
    finally:
        remove_stacks(story_cloud, "young-")


def test_throttles_failed_jobs_and_kills_leave_one_set(world: ServicesWorld, faults: Any) -> None:
    """Every user has recommendations in the end."""
    late = {"late_jobs": 0.3, "late_seconds": 90}
    faults("personalize", throttled=0.3, **late, **two_failing_jobs())
    with sabotaged(world.stack("upsell"), "do_ai_work") as saboteurs:
        for moment in ("before", "call-3", "call-6", "call-9", "after"):
            saboteurs["do_ai_work"].ticket(moment, "kill")
        assert run(world, "upsell")["users"] == 120
    assert world.cloud.faults("personalize")["throttled_calls"] > 0


def test_a_campaign_answers_at_once_and_an_outage_with_what_sells(
    story_cloud: EmbeddedCloud, tmp_path: Path, faults: Any
) -> None:
    """The first training makes it; it goes with the stack."""
    services = LIVE + CAMPAIGN
    world = ServicesWorld(cloud=story_cloud, folder=tmp_path, project="live", services=services)
    world.deploy()
    try:
        told(world, "live")
        assert recommended(world, "live", user="u1", number=4)[1] == "popular"
        run(world, "live")
        items, source = recommended(world, "live", user="u1", number=4)
        assert source == "campaign"
        assert items
        assert not bought("u1") & set(items)
        values = {"MOST": "30"}
        cheap, _ = recommended(
            world, "live", user="u1", number=4, filter="cheap", filter_values=values
        )
        assert all(item.startswith(("shirts", "hats")) for item in cheap)
        faults("personalize-runtime", throttled=1.0)
        assert recommended(world, "live", user="u1")[1] == "popular"
    finally:
        remove_stacks(story_cloud, "live-")
    left = world.client("personalize").list_campaigns()["campaigns"]
    assert left == []

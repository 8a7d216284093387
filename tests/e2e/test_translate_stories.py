"""Web content in the language of where its readers are: markup as it was, each file once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.breaking import sabotaged
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld
from tests.html_trees import tree_of

pytestmark = pytest.mark.accept

EXAMPLE = Path(__file__).parents[2] / "examples" / "ai"
PAGE = EXAMPLE / "samples" / "shop.html"
SHOP = """
  shop:
    kind: translate
    settings:
      languages: [de, fr]
      terminology: terms.csv
      countries: { BE: fr }
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """The service, deployed with its terms."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "terms.csv").write_text((EXAMPLE / "files" / "terms.csv").read_text())
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="market", services=SHOP)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "market-")


@pytest.fixture
def faults(story_cloud: EmbeddedCloud) -> Iterator[Any]:
    """Sets Translate's faults; it has none after the story."""
    yield lambda **shares: story_cloud.set_faults("translate", Faults(**shares))
    story_cloud.set_faults("translate", Faults())


def test_a_page_is_shown_in_the_language_of_the_country(world: ServicesWorld):
    """By the terms, with its tree of tags; the second reader's costs nothing."""
    document = PAGE.read_text()
    first = world.ask("shop", "page", html=document, country="AT").required()
    assert (first["language"], first["because"]) == ("de", "country")
    assert tree_of(first["html"]) == tree_of(document)
    assert "<b>[de] Blaues Hemd</b>" in first["html"]
    assert "Warenkorb &amp;" in first["html"]
    assert '<span translate="no">TidePay</span>' in first["html"]
    again = world.ask("shop", "page", html=document, country="DE").required()
    assert again["cached"] == again["parts"] == first["parts"]
    assert again["html"] == first["html"]
    english = world.ask("shop", "page", html=document, preferences="en-GB, de;q=0.5").required()
    assert (english["language"], english["html"]) == ("en", document)


def test_a_file_is_put_in_every_language_and_each_reader_gets_their_own(world: ServicesWorld):
    """By country or preference."""
    key = world.send("shop", PAGE)
    outcome = world.outcome("shop", key)
    assert outcome["status"] == "done", outcome
    assert sorted(outcome["result"]["languages"]) == ["de", "en", "fr"]
    service = world.service("shop")
    for given, language, word in (
        ({"country": "BE"}, "fr", "Chemise bleue"),
        ({"preferences": "de-CH"}, "de", "Blaues Hemd"),
        ({"country": "US"}, "en", "Blue Shirt"),
    ):
        found = world.ask("shop", "version", key=key, **given).required()
        content = service.door.pool.request("GET", found["link"]).data.decode()
        assert found["language"] == language
        assert word in content
        assert tree_of(content) == tree_of(PAGE.read_text())


def test_throttles_and_kills_lose_no_file(world: ServicesWorld, faults: Any, tmp_path: Path):
    """Each is there in both languages in the end."""
    faults(throttled=0.3, seed=5)
    with sabotaged(world.stack("shop"), "do_ai_work") as saboteurs:
        for moment in ("before", "call-2", "call-4", "call-6", "after"):
            saboteurs["do_ai_work"].ticket(moment, "kill")
        keys = []
        for number in range(6):
            path = tmp_path / f"page-{number}.html"
            path.write_text(f"<p>Page number {number} of the shop.</p>")
            keys.append(world.send("shop", path))
        outcomes = [world.outcome("shop", key, seconds=180) for key in keys]
    assert [outcome["status"] for outcome in outcomes] == ["done"] * 6
    assert world.cloud.faults("translate")["throttled_calls"] > 0


def test_a_file_that_is_no_text_is_refused(world: ServicesWorld, tmp_path: Path):
    """With the reason."""
    path = tmp_path / "broken.html"
    path.write_bytes(b"\xff\xfe\x00")
    outcome = world.outcome("shop", world.send("shop", path))
    assert (outcome["status"], outcome["problem"]["message"]) == (
        "refused",
        "the file is not UTF-8",
    )

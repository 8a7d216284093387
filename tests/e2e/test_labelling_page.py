"""The labelling page in a real browser: signed in, by keyboard alone, and boxes drawn both ways.

Needs a Chromium, and Playwright to drive it; without them these stories are skipped and say so.
"""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from cli.labelling import labelling_of
from emulator.server import EmbeddedCloud
from tests.e2e.annotators import PASSWORD, invited
from tests.e2e.browsing import CHROMIUM, Tab
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.accept,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no browser on this machine: install Debian's chromium"
    ),
]

SERVICES = """
  letters:
    kind: labelling
    settings:
      task: text-class
      classes: [delivery, refund]
      instructions: What is the letter about?
      annotators_per_item: 1
      lease_minutes: 240
  tags:
    kind: labelling
    settings:
      task: text-classes
      classes: [urgent, angry, short]
      annotators_per_item: 1
      lease_minutes: 240
  shapes:
    kind: labelling
    settings:
      task: image-boxes
      classes: [circle, square]
      annotators_per_item: 1
      lease_minutes: 240
"""
NAME = "ana"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """A service for each kind of form, and somebody who may sign in to all."""
    folder = tmp_path_factory.mktemp("page")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="paged", services=SERVICES)
    made.deploy()
    for service in ("letters", "tags", "shapes"):
        invited(made, service, NAME)
    yield made
    remove_stacks(story_cloud, "paged-")


def add(world: ServicesWorld, service: str, file: Path) -> None:
    """The items of a file wait for people."""
    done = world.tidegate("label", "add", service, str(file))
    assert done.code == 0, done.out + done.err


def page_of(world: ServicesWorld, service: str, open_tab: Callable[..., Tab]) -> Tab:
    """The page, by somebody who has just signed in with the keyboard."""
    tab = open_tab(labelling_of(world.where, service).page)
    page = tab.page
    # The embedded cloud's page to sign in at has no icon.
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    page.get_by_role("button", name="Sign in").wait_for()
    assert tab.violations() == []
    tab.tab_to("Sign in")
    page.keyboard.press("Enter")
    page.locator("input[name=username]").fill(NAME)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#work-title").wait_for()
    return tab


def labels(world: ServicesWorld, service: str) -> list[dict[str, Any]]:
    """The lines of the manifest, as it is now."""
    file = world.folder / f"{service}.manifest"
    done = world.tidegate("label", "export", service, "-o", str(file))
    assert done.code == 0, done.out + done.err
    return [json.loads(line) for line in file.read_text().splitlines()]


def texts(folder: Path, *every: str) -> Path:
    """A manifest of texts."""
    file = folder / "texts.manifest"
    file.write_text("".join(json.dumps({"source": text}) + "\n" for text in every))
    return file


def test_texts_are_classed_by_keyboard_alone(
    world: ServicesWorld, open_tab: Callable[..., Tab], tmp_path: Path
) -> None:
    """A number chooses, Enter sends; the focus follows, and markup in a text is only text."""
    add(world, "letters", texts(tmp_path, "Where is it? <img src=x>", "I want my money back"))
    tab = page_of(world, "letters", open_tab)
    page = tab.page
    assert tab.violations() == []
    for _ in range(2):
        title = page.locator("#work-title").inner_text()
        assert tab.focused() == title
        text = page.locator("#text").inner_text()
        page.keyboard.press("1" if text.startswith("Where") else "2")
        page.keyboard.press("Enter")
        page.wait_for_function(
            "t => document.getElementById('work-title').textContent !== t || "
            "!document.getElementById('nothing').hidden",
            arg=title,
        )
    page.get_by_role("heading", name="Nothing to label now").wait_for()
    assert tab.violations() == []
    assert tab.focused() == "Nothing to label now"
    found = {
        line["source"]: line["label-metadata"]["class-name"] for line in labels(world, "letters")
    }
    assert found == {"Where is it? <img src=x>": "delivery", "I want my money back": "refund"}


def test_a_form_without_an_answer_says_so(
    world: ServicesWorld, open_tab: Callable[..., Tab], tmp_path: Path
) -> None:
    """Nothing is sent, and the focus is where an answer is to be given; giving back is one.

    Whoever signs out sees the beginning.
    """
    add(world, "letters", texts(tmp_path, "Hm."))
    tab = page_of(world, "letters", open_tab)
    page = tab.page
    page.get_by_role("button", name="Send").click()
    assert page.get_by_role("alert").inner_text() == "Choose a class first."
    assert page.evaluate("document.activeElement.value") == "delivery"
    assert tab.violations() == []
    page.get_by_role("button", name="I cannot tell").click()
    page.get_by_role("heading", name="Nothing to label now").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in to begin").wait_for()
    status = json.loads(world.tidegate("label", "status", "letters", "--json").out)
    assert status["items"]["unusable"] == 1


def test_any_number_of_classes_is_chosen(
    world: ServicesWorld, open_tab: Callable[..., Tab], tmp_path: Path
) -> None:
    """Boxes are ticked by their numbers; the manifest has a list."""
    add(world, "tags", texts(tmp_path, "NOW!"))
    page = page_of(world, "tags", open_tab).page
    page.keyboard.press("1")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Nothing to label now").wait_for()
    ((line),) = labels(world, "tags")
    assert line["label"] == [0, 2]
    assert line["label-metadata"]["class-map"] == {"0": "urgent", "2": "short"}


def shape(folder: Path) -> Path:
    """A picture of a square and a circle, larger than a small window."""
    image = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((50, 50, 150, 150), fill="navy")
    draw.ellipse((300, 200, 450, 350), fill="maroon")
    sink = io.BytesIO()
    image.save(sink, format="PNG")
    file = folder / "shapes.png"
    file.write_bytes(sink.getvalue())
    return file


def test_boxes_are_drawn_by_pointer_and_by_keyboard(
    world: ServicesWorld, open_tab: Callable[..., Tab], tmp_path: Path
) -> None:
    """One is dragged over the square, one is added and moved by arrow keys over the circle."""
    add(world, "shapes", shape(tmp_path))
    tab = page_of(world, "shapes", open_tab)
    page = tab.page
    page.wait_for_function("document.getElementById('image').naturalWidth === 600")
    page.keyboard.press("2")
    page.locator("#image").scroll_into_view_if_needed()
    at = page.locator("#image").bounding_box()
    scale = at["width"] / 600
    page.mouse.move(at["x"] + 50 * scale, at["y"] + 50 * scale)
    page.mouse.down()
    page.mouse.move(at["x"] + 150 * scale, at["y"] + 150 * scale, steps=4)
    page.mouse.up()
    page.keyboard.press("1")
    page.keyboard.press("b")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    for _ in range(7):
        page.keyboard.press("ArrowDown")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    assert "Box 2, circle: 300 from the left" in page.get_by_role("status").inner_text()
    assert tab.violations() == []
    page.get_by_role("button", name="Add a box").click()
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="Nothing to label now").wait_for()
    ((line),) = labels(world, "shapes")
    assert line["source-ref"].endswith("/images/shapes.png")
    square, circle = line["label"]["annotations"]
    assert square["class_id"] == 1
    near = {"left": 50, "top": 50, "width": 100, "height": 100}
    assert {name: pytest.approx(square[name], abs=2) for name in near} == near
    assert circle == {"class_id": 0, "left": 300, "top": 203, "width": 150, "height": 143}
    assert line["label"]["image_size"] == [{"width": 600, "height": 400, "depth": 3}]

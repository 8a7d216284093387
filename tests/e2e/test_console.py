"""The console in a real browser, on releases of the embedded cloud.

Needs a Chromium, and Playwright to drive it; without them these stories are skipped and say so.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cli.console.answers import Answers
from cli.console.reader import Reader
from cli.console.server import ConsoleServer, serving
from cli.verbs import abort_release, operator
from emulator.server import EmbeddedCloud
from tests.e2e.browsing import AXE, CHROMIUM, Tab, number
from tests.e2e.leaving import remove_stacks
from tests.e2e.world import PROJECT, Behaviour, World, wait_for

playwright = pytest.importorskip(
    "playwright.sync_api", reason="no playwright: pip install -r requirements-dev.txt"
)
pytestmark = [
    pytest.mark.accept,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no browser on this machine: install Debian's chromium"
    ),
]

TOKEN = "a-token-of-this-test"
EVEN = (
    Behaviour(name="console-a", wrong_percent=4),
    Behaviour(name="console-b", wrong_percent=4),
)


@pytest.fixture(scope="module")
def console_model(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A model whose first step leaves an operator time to press keys: ten seconds of the wall."""
    text = PROJECT.replace("share_percent: 25, bake: 4m", "share_percent: 25, bake: 20m")
    assert text != PROJECT
    world = World(
        cloud=story_cloud,
        folder=tmp_path_factory.mktemp("console"),
        model="console",
        project_text=text,
    )
    for version in EVEN:
        world.deploy(version)
    yield world
    remove_stacks(story_cloud, world.hosting_stack)


@pytest.fixture
def world(console_model: World) -> Iterator[World]:
    """The model, of which no release is left open."""
    yield console_model
    holder = console_model.deployed.store.lock_holder(console_model.model)
    if holder is not None:
        abort_release(console_model.deployed, holder, why="its story is over")
        console_model.until(holder, lambda view: view.over)


@pytest.fixture
def server(world: World) -> Iterator[ConsoleServer]:
    """The console of the project, as the command serves it."""
    answers = Answers(Reader(world.deployed))
    with serving(ConsoleServer(port=0, token=TOKEN, answers=answers)) as running:
        yield running


@contextmanager
def released(world: World) -> Iterator[str]:
    """An open release whose first step bakes, with users."""
    with world.users():
        release_id = world.start()
        world.until(release_id, lambda view: view.phase == "baking")
        yield release_id


def release_url(server: ConsoleServer, release_id: str) -> str:
    """The address of a release with the token, as one pastes it."""
    return server.url.replace("/#", f"/releases/{release_id}#")


def test_shares_are_seen_to_move_until_the_promotion(
    world: World, server: ConsoleServer, open_tab: Callable[..., Tab]
) -> None:
    """From the list of models to the end, without a reload: steps, evidence, verdict, log."""
    tab = open_tab(server.url)
    tab.page.get_by_role("heading", name="console", exact=True).wait_for()
    assert TOKEN not in tab.page.url
    seen: list[tuple[int, int]] = []
    with world.users():
        release_id = world.start()
        tab.page.get_by_role("link", name=re.compile("^Open release")).click()
        tab.page.locator("h1 .chip").wait_for()

        def ended() -> bool:
            # The chip first: what is read after it is at least as new, so the end is not missed.
            promoted, shares = tab.chip() == "promoted", tab.shares()
            if not seen or seen[-1] != shares:
                seen.append(shares)
            return promoted

        wait_for(ended, seconds=60, what="a promotion on the page")
        view = world.finish(release_id)

    assert [share for share in seen if share in {(75, 25), (50, 50), (0, 100)}] == [
        (75, 25),
        (50, 50),
        (0, 100),
    ]
    assert tab.page.locator(".curve.safe").count() == len(view.margins) + 1  # and its key
    assert tab.page.locator(".verdict").inner_text().endswith(view.reason)
    assert "promoted" in tab.page.locator(".log").inner_text()
    served = tab.page.locator("#exposure + .shares .number").first
    wait_for(
        lambda: (
            number(served.inner_text())
            == world.deployed.view(release_id).candidate.requests
            >= view.candidate.requests
        ),
        seconds=20,
        what="every request on the page",
    )
    assert "promoted" in tab.page.title()
    assert tab.page.locator("button[data-verb]").count() == 0


def test_an_operator_steers_with_the_keyboard_alone(
    world: World, server: ConsoleServer, open_tab: Callable[..., Tab]
) -> None:
    """Pause, resume and abort by Tab, Enter and Escape; each is confirmed, announced and logged."""
    tab = open_tab(server.url)
    announced = tab.page.locator("#announce")
    with released(world) as release_id:
        tab.page.get_by_role("link", name=re.compile("^Open release")).wait_for()
        tab.tab_to("Open release")
        tab.page.keyboard.press("Enter")
        tab.page.locator("h1 .chip").wait_for()

        tab.tab_to("Abort…")
        tab.page.keyboard.press("Enter")
        tab.page.get_by_role("dialog").wait_for()
        tab.page.keyboard.press("Escape")
        assert tab.focused() == "Abort…"
        assert not world.deployed.view(release_id).over

        told = tab.order("Pause", why="lunch")
        assert "keeps 25 % of the traffic" in told
        playwright.expect(tab.page.locator(".verdict")).to_contain_text("Paused: lunch")
        playwright.expect(announced).to_contain_text(re.compile("paused|Pause ordered"))
        assert world.deployed.view(release_id).paused == "lunch"

        tab.order("Resume", why="back again")
        playwright.expect(tab.page.locator(".verdict")).not_to_contain_text("Paused")

        told = tab.order("Abort", why="wrong artifact")
        assert f"All traffic goes back to {world.live_label()}" in told
        playwright.expect(tab.page.locator("h1 .chip")).to_have_text("aborted", timeout=30_000)
        playwright.expect(announced).to_contain_text("aborted")
        view = world.finish(release_id)

    assert view.phase == "aborted"
    orders = {entry.what: entry for entry in view.log if entry.who == operator()}
    assert {verb: orders[verb].why for verb in ("pause", "resume", "abort")} == {
        "pause": "lunch",
        "resume": "back again",
        "abort": "wrong artifact",
    }
    wait_for(lambda: tab.shares() == (100, 0), seconds=10, what="all traffic on the live version")


def test_an_order_that_came_too_late_is_refused_in_the_dialog(
    world: World, server: ConsoleServer, open_tab: Callable[..., Tab]
) -> None:
    """Somebody else aborted while the question was open: it says so, and nothing happens."""
    with released(world) as release_id:
        tab = open_tab(release_url(server, release_id))
        tab.page.get_by_role("button", name="Promote…").click()
        world.abort(release_id)
        world.until(release_id, lambda view: view.over)
        tab.page.get_by_role("button", name="Promote it").click()
        fault = tab.page.locator("#dialog-fault")
        playwright.expect(fault).to_contain_text("the release is over (aborted)")
        playwright.expect(tab.page.locator("#dialog-will")).to_have_text("It is over by now.")
        tab.page.keyboard.press("Escape")
        # The browser itself notes every refusal of a server in the console.
        assert all("409" in told for told in tab.complaints)
        tab.complaints.clear()


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core in node_modules: run npm ci")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(
    world: World, server: ConsoleServer, open_tab: Callable[..., Tab], scheme: str
) -> None:
    """WCAG AA in both colour schemes, on a telephone too: models, release, dialog, end."""
    with released(world) as release_id:
        world.until(release_id, lambda view: bool(view.points))
        overview = open_tab(server.url, color_scheme=scheme)
        overview.page.get_by_role("link", name=re.compile("^Open release")).wait_for()
        tab = open_tab(
            release_url(server, release_id),
            color_scheme=scheme,
            viewport={"width": 360, "height": 800},
        )
        tab.page.locator("figure").first.wait_for()
        tab.page.locator("summary").first.click()
        assert overview.violations() == []
        assert tab.violations() == []
        tab.page.get_by_role("button", name="Abort…").click()
        assert tab.violations() == []
        tab.page.keyboard.press("Escape")
        world.abort(release_id)
        playwright.expect(tab.page.locator("h1 .chip")).to_have_text("aborted", timeout=30_000)
        assert tab.violations() == []


def test_a_telephone_needs_no_scrolling_sideways(
    world: World, server: ConsoleServer, open_tab: Callable[..., Tab]
) -> None:
    """At 360 pixels the page is as wide as the screen, and no letter in it below 9 pixels."""
    with released(world) as release_id:
        world.until(release_id, lambda view: bool(view.points))
        tab = open_tab(
            release_url(server, release_id),
            viewport={"width": 360, "height": 800},
            reduced_motion="reduce",
        )
        tab.page.locator("figure").first.wait_for()
        assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        smallest = """Math.min(...[...document.querySelectorAll('svg text')].map(text =>
            parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))"""
        assert tab.page.evaluate(smallest) >= 9
        moving = "getComputedStyle(document.querySelector('.bar .candidate')).transitionDuration"
        assert tab.page.evaluate(moving) == "0s"


def test_what_the_reader_opened_stays_open(
    world: World, server: ConsoleServer, open_tab: Callable[..., Tab]
) -> None:
    """Focus, opened figures and a selection outlive the next look."""
    with released(world) as release_id:
        world.until(release_id, lambda view: bool(view.points))
        tab = open_tab(release_url(server, release_id))
        summary = tab.page.locator("summary").first
        summary.wait_for()
        summary.focus()
        tab.page.keyboard.press("Enter")
        requests = tab.page.locator("#exposure + .shares .number").first.inner_text()
        playwright.expect(tab.page.locator("#exposure + .shares .number").first).not_to_have_text(
            requests
        )
        assert tab.page.locator("details").first.get_attribute("open") is not None
        assert tab.page.evaluate("document.activeElement.localName") == "summary"


def test_without_the_token_a_page_shows_nothing(
    world: World, server: ConsoleServer, browser: Any
) -> None:
    """It says which address to open, in an alert, and asks no more."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url.partition("#")[0])
    alert = page.locator("#trouble")
    playwright.expect(alert).to_contain_text(
        "Open the whole address that 'tidegate console' printed"
    )
    assert page.locator("main").inner_text().strip() == ""
    context.close()


def test_a_console_that_ended_is_noticed(world: World, open_tab: Callable[..., Tab]) -> None:
    """The page says that what it shows is older, and recovers by itself."""
    answers = Answers(Reader(world.deployed))
    with serving(ConsoleServer(port=0, token=TOKEN, answers=answers)) as running:
        tab = open_tab(running.url)
        tab.page.get_by_role("heading", name="Models").wait_for()
        port = running.guard.port
    alert = tab.page.locator("#trouble")
    playwright.expect(alert).to_contain_text("What you see is older")
    with serving(ConsoleServer(port=port, token=TOKEN, answers=answers)):
        playwright.expect(alert).to_be_hidden(timeout=30_000)
        tab.page.close()  # or it would go on to ask, and to complain
    assert all("ERR_" in told for told in tab.complaints)
    tab.complaints.clear()

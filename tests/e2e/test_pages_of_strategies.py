"""Pages of each strategy in a real browser: console and report, whatever a release has to show."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.console.answers import Answers
from cli.console.reader import Reader
from cli.console.server import ConsoleServer, serving
from cli.html import write_report
from tests.cli_world import CliWorld
from tests.e2e.browsing import AXE, Tab
from tests.samples import MODEL, RELEASE
from tests.shadow_world import shadowed
from tests.unit.tidegate.guardrail.guardrail_world import NEW, OLD, GuardrailWorld

pytestmark = [
    pytest.mark.accept,
    pytest.mark.skipif(not AXE.exists(), reason="no axe-core in node_modules: run npm ci"),
]

TOKEN = "a-token-of-this-test"
TELEPHONE = {"width": 360, "height": 800}
OpenTab = Callable[..., Tab]


def shadow_that_failed() -> CliWorld:
    """Many answers differ, in one region more than in the other."""
    world = CliWorld(release=shadowed(differing=30, failing=1))
    world.release.run()
    return world


def shadow_that_passed() -> CliWorld:
    """The candidate answers nearly alike."""
    world = CliWorld(release=shadowed(differing=1))
    world.release.run()
    return world


def shadow_that_begins() -> CliWorld:
    """Nothing was compared yet."""
    world = CliWorld(release=shadowed())
    world.release.prepare()
    return world


def deploy_that_does_harm() -> CliWorld:
    """SageMaker moves the traffic, and the new fleet fails a quarter of its requests."""
    fleets = GuardrailWorld.deployed()
    fleets.guard("v2")
    fleets.updating(25)
    for _ in range(6):
        fleets.serve(OLD, 75, 1)
        fleets.serve(NEW, 25, 6)
        fleets.clock.advance(60)
        fleets.look()
    world = CliWorld()
    world.release.store, world.release.counters = fleets.store, fleets.counters
    return world


MADE = [shadow_that_failed, shadow_that_passed, shadow_that_begins, deploy_that_does_harm]


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_console_shows_each_release_to_everybody(
    open_tab: OpenTab, make: Callable[[], CliWorld], scheme: str
) -> None:
    """WCAG AA on a desk and on a telephone, which needs no scrolling sideways."""
    deployed = make().deployed()
    (release_id,) = deployed.store.releases(MODEL)
    with serving(ConsoleServer(port=0, token=TOKEN, answers=Answers(Reader(deployed)))) as server:
        url = server.url.replace("/#", f"/releases/{release_id}#")
        for size in ({"width": 1280, "height": 900}, TELEPHONE):
            tab = open_tab(url, color_scheme=scheme, viewport=size)
            tab.page.locator("h1 .chip").wait_for()
            assert tab.violations() == []
            assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            # The page of an open release asks again and again: it goes before its server does.
            tab.page.close()


def test_pairs_are_read_where_they_are_decided_by(open_tab: OpenTab) -> None:
    """The verdict, how many differ with bounds, and the slices, as the report says it."""
    world = shadow_that_failed()
    view = world.deployed().view(RELEASE)
    with serving(
        ConsoleServer(port=0, token=TOKEN, answers=Answers(Reader(world.deployed())))
    ) as server:
        tab = open_tab(server.url.replace("/#", f"/releases/{RELEASE}#"))
        tab.page.locator("h1 .chip").wait_for()
        assert tab.page.locator(".verdict h2").inner_text() == "Verdict fail"
        section = tab.page.locator("section[aria-labelledby=pairs]")
        assert (
            section.locator("caption")
            .first.inner_text()
            .startswith(f"{view.candidate.requests} pairs")
        )
        told = section.inner_text()
    assert re.search(r"of the answers differ \(between .* % and .* %\); the plan lets 10.0 %", told)
    assert all(one.name in told for one in view.slices)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_of_a_shadow_is_accessible(open_tab: OpenTab, tmp_path: Path, scheme: str) -> None:
    """It opens from a file, offline."""
    views = [make().deployed().view(RELEASE) for make in (shadow_that_failed, shadow_that_passed)]
    write_report(tmp_path / "report.html", views[:1], title="A shadow")
    tab = open_tab(f"file://{tmp_path}/report.html", color_scheme=scheme, viewport=TELEPHONE)
    assert tab.violations() == []
    assert "only the candidate failed" in tab.page.locator("main").inner_text()

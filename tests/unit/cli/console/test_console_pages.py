"""The console's pages: complete, safe, and within its own security policy."""

import re
from dataclasses import replace

import pytest

from cli.console.pages import overview_page, progress_of, release_page, tone
from cli.console.reader import Overview, Reader, Seen
from tests.cli_world import CliWorld
from tests.html_page import Page
from tests.release_world import Traffic
from tests.samples import MODEL, RELEASE, START, record
from tidegate.release import Intervention, Phase
from tidegate.view import view_of

GRACE = Intervention(who="grace", at=START, why="<script>alert(1)</script>")


@pytest.fixture
def seen(world: CliWorld) -> Seen:
    """A release that was rolled back on errors."""
    world.release.traffic = Traffic(error_shares={"green": 0.3})
    world.release.run()
    return Reader(world.deployed()).release(RELEASE)


@pytest.fixture
def opened(world: CliWorld) -> Seen:
    """A release that was just opened."""
    world.release.prepare()
    return Reader(world.deployed()).release(RELEASE)


def test_every_element_is_closed(seen: Seen, opened: Seen, world: CliWorld):
    """A browser puts it in place as it is."""
    overview = Reader(world.deployed()).overview()
    for text in (
        release_page(seen, who="ada"),
        release_page(opened, who="ada"),
        overview_page(overview),
        overview_page(Overview(models=(), releases=())),
    ):
        assert Page(text).open == []


def test_nothing_in_it_needs_an_inline_style_or_script(seen: Seen, opened: Seen):
    """The policy forbids both, so a page that had them would be drawn wrong."""
    for page in (release_page(seen, who="ada"), release_page(opened, who="ada")):
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page)


def test_text_from_outside_is_escaped(opened: Seen):
    """A reason cannot put markup into the page."""
    bad = record(phase=Phase.BAKING, paused=GRACE)
    view = view_of(bad, looks=(), counters=(), log=opened.view.log)
    text = release_page(replace(opened, record=bad, view=view), who="<b>")
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>" not in text


def test_every_chart_can_be_read_without_seeing_it(seen: Seen):
    """Each has a title and a description, and ids are unique."""
    page = Page(release_page(seen, who="ada"))
    charts = [attributes for attributes in page.of("svg") if attributes.get("role") == "img"]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(charts) == 4
    assert len(ids) == len(set(ids))
    for chart in charts:
        assert set(str(chart["aria-labelledby"]).split()) <= set(ids)


def test_the_other_drawings_are_silent(seen: Seen):
    """Bars and keys repeat what stands beside them."""
    page = Page(release_page(seen, who="ada"))
    hidden = [a for a in page.of("svg") if a.get("class", "") in {"bar", "bar thin"}]
    assert hidden
    assert all(attributes["aria-hidden"] == "true" for attributes in hidden)


def test_a_verb_that_cannot_be_used_says_why(opened: Seen):
    """The button keeps its place, and its description has the reason."""
    page = Page(release_page(opened, who="ada"))
    (resume,) = [a for a in page.of("button") if a["data-verb"] == "resume"]
    assert resume["aria-disabled"] == "true"
    assert resume["aria-describedby"] in {a.get("id") for a in page.of("span")}


def test_a_release_that_is_over_has_no_verbs(seen: Seen):
    """There is nothing to press."""
    assert Page(release_page(seen, who="ada")).of("button") == []


def test_what_each_verb_would_do_is_in_the_page(opened: Seen):
    """The dialog takes it from there."""
    page = Page(release_page(opened, who="ada"))
    ids = {attributes.get("id") for attributes in page.of("ul")}
    assert {f"will-{a['data-verb']}" for a in page.of("button")} <= ids


def test_the_page_says_what_the_view_says(seen: Seen):
    """Reason, exposure, way back and log."""
    text = release_page(seen, who="ada")
    for wanted in (seen.view.reason, "time to restore", "roll back", "bad answers"):
        assert wanted in text
    assert f'<span class="number">{seen.view.candidate.bad_answers}</span>' in text


def test_a_release_that_nobody_works_on_says_so(opened: Seen):
    """Traffic stays as it is until somebody does something."""
    assert "No execution works on it" in release_page(replace(opened, attended=False), who="ada")
    assert "No execution works on it" not in release_page(opened, who="ada")


def test_shares_that_are_not_yet_served_are_told_apart(opened: Seen):
    """Ordered is not served."""
    assert "ordered for v2: 10 %" in release_page(opened, who="ada")
    gone = replace(opened, serving=None)
    assert "what is served cannot be read by slot" in release_page(gone, who="ada")


def test_a_model_of_the_overview_links_to_its_open_release(opened: Seen, world: CliWorld):
    """One click from the models to what moves."""
    page = Page(overview_page(Reader(world.deployed()).overview()))
    assert page.of("a")[0]["href"] == f"/releases/{RELEASE}"


def test_a_version_that_waits_says_how_to_release_it(world: CliWorld):
    """The console starts nothing: a start is sized and told by the command line."""
    text = overview_page(Reader(world.deployed()).overview())
    assert f"tidegate release start {MODEL}" in text


@pytest.mark.parametrize(("after", "percent"), [(0, 0.0), (60, 50.0), (600, 100.0)])
def test_a_bake_has_progress(after: float, percent: float):
    """Of the step's own bake, and never more than whole."""
    baking = record(phase=Phase.BAKING, step_started_at=START)
    view = view_of(baking, looks=(), counters=(), log=())
    progress = progress_of(view, now=START + after)
    assert progress is not None
    assert progress.percent == percent


@pytest.mark.parametrize(
    "changes", [{"phase": Phase.SHIFTING}, {"phase": Phase.BAKING, "halted": GRACE}]
)
def test_without_a_bake_there_is_no_progress(changes: dict[str, object]):
    """A halted release bakes nothing."""
    view = view_of(record(step_started_at=START, **changes), looks=(), counters=(), log=())
    assert progress_of(view, now=START) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"phase": Phase.BAKING}, "open"),
        ({"phase": Phase.PROMOTED}, "good"),
        ({"phase": Phase.ROLLED_BACK}, "bad"),
        ({"phase": Phase.ABORTED}, "wait"),
        ({"phase": Phase.BAKING, "paused": GRACE}, "wait"),
        ({"phase": Phase.BAKING, "halted": GRACE}, "bad"),
    ],
)
def test_the_tone_follows_from_where_it_stands(changes: dict[str, object], expected: str):
    """The words say it too: colour is never alone."""
    assert tone(view_of(record(**changes), looks=(), counters=(), log=())) == expected

"""The HTML report: complete, offline, accessible, safe."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from cli.html import moment, report_page, write_report
from cli.screen import within
from tests.cli_world import CliWorld
from tests.html_page import Page
from tests.release_world import Traffic
from tests.samples import RELEASE, START, entry, record
from tidegate.release import Intervention, Phase
from tidegate.view import ReleaseView, view_of


@pytest.fixture
def view(world: CliWorld) -> ReleaseView:
    """A release that was rolled back on errors."""
    world.release.traffic = Traffic(error_shares={"green": 0.3})
    world.release.run()
    return world.deployed().view(RELEASE)


def test_a_page_refers_to_nothing_outside_itself(view: ReleaseView):
    """It opens offline: no script, no style sheet, no image, no font, no link."""
    text = report_page([view], title="Report")
    page = Page(text)
    assert not page.of("script") + page.of("link") + page.of("img") + page.of("iframe")
    assert not re.search(r"https?://|url\(|@import|\bsrc=|\bhref=", text)


def test_every_element_is_closed(view: ReleaseView):
    """The page is well formed."""
    assert Page(report_page([view, view], title="Report")).open == []


def test_every_chart_has_a_title_a_description_and_its_figures(view: ReleaseView):
    """Who cannot see a chart can read what it says."""
    text = report_page([view], title="Report")
    page = Page(text)
    charts = [attributes for attributes in page.of("svg") if attributes.get("role") == "img"]
    assert len(charts) == 2
    ids = {attributes.get("id") for _, attributes in page.elements}
    for chart in charts:
        assert set(str(chart["aria-labelledby"]).split()) <= ids
    assert text.count("The same in figures") == 2


def test_ids_are_unique_across_releases(view: ReleaseView):
    """Two releases in one page do not share labels."""
    other = replace(view, release_id="another")
    page = Page(report_page([view, other], title="Report"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_several_releases_are_summed_up_first(view: ReleaseView):
    """A report of more than one release begins with a table of all, a single one does not."""
    other = replace(view, release_id="another")
    assert "In short" in report_page([view, other], title="Report")
    assert "In short" not in report_page([view], title="Report")


def test_the_limit_line_is_drawn_and_named(view: ReleaseView):
    """The evidence chart shows the limit at which a claim is proven."""
    text = report_page([view], title="Report")
    assert text.count('class="limit-line"') == 1
    assert "limit: proven" in text


def test_every_table_has_headings_with_a_scope(view: ReleaseView):
    """A screen reader can say what a cell is of."""
    assert all(
        "scope" in attributes for attributes in Page(report_page([view], title="R")).of("th")
    )


def test_figures_of_the_view_are_in_the_page(view: ReleaseView):
    """The page says what the view says: counts, reason, log and restoring."""
    text = report_page([view], title="Report")
    for wanted in (view.reason, f"<dd>{view.candidate.bad_answers}</dd>", "time to restore"):
        assert wanted in text
    assert text.count("roll back") >= 1


def test_quantiles_of_latency_are_in_the_page(view: ReleaseView):
    """With the bounds of both slots and of their ratio, and only where slots were compared."""
    assert [item.quantile for item in view.latency] == [0.5, 0.95, 0.99]
    text = report_page([view], title="Report")
    for item in view.latency:
        assert f'<td class="nowrap">{within(item.ratio)}</td>' in text
    assert "candidate / live" not in report_page([replace(view, latency=())], title="Report")


def test_the_page_says_what_the_promise_does_not_cover(view: ReleaseView):
    """Which counts are taken as drawn one by one depends on the unit of randomisation."""
    assert view.limits in report_page([view], title="Report")


def test_text_from_outside_is_escaped():
    """A reason cannot put markup into the page."""
    halted = Intervention(who="x", at=START, why="<script>alert(1)</script>")
    bad = view_of(record(halted=halted), looks=(), counters=(), log=(entry(),))
    text = report_page([bad], title="<b>")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "<title>&lt;b&gt;</title>" in text


def test_a_release_without_a_look_has_no_chart():
    """Right after its start a release can be reported too."""
    fresh = view_of(record(phase=Phase.SHIFTING), looks=(), counters=(), log=())
    assert Page(report_page([fresh], title="Report")).of("figure") == []


def test_parent_folders_are_made(tmp_path: Path):
    """A report can be written anywhere."""
    fresh = view_of(record(), looks=(), counters=(), log=())
    write_report(tmp_path / "a" / "b.html", [fresh], title="Report")
    assert (tmp_path / "a" / "b.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_moments_are_in_utc_whatever_the_time_zone(monkeypatch: pytest.MonkeyPatch):
    """A report reads the same everywhere."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert moment(START) == "2027-01-15 08:00:00 UTC"
    assert moment(None) == "-"

"""Pairs of a shadow as people read them."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from cli.console.pages import release_page
from cli.console.reader import Reader
from cli.html import report_page
from cli.pairs import Apart, pairs_of, pairs_words
from cli.screen import release_panel
from tests.cli_world import CliWorld
from tests.html_page import Page
from tests.samples import ENDPOINT, PLAN, RELEASE, entry, record
from tests.shadow_world import shadowed
from tidegate.observation import Observation, ObservationKey, PairCounts, SliceCounts
from tidegate.plan import Guardrail, Metric, Step
from tidegate.shadow.join import distance_bucket
from tidegate.shadow.pairing import Pairing
from tidegate.strategies import Mechanism, Strategy
from tidegate.view import ReleaseView, view_of

SHADOW = replace(
    PLAN,
    strategy=Strategy.SHADOW,
    mechanism=Mechanism.SHADOW,
    steps=(Step(share_percent=100, bake_seconds=600),),
    guardrails=(Guardrail(metric=Metric.AGREEMENT, margin=0.1),),
    lag_seconds=600,
    pairing=Pairing(slice="/region"),
)


def view(pairs: PairCounts | None) -> ReleaseView:
    """The view of a shadow with these pairs."""
    key = ObservationKey(release_id=RELEASE, interval=1, split_version=1, slot="green")
    counters = () if pairs is None else (Observation(key=key, pairs=pairs),)
    shadow = record(plan=SHADOW, endpoint_name=ENDPOINT)
    return view_of(shadow, looks=(), counters=counters, log=(entry(),))


def test_pairs_are_told_with_the_slices_that_did_worst() -> None:
    """How many, how they came out, and where; slices without a bad pair are left out."""
    pairs = PairCounts(
        agreed=1_180,
        differed=20,
        candidate_only_error=3,
        live_only_error=1,
        slices={"eu": SliceCounts(pairs=200, bad=18), "us": SliceCounts(pairs=1_000)},
    )
    assert pairs_words(view(pairs)) == (
        "1 204 pairs: 1.67 % of the answers differ, 3 failed by the candidate alone, 1 by the live "
        "version alone; most differ or fail in eu 9.00 % of 200"
    )


def test_nothing_is_told_where_there_are_no_pairs() -> None:
    """Before the first interval closed, and of other releases."""
    assert pairs_words(view(None)) is None
    other = view_of(record(), looks=(), counters=(), log=(entry(),))
    assert pairs_words(other) is None


@pytest.mark.parametrize(
    ("distance", "name"),
    [
        (0.0, "not at all"),
        (1e-9, "at most 0.000001"),
        (0.007, "at most 0.01"),
        (1.0, "at most 1"),
        (730.0, "at most 1000"),
        (1e6, "more than 1000"),
    ],
)
def test_distances_are_told_by_decade(distance: float, name: str) -> None:
    """The upper end of the decade in which they were counted."""
    told = pairs_of(view(PairCounts(agreed=1, distances={distance_bucket(distance): 1})))
    assert told is not None
    assert told.distances == (Apart(name=name, pairs=1, within=1.0),)


def test_how_far_numbers_lie_apart_is_told_of_most_and_of_nearly_all() -> None:
    """Half of the pairs and 99 of a hundred: means of distances would say less."""
    near, far = distance_bucket(0.0), distance_bucket(0.02)
    words = pairs_words(view(PairCounts(agreed=200, distances={near: 150, far: 50})))
    assert words is not None
    assert words.endswith("numbers in them lie apart not at all in 75.0 %, at most 0.1 in 100.0 %")


@pytest.fixture
def shadow(world: CliWorld) -> CliWorld:
    """A shadow that failed since it answered otherwise, in one region more than in the other."""
    world.release = shadowed(differing=30, failing=1)
    world.release.run()
    return world


def test_every_view_of_a_shadow_shows_its_pairs(shadow: CliWorld) -> None:
    """Terminal, report and console: how many, who failed, how many differ with bounds, where."""
    view = shadow.deployed().view(RELEASE)
    told = pairs_of(view)
    assert told is not None
    assert told.differing.lower is not None
    assert told.differing.upper is not None
    assert told.differing.lower < (told.differing.share or 0.0) < told.differing.upper
    report = report_page([view], title="Report")
    console = release_page(Reader(shadow.deployed()).release(RELEASE), who="ada")
    for page in (report, console):
        assert Page(page).open == []
        for wanted in ("only the candidate failed", "the plan lets 10.0 % of them differ", "r1"):
            assert wanted in page
        assert "bad answers" not in page
        assert "chance to fail a harmless candidate" in page
        assert "candidate / live" in page, "latency of both, by what their models took"
    assert "copies of all requests" in report


def test_a_terminal_of_80_columns_has_all_of_it(shadow: CliWorld) -> None:
    """The sentence wraps, and nothing is cut."""
    console = Console(width=80, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(release_panel(shadow.deployed().view(RELEASE)))
    text = " ".join(capture.get().replace("│", " ").split())
    assert "of the answers differ (between" in text
    assert "most differ or fail in" in text


def test_a_shadow_that_has_no_pair_yet_is_shown_too(world: CliWorld) -> None:
    """Right after its start there is nothing to compare."""
    world.release = shadowed()
    world.release.prepare()
    console = release_page(Reader(world.deployed()).release(RELEASE), who="ada")
    report = report_page([world.deployed().view(RELEASE)], title="Report")
    assert Page(console).open == Page(report).open == []
    assert "Copies of all requests for" in console

"""What the console draws of each metric."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cli.console.charts import (
    Curve,
    Drawing,
    exposure_drawing,
    metric_charts,
    share_drawing,
)
from tests.cli_world import CliWorld
from tests.release_world import Traffic
from tests.samples import RELEASE, START, entry, record
from tidegate.view import Point, ReleaseView, view_of


def point(at: float, difference: float, low: float, high: float) -> Point:
    """A look at errors."""
    return Point(
        at=at,
        candidate_requests=10,
        candidate_share=10,
        verdict="continue",
        evidence={"errors harm": 10 * difference, "errors safe": 3.0},
        limits={"errors harm": 3.0, "errors safe": 3.0},
        live_rates={"errors": 0.01},
        candidate_rates={"errors": 0.01 + difference},
        bounds={"errors": (low, high)},
    )


def a_view(*points: Point) -> ReleaseView:
    """A release with these looks, whose candidate had 10 % after a minute."""
    shift = replace(entry("step", at=START + 60), after={"blue": 90, "green": 10})
    return replace(view_of(record(), looks=(), counters=(), log=(entry(), shift)), points=points)


def corners(curve: Curve) -> list[tuple[float, float]]:
    """The points of a shape."""
    return [
        (float(x), float(y)) for x, _, y in (pair.partition(",") for pair in curve.points.split())
    ]


def drawings(view: ReleaseView) -> list[Drawing]:
    """Every drawing of a view."""
    found = [share_drawing(view), exposure_drawing(view)]
    for item in metric_charts(view):
        found += [item.difference, item.evidence]
    return [drawing for drawing in found if drawing is not None]


@given(
    st.lists(st.tuples(*[st.floats(min_value=-1, max_value=1)] * 3), min_size=1, max_size=15),
    st.floats(min_value=1.0, max_value=3e6),
)
def test_nothing_is_drawn_outside_of_its_frame(
    looks: list[tuple[float, float, float]], seconds: float
):
    """Whatever was seen and however long the release."""
    view = a_view(*(point(START + seconds * n, *seen) for n, seen in enumerate(looks, start=1)))
    for drawing in drawings(view):
        frame = drawing.frame
        for curve in (*drawing.curves, *drawing.areas):
            for x, y in corners(curve):
                assert frame.left <= x <= frame.width - frame.right
                assert frame.top <= y <= frame.height - frame.bottom
        for level in drawing.levels:
            assert frame.top <= level.at <= frame.height - frame.bottom


def test_the_band_goes_along_its_upper_bounds_and_back_along_the_lower():
    """So that it is one shape, without a hole."""
    view = a_view(point(START + 60, 0.0, -0.01, 0.02), point(START + 120, 0.0, -0.005, 0.01))
    (chart,) = metric_charts(view)
    (band,) = chart.difference.areas
    xs, ys = zip(*corners(band), strict=True)
    assert (xs[0], xs[1]) == (xs[3], xs[2])
    assert ys[0] < ys[1] < ys[2] < ys[3]


def test_the_margin_is_where_a_difference_of_the_margin_would_be():
    """The line that the band must stay below."""
    view = a_view(point(START + 60, 0.02, 0.0, 0.03))
    (chart,) = metric_charts(view)
    levels = {level.role: level.at for level in chart.difference.levels}
    assert corners(chart.difference.curves[0])[-1][1] == levels["margin"]
    assert levels["margin"] < levels["zero"]


def test_proven_evidence_lies_on_the_limit():
    """Evidence of safety at its limit."""
    (chart,) = metric_charts(a_view(point(START + 60, 0.0, 0.0, 0.01)))
    (limit,) = chart.evidence.levels
    safe = next(curve for curve in chart.evidence.curves if curve.role == "safe")
    assert corners(safe)[-1][1] == limit.at


def test_the_words_say_what_is_drawn():
    """Who cannot see the chart reads the last look."""
    (chart,) = metric_charts(a_view(point(START + 60, 0.004, -0.01, 0.015)))
    told = "at the last look +0.4 points, between -1.0 and +1.5; the margin is +2.0 points"
    assert chart.difference.description == told
    assert chart.evidence.description == "at the last look: harm 1 %, safe 100 %"


def test_a_metric_without_data_is_told_as_such():
    """A band of nothing is not drawn as zero."""
    bare = replace(point(START + 60, 0.0, 0.0, 0.0), bounds={}, live_rates={}, candidate_rates={})
    (chart,) = metric_charts(a_view(bare))
    assert "nothing can be compared yet" in chart.difference.description
    assert chart.rows[0][2:5] == ("-", "-", "-")


def test_the_newest_figures_come_first():
    """And only so many of them."""
    looks = [point(START + 60 * n, 0.0, -0.01, 0.01) for n in range(1, 80)]
    (chart,) = metric_charts(a_view(*looks))
    assert len(chart.rows) == 50
    assert (chart.rows[0][0], chart.rows[-1][0]) == ("79.0 min", "30.0 min")


def test_before_the_first_look_nothing_is_drawn():
    """Not even an empty frame."""
    assert drawings(a_view()) == []


@given(st.floats(min_value=0.001, max_value=0.9))
def test_labels_are_few_and_name_zero(margin: float):
    """Whatever the margin, a chart can be read."""
    view = replace(a_view(point(START + 60, 0.0, -margin, margin)), margins={"errors": margin})
    (chart,) = metric_charts(view)
    assert 2 <= len(chart.difference.y_marks) <= 7
    assert "0" in [mark.text for mark in chart.difference.y_marks]


def test_the_moves_of_a_real_release_are_in_its_charts(world: CliWorld):
    """Each change of the candidate's share, from the first step to the way back."""
    world.release.traffic = Traffic(error_shares={"green": 0.3})
    world.release.run()
    view = world.deployed().view(RELEASE)
    (chart,) = metric_charts(view)
    assert [mark.text for mark in chart.evidence.moved] == ["10 %", "0 %"]
    shares = share_drawing(view)
    assert shares is not None
    assert shares.description.startswith("0 % after 0.0 min; 10 % after")

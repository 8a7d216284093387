"""The geometry of charts."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cli.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axes, Chart, charts_of
from tests.samples import START, entry, record
from tidegate.view import Point, ReleaseView, view_of


def point(at: float, evidence: float, *, limit: float = 3.0) -> Point:
    """A look with one claim."""
    return Point(
        at=at,
        candidate_requests=10,
        candidate_share=10,
        verdict="continue",
        evidence={"errors harm": evidence},
        limits={"errors harm": limit},
        live_rates={},
        candidate_rates={},
    )


def a_view(*points: Point) -> ReleaseView:
    """A release with these looks, whose candidate had 10 % after a minute."""
    shift = replace(entry("step", at=START + 60), after={"blue": 90, "green": 10})
    view = view_of(record(), looks=(), counters=(), log=(entry(), shift))
    return replace(view, points=points)


def corners(chart: Chart, line: int = 0) -> list[tuple[float, float]]:
    """The points of a drawn line."""
    return [
        (float(x), float(y))
        for x, _, y in (pair.partition(",") for pair in chart.lines[line].points.split())
    ]


@given(
    st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=20),
    st.floats(min_value=1.0, max_value=3e6),
)
def test_every_point_is_inside_the_frame(evidence: list[float], seconds: float):
    """Whatever the evidence and however long the release, nothing is drawn outside."""
    view = a_view(*(point(START + seconds * n, e) for n, e in enumerate(evidence, start=1)))
    for chart in charts_of(view):
        for x, y in corners(chart):
            assert LEFT <= x <= WIDTH - RIGHT
            assert TOP <= y <= HEIGHT - BOTTOM


@given(st.floats(min_value=1.0, max_value=3e7))
def test_time_labels_are_few_and_in_order(seconds: float):
    """A release of minutes or of a year has at most ten labels on its axis."""
    (chart, _) = charts_of(a_view(point(START + seconds, 1.0)))
    places = [mark.at for mark in chart.x_marks]
    assert 1 <= len(places) <= 10
    assert places == sorted(places)


def test_proven_evidence_lies_on_the_limit_line():
    """Evidence at its limit is drawn where the limit is drawn."""
    (chart, _) = charts_of(a_view(point(START + 60, 3.0)))
    assert chart.limit is not None
    assert corners(chart)[-1][1] == chart.limit.at


def test_a_share_stays_level_until_it_moves():
    """The traffic chart is made of steps, with the moments of the log."""
    (_, chart) = charts_of(a_view(point(START + 600, 1.0)))
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners(chart)
    assert (x1, y0) == (x2, y1)
    assert y2 < y1
    assert (y3, x0 < x1 < x3) == (y2, True)
    assert chart.rows == (("0.0 min", "0 %"), ("1.0 min", "10 %"))


def test_a_claim_without_a_limit_has_no_progress():
    """A limit of zero divides nothing."""
    (chart, _) = charts_of(a_view(point(START + 60, 5.0, limit=0.0)))
    assert chart.rows[0][-1] == "0 %"


def test_no_look_means_no_chart():
    """Nothing is drawn of nothing."""
    assert charts_of(a_view()) == ()


def test_an_axis_of_no_length_is_drawn():
    """A release whose first look is at its start does not divide by zero."""
    axes = Axes(begin=START, end=START, low=0.0, high=1.0)
    assert axes.x(START) == LEFT

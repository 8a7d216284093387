"""Attributions are shares of a request's vote; slices have distributions of their own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tidegate.monitoring.made import MemoryFiles, MemoryStore, captured
from tests.unit.tidegate.monitoring.worlds import CITIES, watched_of
from tidegate.monitoring.advance import Watched
from tidegate.monitoring.answers import ndcg, parts_of
from tidegate.monitoring.baseline import ATTRIBUTIONS, PREDICTION, read_baseline
from tidegate.monitoring.columns import Columns
from tidegate.monitoring.look import HOUR_SECONDS, LookPorts, look
from tidegate.monitoring.making import make_baseline
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.state import MonitorState
from tidegate.monitoring.view import metric_of, view_of

START = 1_767_600_000
HOUR = START // HOUR_SECONDS
PLAN = MonitoringPlan(
    window_seconds=3_600,
    lag_seconds=60,
    predictions="/score",
    attributions="/why",
    slices=("city",),
)


def answered(number: int, *, turned: bool = False, odd: str = "") -> tuple[dict, dict]:
    """A request and its answer; age says most unless that is turned; in an odd city all is 0.9."""
    city = CITIES[number % 3]
    low, high = (-0.7, 0.2) if not turned else (0.2, -0.7)
    score = 0.9 if city == odd else (number % 10) / 10
    why = {"age": low, "city": high, "x": 0.1}
    return {"x": number % 50, "city": city}, {"score": score, "why": why}


def watching() -> Watched:
    """The baseline of such answers."""
    pairs = (answered(number) for number in range(6_000))
    rows = [{**q, PREDICTION: a["score"], ATTRIBUTIONS: a["why"]} for q, a in pairs]
    columns = Columns(names=("x", "city", PREDICTION), slices={"city": ()}, attributions=True)
    return watched_of(PLAN, make_baseline(lambda: iter(rows), columns))


WATCHED = watching()


def looked(*hours: Sequence[tuple[dict, dict]]) -> MonitorState:
    """The state after these hours of answers."""
    store, files = MemoryStore(), MemoryFiles()
    for number, answers in enumerate(hours):
        at = f"2026-01-05T{8 + number:02}:10:00Z"
        files.lines_of[HOUR + number, "a"] = [captured(q, a, at=at) for q, a in answers]
    stored, _ = look(
        LookPorts(store=store, files=files, now=START + len(hours) * HOUR_SECONDS + 100), WATCHED
    )
    return stored.state


def hour(count: int = 600, **how: Any) -> list[tuple[dict, dict]]:
    """An hour of answers."""
    return [answered(number, **how) for number in range(count)]


def found(state: MonitorState) -> set[tuple[str, str]]:
    """Family and feature of what is found."""
    findings = view_of("m", state, WATCHED, at=0.0)["findings"]
    return {(one["family"], one["feature"]) for one in findings if one["refused"]}


def test_the_same_answers_are_no_finding() -> None:
    """And rank features as before."""
    state = looked(hour(), hour(), hour())
    assert found(state) == set()
    assert view_of("m", state, WATCHED, at=0.0)["attributions"]["ndcg"] == 1.0


def test_answers_that_look_at_something_else_are_found() -> None:
    """Neither the requests nor the predictions have moved; what they rest on has."""
    state = looked(hour(), hour(turned=True), hour(turned=True))
    assert {family for family, _ in found(state)} == {"attribution drift"}
    told = view_of("m", state, WATCHED, at=0.0)
    assert told["attributions"]["ndcg"] < 1.0
    assert told["attributions"]["features"][0]["feature"] == "age"
    assert "of attribution" in told["reason"]
    assert metric_of("m", state, WATCHED).values["AttributionDriftFindings"] == 1


def test_predictions_that_move_in_one_slice_are_found_there() -> None:
    """A third of the traffic."""
    state = looked(hour(), hour(odd="oslo"), hour(odd="oslo"))
    slices = {feature for family, feature in found(state) if family == "slices"}
    assert slices == {"city = oslo (prediction)"}
    rows = view_of("m", state, WATCHED, at=0.0)["slices"]
    assert (rows[0]["slice"], rows[0]["found"]) == ("city = oslo", ["prediction"])


def test_answers_without_attributions_are_missing_values() -> None:
    """Data quality tells."""
    bare = [(q, {"score": a["score"]}) for q, a in hour()]
    state = looked(hour(), bare, bare)
    assert ("data quality", ATTRIBUTIONS) in found(state)


def test_the_baseline_is_read_back() -> None:
    """With slices and attributions."""
    text = WATCHED.baseline.text()
    read = read_baseline(text)
    assert read.text() == text
    assert read.slices["city"].bins == WATCHED.baseline.slices["city"].bins
    assert watched_of(replace(PLAN, slices=()), WATCHED.baseline).hypotheses.by_name


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_parts_add_up_to_one(values: list[float]) -> None:
    """Signs do not matter; nothing is attributed where all is zero."""
    named = {f"f{number}": value for number, value in enumerate(values)}
    parts = parts_of(named)
    assert parts_of(values, columns=tuple(named)) == parts
    if parts is None:
        assert sum(abs(value) for value in values) == 0
        return
    assert sum(parts.values()) == pytest.approx(1)
    assert min(parts.values()) >= 0


@pytest.mark.parametrize("raw", [None, {}, [], [1.0], {"a": "x"}, {"a": None}, "text", 3])
def test_what_is_no_attribution_has_no_parts(raw: Any) -> None:
    """It is missing."""
    assert parts_of(raw, columns=("a", "b")) is None


def test_the_gain_of_a_ranking_is_as_model_monitor_has_it() -> None:
    """By hand: 0.6 + 0.3 / log2 3 + 0.1 / 2 against 0.1 + 0.3 / log2 3 + 0.6 / 2."""
    was = {"a": 0.6, "b": 0.3, "c": 0.1}
    assert ndcg(was, was) == 1.0
    turned = ndcg(was, {"a": 0.1, "b": 0.3, "c": 0.6})
    assert turned == pytest.approx((0.1 + 0.18928 + 0.3) / (0.6 + 0.18928 + 0.05), abs=1e-4)

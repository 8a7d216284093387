"""Evaluations become a part of the baseline; what cannot be one is refused with every fault."""

import json
from dataclasses import replace

import pytest

from tests.unit.tidegate.monitoring.worlds import CITIES, PLAN, made
from tidegate.errors import InvalidValueError
from tidegate.monitoring.baseline import read_baseline
from tidegate.monitoring.evaluating import Evaluated, with_evaluation
from tidegate.monitoring.plan import MonitoringPlan

OF = Evaluated(score="score", label="label", threshold=0.5)
WATCHED = made()
BASELINE = replace(WATCHED.baseline, evaluation=None)


def test_labels_are_counted_by_score_and_by_slice() -> None:
    """Every row once in all, and once in its slice."""
    found = WATCHED.baseline
    assert found.evaluation is not None
    assert found.evaluation.counts.known == 6_000
    city = found.slices["city"]
    assert sum(one.known for one in city.evaluation) == 6_000
    assert {city.name("city", at) for at in range(3)} == {f"city = {one}" for one in CITIES}
    read = read_baseline(found.text())
    assert read.text() == found.text()
    assert read.evaluation is not None
    assert read.evaluation.counts.auc == found.evaluation.counts.auc


def test_a_baseline_without_any_of_it_keeps_its_digest() -> None:
    """What was deployed with an older one goes on."""
    plain = replace(BASELINE, slices={})
    assert set(plain.to_json()) == {"format", "rows", "placing_rows", "season", "features"}


@pytest.mark.parametrize("label", [1, "1", "1.0", "yes", "True", True])
def test_labels_are_written_in_many_ways(label: object) -> None:
    """All of these are positive."""
    rows = [{"score": 0.9, "label": label}] * 30 + [{"score": 0.1, "label": 0}] * 30
    counts = with_evaluation(BASELINE, rows, OF).evaluation
    assert counts is not None
    assert (sum(counts.counts.positives), counts.counts.wrong) == (30, 0)


def test_all_faults_are_told_at_once() -> None:
    """With row, value and what is allowed; many are shortened."""
    rows = [{"score": 7, "label": "maybe"}, {"label": 1}] + [{"score": "x", "label": 0}] * 9
    with pytest.raises(InvalidValueError) as refused:
        with_evaluation(BASELINE, rows, OF)
    told = str(refused.value)
    assert "row 1: score is 7, must be a chance from 0 to 1" in told
    assert "row 1: label is 'maybe', must be 0 or 1" in told
    assert "row 2: score is None" in told
    assert "and 7 more faults" in told


def test_an_evaluation_needs_both_labels() -> None:
    """Nothing can be ranked otherwise."""
    with pytest.raises(InvalidValueError, match="20"):
        with_evaluation(BASELINE, [{"score": 0.5, "label": 1}] * 50, OF)


def test_a_plan_goes_through_json() -> None:
    """As the function reads it."""
    assert MonitoringPlan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


def test_scores_without_outcomes_are_refused() -> None:
    """With every tolerance that is none."""
    assert PLAN.score is not None
    broken = replace(
        PLAN, outcomes=None, slice_tolerance=1.5, score=replace(PLAN.score, auc_tolerance=-1)
    )
    with pytest.raises(InvalidValueError) as refused:
        MonitoringPlan.from_json(broken.to_json())
    told = str(refused.value)
    for part in ("score is given without outcomes", "slice_tolerance is 1.5", "score.auc_toler"):
        assert part in told


def test_more_slices_than_are_watched_are_refused() -> None:
    """State and time grow by each."""
    bins = replace(
        WATCHED.baseline.slices["city"].bins, categories=tuple(f"c{n}" for n in range(201))
    )
    cut = replace(WATCHED.baseline.slices["city"], bins=bins, predictions=(), evaluation=())
    with pytest.raises(InvalidValueError, match="202 slices, at most 200"):
        read_baseline(replace(WATCHED.baseline, slices={"city": cut}).text())

"""The data: the split, the labels, the requests, and version 2's reading of clock times."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.flights import dataset, traffic
from examples.flights.retraining.__main__ import lay_out
from examples.flights.versions.v2.features import minutes_late

ROOT = Path(__file__).parents[3]


def test_no_day_is_in_both_training_and_held_out() -> None:
    """A day's flights are all in training or all held out."""
    training = {flight.features["date"] for flight in dataset.training_flights()}
    held_out = {flight.features["date"] for flight in dataset.held_out_flights()}

    assert training
    assert held_out
    assert training.isdisjoint(held_out)


def test_what_is_learnt_from_and_asked_of_the_shift_is_apart(tmp_path: Path) -> None:
    """Requests are of days that are in no data, winter's of other months than summer's."""
    lay_out(tmp_path)
    days = {name: _days(tmp_path / f"requests/{name}.jsonl") for name in ("winter", "summer")}
    learnt = _days(tmp_path / "data/flights.jsonl")
    assert days["winter"].isdisjoint(learnt)
    assert days["summer"].isdisjoint(learnt)
    assert {day[:7] for day in days["winter"]} == {f"2013-0{month}" for month in (1, 2, 3, 4)}
    assert {day[:7] for day in days["summer"]} == {f"2013-0{month}" for month in (6, 7, 8)}
    assert max(learnt) < "2013-09"


def _days(file: Path) -> set[str]:
    return {json.loads(line)["features"]["date"] for line in file.read_text().splitlines()}


def test_no_held_out_request_is_a_training_row() -> None:
    """No request of the traffic has the features of a row that a version learned from."""
    training = {json.dumps(flight.features) for flight in dataset.training_flights()}

    assert not [row for row in traffic.held_out() if json.dumps(row.features) in training]


def test_every_flight_is_in_one_of_the_two_parts() -> None:
    """Training and held-out flights together are all the vendored ones."""
    parts = len(dataset.training_flights()) + len(dataset.held_out_flights())

    assert len(dataset.flights()) == 18_000
    assert parts == 18_000


def test_traffic_comes_in_the_same_order_each_time() -> None:
    """Two calls give the same rows in the same order."""
    assert traffic.held_out() == traffic.held_out()


def test_traffic_mixes_the_days() -> None:
    """The first hundred requests come from many different days."""
    assert len({row.features["date"] for row in traffic.held_out()[:100]}) > 30


def test_a_flight_fifteen_minutes_behind_is_late() -> None:
    """The label turns at 15 minutes, as the Department of Transportation counts."""
    by_delay = {flight.arr_delay_minutes: flight.label for flight in dataset.flights()}

    assert by_delay[14] == "on-time"
    assert by_delay[15] == "late"


def test_a_request_does_not_give_its_answer_away() -> None:
    """Nothing that is known only after landing is in a request."""
    row = traffic.held_out()[0]
    sent = json.loads(traffic.payload(row))["features"]

    assert sent == dict(row.features)
    assert not {"arr_delay_minutes", "air_minutes", "dep_delay_minutes"} & sent.keys()


def test_an_answer_with_the_true_label_is_not_wrong() -> None:
    """The first prediction's label is compared with the row's."""
    row = traffic.held_out()[0]
    other = {"late": "on-time", "on-time": "late"}[row.label]

    assert not traffic.is_wrong(answer_with(row.label), row)
    assert traffic.is_wrong(answer_with(other), row)


def answer_with(label: str) -> bytes:
    """A container's answer with one prediction."""
    return json.dumps({"predictions": [{"label": label, "score": 0.5}]}).encode()


@pytest.mark.parametrize("body", [b"", b"[]", b'{"predictions": []}', b'{"predictions": [1]}'])
def test_an_answer_of_another_shape_is_refused(body: bytes) -> None:
    """What is no answer is neither right nor wrong."""
    with pytest.raises(ValueError, match="cannot read the answer"):
        traffic.is_wrong(body, traffic.held_out()[0])


def test_traffic_needs_no_model_library() -> None:
    """Importing the traffic loads neither numpy nor scikit-learn."""
    code = (
        "import sys, examples.flights.traffic as t; t.held_out(); "
        "print(sorted({'numpy', 'sklearn', 'joblib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def hhmm(minute: int) -> int:
    """A minute of the day as a clock time."""
    return minute % 1440 // 60 * 100 + minute % 60


@given(due=st.integers(0, 1439), delay=st.integers(-120, 1319))
def test_minutes_late_is_right_across_hours_and_midnight(due: int, delay: int) -> None:
    """From two hours early to almost a day late, the delay is read back exactly."""
    assert minutes_late(hhmm(due), hhmm(due + delay)) == delay


def test_minutes_late_agrees_with_the_airlines() -> None:
    """For every vendored flight the delay from its clock times is the one its airline reported."""
    disagreeing = [
        flight
        for flight in dataset.flights()
        if minutes_late(int(flight.features["sched_dep"]), int(flight.features["dep"]))
        != flight.dep_delay_minutes
    ]

    assert disagreeing == []

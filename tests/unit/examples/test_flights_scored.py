"""Scored flights are what a monitor's evaluation is made of."""

import json

from examples.flights.evaluate import Answered
from examples.flights.scored import scored
from examples.flights.traffic import held_out


def test_answered_flights_have_a_score_and_the_truth() -> None:
    """Those that the version did not answer are left out."""
    rows = held_out()[:3]
    body = json.dumps({"predictions": [{"label": "late", "score": 0.7}]}).encode()
    answers = [Answered(body=body, seconds=0.1), Answered(body=None, seconds=None)]
    answers.append(Answered(body=body, seconds=0.1))

    found = list(scored(answers, rows))

    assert [(one["score"], one["late"]) for one in found] == [
        (0.7, rows[0].label == "late"),
        (0.7, rows[2].label == "late"),
    ]
    assert found[0]["carrier"] == rows[0].features["carrier"]

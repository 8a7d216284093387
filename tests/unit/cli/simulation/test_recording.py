"""Recordings: lines in, observations out, or every fault with its line."""

import json
from typing import Any

import pytest

from cli.simulation.recording import FAULTS_TOLD, parse_recording
from tidegate.errors import InvalidValueError
from tidegate.observation import Observation, ObservationKey, OutcomeCounts


def seen(interval: int = 5, slot: str = "blue", **counts: Any) -> Observation:
    """An observation."""
    key = ObservationKey(release_id="r-1", interval=interval, split_version=1, slot=slot)
    return Observation(key=key, **counts)


def line(observation: Observation, **changes: Any) -> str:
    """Its record on a line, with some members changed."""
    return json.dumps({**observation.to_json(), **changes})


def faults(*lines: str) -> tuple[str, ...]:
    """What is wrong with these lines."""
    with pytest.raises(InvalidValueError) as refused:
        parse_recording(lines)
    return refused.value.faults


def test_observations_come_back_as_they_were_written():
    """Empty lines are nothing, and everything else is kept."""
    first = seen(requests=9, errors=1, latency={3: 8}, outcomes={0: OutcomeCounts(known=2)})
    second = seen(slot="green", evidence=False)
    recording = parse_recording([line(first), "", line(second)])
    assert recording.observations == (first, second)
    assert recording.release_id == "r-1"


def test_slots_are_in_the_order_they_served():
    """The live slot served before there was a release; of two at once, the one with more."""
    early, late = seen(5, "green", requests=1), seen(6, "blue", requests=90)
    assert parse_recording([line(late), line(early)]).slots == ("green", "blue")
    few, many = seen(5, "blue", requests=10), seen(5, "green", requests=90)
    assert parse_recording([line(few), line(many)]).slots == ("green", "blue")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"v": 2}, "v must be 1, got 2"),
        ({"slot": 7}, "slot must be a text, got 7"),
        ({"requests": -1}, "requests must be a whole number of 0 or more, got -1"),
        ({"interval": 1.5}, "interval must be a whole number of 0 or more, got 1.5"),
        ({"errors": True}, "errors must be a whole number of 0 or more, got true"),
        ({"errors": 3}, "errors must be at most requests (0), got 3"),
        ({"unit": "cow"}, 'unit must be one of request, user, resolver, device, got "cow"'),
        ({"evidence": None}, "evidence must be true or false, got nothing"),
        ({"latency": [1]}, "latency must be an object of counts by bucket, got [1]"),
        ({"latency": {"99": 1}}, "a bucket of latency must be 0 to 76, got '99'"),
        ({"latency": {"3": "x"}}, 'latency.3 must be a whole number of 0 or more, got "x"'),
        ({"outcomes": {"0": 4}}, "outcomes.0 must be an object with known and wrong, got 4"),
        (
            {"outcomes": {"0": {"known": 1, "wrong": 2}}},
            "outcomes.0.wrong must be at most known (1), got 2",
        ),
    ],
)
def test_a_fault_says_what_is_allowed(changes: dict[str, Any], told: str):
    """Each kind of fault, with the value and the line."""
    assert faults(line(seen()), line(seen(), **changes)) == (f"line 2: {told}",)


def test_a_missing_member_is_a_fault():
    """A record that lacks what the judge needs is no record."""
    record = seen().to_json()
    del record["requests"]
    (fault,) = faults(json.dumps(record))
    assert fault == "line 1: requests must be a whole number of 0 or more, got nothing"


@pytest.mark.parametrize("text", ["{", "[1, 2]", "7"])
def test_a_line_that_is_no_object_is_a_fault(text: str):
    """JSON lines are objects."""
    (fault,) = faults(text)
    assert fault.startswith("line 1: ")


def test_a_second_release_is_a_fault():
    """Two releases in one file would be judged as one."""
    other = line(seen(), release_id="r-2")
    assert "give each release a file of its own" in faults(line(seen()), other)[0]


def test_an_empty_file_says_how_to_fill_it():
    """Where recordings come from."""
    assert "--observations FILE" in faults("")[0]


def test_many_faults_are_counted():
    """Nobody reads a thousand lines."""
    told = faults(*["{"] * (FAULTS_TOLD + 7))
    assert len(told) == FAULTS_TOLD + 1
    assert told[-1] == "and 7 more"

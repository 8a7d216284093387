"""Files of requests, and when each request is due."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import InvalidValueError
from tidegate.requests import Request, Traffic, TrafficKind, read_requests


def lines(*documents: object) -> str:
    """A file with these documents."""
    return "\n".join(json.dumps(document) for document in documents)


def test_a_line_is_a_request():
    """JSON bodies are sent as JSON, text as it is."""
    found = read_requests(
        lines({"body": {"a": 1}, "expect": {"/label": "late"}, "user": "ada"}, {"body": "x,y"}),
        kind=TrafficKind.SYNTHETIC,
    )
    assert [request.body for request in found] == [b'{"a":1}', b"x,y"]
    assert (found[0].user, found[0].expect) == ("ada", {"/label": "late"})


def test_every_faulty_line_is_told():
    """All at once, with their numbers."""
    text = lines({"body": 1, "boddy": 2}, {"expect": {}}, {"body": 1, "expect": {"label": "x"}})
    with pytest.raises(InvalidValueError) as refusal:
        read_requests(text + "\n{", kind=TrafficKind.SYNTHETIC)
    assert [fault.split(":")[0] for fault in refusal.value.faults] == [
        "line 1",
        "line 2",
        "line 3",
        "line 4",
    ]


def test_an_empty_file_is_refused():
    """Traffic of nothing would let a release wait for ever."""
    with pytest.raises(InvalidValueError, match="no request"):
        read_requests("\n", kind=TrafficKind.SYNTHETIC)


@pytest.mark.parametrize("at", [None, -1, "1", True])
def test_replayed_requests_tell_when(at: object):
    """Seconds, 0 or more."""
    with pytest.raises(InvalidValueError, match="needs seconds"):
        read_requests(lines({"body": 1, "at": at}), kind=TrafficKind.REPLAYED)


def test_a_recording_is_in_order():
    """Time does not fall from line to line."""
    with pytest.raises(InvalidValueError, match="must not fall"):
        read_requests(lines({"body": 1, "at": 2}, {"body": 1, "at": 1}), kind=TrafficKind.REPLAYED)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [(b'{"label": "late"}', False), (b'{"label": "on-time"}', True), (b"no json", True)],
)
def test_an_answer_is_compared_with_what_was_expected(answer: bytes, wrong: bool):  # noqa: FBT001
    """At the places that the line names."""
    request = Request(body=b"", expect={"/label": "late"})
    assert request.wrong(answer) is wrong


def test_without_expectation_nothing_is_known():
    """No outcome is made up."""
    assert Request(body=b"", expect={}).wrong(b"{}") is None


def _traffic(kind: TrafficKind, *, count: int, rate: int = 60) -> Traffic:
    requests = tuple(
        Request(body=str(n).encode(), expect={}, at=float(2 * n)) for n in range(count)
    )
    return Traffic(kind=kind, requests=requests, requests_per_minute=rate)


def test_synthetic_traffic_is_steady():
    """Sixty a minute is one a second, the file's requests in turn."""
    due = list(_traffic(TrafficKind.SYNTHETIC, count=2).due(0.5, 4.0))
    assert [(moment, request.body) for moment, request in due] == [
        (1.0, b"1"),
        (2.0, b"0"),
        (3.0, b"1"),
    ]


def test_replayed_traffic_begins_again():
    """After the mean gap between two requests."""
    due = list(_traffic(TrafficKind.REPLAYED, count=3).due(0.0, 10.0))
    assert [moment for moment, _ in due] == [0.0, 2.0, 4.0, 6.0, 8.0]


def test_a_recording_of_one_moment_comes_once_a_minute():
    """It has no pace of its own."""
    due = list(_traffic(TrafficKind.REPLAYED, count=1).due(0.0, 130.0))
    assert [moment for moment, _ in due] == [0.0, 60.0, 120.0]


@given(
    kind=st.sampled_from(list(TrafficKind)),
    cuts=st.lists(st.floats(min_value=0, max_value=500), min_size=2, max_size=6),
    rate=st.integers(min_value=1, max_value=300),
)
def test_rounds_send_every_request_once(kind: TrafficKind, cuts: list[float], rate: int):
    """However time is cut into rounds."""
    traffic, ends = _traffic(kind, count=3, rate=rate), sorted(cuts)
    whole = list(traffic.due(ends[0], ends[-1]))
    parts = [entry for a, b in pairwise(ends) for entry in traffic.due(a, b)]
    assert parts == whole

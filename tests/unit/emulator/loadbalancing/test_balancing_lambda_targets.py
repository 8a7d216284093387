"""Requests as events, and functions' results as responses."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.loadbalancing.lambda_target import (
    LONGEST_BODY_BYTES,
    LONGEST_RESPONSE_BYTES,
    event_for,
    health_event,
    response_from,
)
from emulator.loadbalancing.messages import HttpRequest, Refusal

GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/g/1"


def _event(multi_value: str = "false", **members: Any) -> dict[str, Any]:
    return event_for(
        HttpRequest(**{"method": "GET", "path": "/", **members}), GROUP, multi_value=multi_value
    )


def test_the_event_of_a_plain_request() -> None:
    """Exactly the documented members, nothing decoded."""
    event = _event(path="/a%20b", query="q=1%202&e", headers=(("host", "x"),))

    assert event == {
        "requestContext": {"elb": {"targetGroupArn": GROUP}},
        "httpMethod": "GET",
        "path": "/a%20b",
        "queryStringParameters": {"q": "1%202", "e": ""},
        "headers": {"host": "x"},
        "body": "",
        "isBase64Encoded": False,
    }


def test_of_repeated_names_the_last_counts() -> None:
    """For headers and parameters, while multi-value headers are off."""
    event = _event(query="a=1&a=2", headers=(("h", "1"), ("h", "2")))

    assert (event["queryStringParameters"], event["headers"]) == ({"a": "2"}, {"h": "2"})


def test_multi_value_headers_keep_all_values() -> None:
    """In members of their own, instead of the single ones."""
    event = _event("true", query="a=1&a=2&b=3", headers=(("h", "1"), ("h", "2")))

    assert event["multiValueHeaders"] == {"h": ["1", "2"]}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["3"]}
    assert not {"headers", "queryStringParameters"} & event.keys()


@pytest.mark.parametrize(
    ("headers", "encoded"),
    [
        ((("content-type", "application/json"),), False),
        ((("content-type", "text/csv; charset=utf-8"),), False),
        ((("content-type", "application/xml"),), False),
        ((("content-type", "application/x-npy"),), True),
        ((), True),
        ((("content-type", "text/csv"), ("content-encoding", "gzip")), True),
    ],
)
def test_a_body_is_text_only_for_the_documented_types(
    *, headers: tuple[tuple[str, str], ...], encoded: bool
) -> None:
    """Everything else goes base64-encoded."""
    event = _event(method="POST", headers=headers, body=b"1,2")

    assert event["isBase64Encoded"] is encoded
    assert event["body"] == ("MSwy" if encoded else "1,2")


@given(st.binary(min_size=1, max_size=300), st.sampled_from(["text/plain", "image/png"]))
def test_every_body_arrives_whole(body: bytes, kind: str) -> None:
    """A function that decodes as the event says has the client's bytes."""
    event = _event(method="POST", headers=(("content-type", kind),), body=body)

    sent = event["body"]
    assert (base64.b64decode(sent) if event["isBase64Encoded"] else sent.encode()) == body


def test_a_body_over_one_megabyte_is_413() -> None:
    """Exactly one megabyte still passes."""
    _event(method="POST", body=b"x" * LONGEST_BODY_BYTES)

    with pytest.raises(Refusal) as refused:
        _event(method="POST", body=b"x" * (LONGEST_BODY_BYTES + 1))
    assert refused.value.status == 413


def test_a_health_check_says_who_it_is() -> None:
    """A function can tell it from a request."""
    event = health_event("/ready", GROUP, multi_value="false")

    assert (event["path"], event["headers"]) == ("/ready", {"user-agent": "ELB-HealthChecker/2.0"})


def test_a_response_has_status_headers_and_body() -> None:
    """Numbers and booleans in headers become text, hop-by-hop headers stay behind."""
    result = {
        "statusCode": 201,
        "headers": {"X-N": 5, "X-B": True, "Connection": "close", "Content-Length": "9"},
        "body": "hé",
    }

    response = response_from(result, multi_value="false")

    assert (response.status, response.headers, response.body) == (
        201,
        (("X-N", "5"), ("X-B", "true")),
        "hé".encode(),
    )


def test_multi_value_headers_of_a_response_are_all_sent() -> None:
    """Only the member that fits the setting is read."""
    result = {
        "statusCode": 200,
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        "headers": {"X": "1"},
    }

    assert response_from(result, multi_value="true").headers == (
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    )
    assert response_from(result, multi_value="false").headers == (("X", "1"),)


@pytest.mark.parametrize(
    "result",
    [
        None,
        "text",
        {},
        {"statusCode": "ok"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "!", "isBase64Encoded": True},
        {"statusCode": 200, "body": "x" * LONGEST_RESPONSE_BYTES},
    ],
)
def test_a_malformed_or_too_large_response_is_502(result: Any) -> None:
    """The client never sees half of it."""
    with pytest.raises(Refusal) as refused:
        response_from(result, multi_value="false")

    assert refused.value.status == 502


@given(st.binary(max_size=300))
def test_an_encoded_body_is_sent_decoded(body: bytes) -> None:
    """Binary answers are binary."""
    result = {
        "statusCode": 200,
        "isBase64Encoded": True,
        "body": base64.b64encode(body).decode(),
    }

    assert response_from(result, multi_value="false").body == body

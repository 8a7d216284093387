"""The custom resource protocol, without a function behind it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.cloudformation.custom_resources import (
    CustomResourceRequest,
    CustomResourceResponse,
    RequestType,
    as_strings,
    crashed,
    no_response,
    provisioned,
)
from emulator.cloudformation.registry import PartlyCreatedError, ResourceError

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def _request(kind: RequestType = RequestType.CREATE, **properties: Any) -> CustomResourceRequest:
    return CustomResourceRequest(
        request_type=kind,
        request_id="abcdef01-2345",
        response_url="http://127.0.0.1:1/x",
        stack_id=STACK,
        resource_type="Custom::Thing",
        logical_id="Thing",
        properties={"ServiceToken": "arn", **properties},
        physical_id=None if kind is RequestType.CREATE else "p-1",
    )


def _response(**changes: Any) -> CustomResourceResponse:
    document = {
        "Status": "SUCCESS",
        "PhysicalResourceId": "p-1",
        "StackId": STACK,
        "RequestId": "abcdef01-2345",
        "LogicalResourceId": "Thing",
    }
    wanted = {**document, **changes}
    return CustomResourceResponse(document={k: v for k, v in wanted.items() if v is not None})


@given(JSON)
def test_no_number_or_boolean_reaches_a_function(value: Any) -> None:
    """Every primitive of a property arrives as a string, whatever its depth."""

    def primitives(node: Any) -> list[Any]:
        if isinstance(node, dict):
            return [p for member in node.values() for p in primitives(member)]
        if isinstance(node, list):
            return [p for member in node for p in primitives(member)]
        return [node]

    assert all(p is None or isinstance(p, str) for p in primitives(as_strings(value)))


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (0, "0"), (0.5, "0.5"), ("x", "x")]
)
def test_primitives_have_cloudformations_spelling(value: Any, text: str) -> None:
    """Booleans are lower case and zero is not lost."""
    assert as_strings(value) == text


def test_success_is_provisioned() -> None:
    """Physical id and data come from the response."""
    made = provisioned(_request(), _response(Data={"A": "1"}))
    assert (made.physical_id, made.attributes) == ("p-1", {"A": "1"})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"PhysicalResourceId": None}, "Invalid PhysicalResourceId"),
        ({"PhysicalResourceId": "x" * 1025}, "Invalid PhysicalResourceId"),
        ({"Reason": "x" * 4096}, "Response is too long"),
        ({"Status": "OK"}, "Status must be SUCCESS or FAILED"),
        ({"RequestId": "other"}, "property RequestId must be that of the request"),
    ],
)
def test_a_response_is_judged_as_cloudformation_does(changes: Any, reason: str) -> None:
    """A malformed response is a failure, even one that says SUCCESS."""
    with pytest.raises(ResourceError, match=reason):
        provisioned(_request(), _response(**changes))


def test_a_delete_needs_no_physical_id_in_its_response() -> None:
    """The id of what is gone may be left out."""
    request = _request(RequestType.DELETE)
    assert provisioned(request, _response(PhysicalResourceId=None)).physical_id == "p-1"


def test_a_failed_creation_can_be_deleted() -> None:
    """Rollback knows the id that the failed response gave."""
    with pytest.raises(PartlyCreatedError) as failed:
        provisioned(_request(), _response(Status="FAILED", Reason="no"))
    assert failed.value.physical_id == "p-1"
    assert "Message returned: no (RequestId: abcdef01-2345)" in str(failed.value)


def test_a_creation_without_answer_gets_an_id_made_up() -> None:
    """Rollback sends a Delete even where the function never named anything."""
    failure = no_response(_request())
    assert isinstance(failure, PartlyCreatedError)
    assert failure.physical_id == "shop-Thing-ABCDEF01"


def test_a_failed_update_makes_nothing_to_delete() -> None:
    """Only creation leaves something half-made behind."""
    assert not isinstance(crashed(_request(RequestType.UPDATE), "boom"), PartlyCreatedError)


def test_the_event_is_json() -> None:
    """The event can be sent as it is."""
    event = _request(RequestType.UPDATE, Count=1).event()
    assert json.loads(json.dumps(event))["PhysicalResourceId"] == "p-1"


@pytest.mark.parametrize("wrong", ["soon", 0, 3601, -1])
def test_a_service_timeout_outside_its_bounds_is_refused(wrong: Any) -> None:
    """ServiceTimeout is 1 to 3600 seconds."""
    with pytest.raises(ResourceError, match="ServiceTimeout must be 1 to 3600"):
        _ = _request(ServiceTimeout=wrong).timeout_seconds


def test_an_hour_is_waited_by_default() -> None:
    """Without ServiceTimeout CloudFormation waits an hour."""
    assert _request().timeout_seconds == 3600

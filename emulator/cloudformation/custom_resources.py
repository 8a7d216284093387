"""The protocol between CloudFormation and a custom resource's function: requests and responses.

Pure: how a function is called and how its answer arrives is the seam's business. Protocol and
sentences: AWS CloudFormation user guide, "Custom resource reference", and stack events on AWS.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emulator.cloudformation.registry import PartlyCreatedError, Provisioned, ResourceError

DEFAULT_TIMEOUT_SECONDS = 3600
LONGEST_RESPONSE_BYTES = 4096
LONGEST_PHYSICAL_ID_BYTES = 1024
_FAILED_CREATE_MARKERS = frozenset({"", "FAILED_CREATE_MARKER"})


class RequestType(StrEnum):
    """What a custom resource is asked to do."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomResourceRequest:
    """One request to a custom resource, before it is put on the wire."""

    request_type: RequestType
    request_id: str
    response_url: str
    stack_id: str
    resource_type: str
    logical_id: str
    properties: Mapping[str, Any]
    physical_id: str | None = None
    old_properties: Mapping[str, Any] | None = None

    @property
    def timeout_seconds(self) -> int:
        """How long the response may take: `ServiceTimeout`, else an hour."""
        declared = self.properties.get("ServiceTimeout", DEFAULT_TIMEOUT_SECONDS)
        if not str(declared).isdigit() or not 1 <= int(declared) <= DEFAULT_TIMEOUT_SECONDS:
            raise ResourceError(
                f"Properties validation failed: ServiceTimeout must be 1 to "
                f"{DEFAULT_TIMEOUT_SECONDS} seconds, got {declared}"
            )
        return int(declared)

    def event(self) -> dict[str, Any]:
        """Return the event that the function receives."""
        event: dict[str, Any] = {
            "RequestType": self.request_type.value,
            "ServiceToken": self.properties["ServiceToken"],
            "ResponseURL": self.response_url,
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_id,
            "ResourceType": self.resource_type,
            "ResourceProperties": as_strings(self.properties),
        }
        if self.physical_id is not None:
            event["PhysicalResourceId"] = self.physical_id
        if self.old_properties is not None:
            event["OldResourceProperties"] = as_strings(self.old_properties)
        return event


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomResourceResponse:
    """What a function put on the response URL."""

    document: Mapping[str, Any] = field(default_factory=dict)

    def fault(self, request: CustomResourceRequest) -> str | None:
        """Say what makes the response unacceptable to CloudFormation, None if nothing does."""
        if len(json.dumps(self.document).encode()) > LONGEST_RESPONSE_BYTES:
            return "Response is too long."
        if self.document.get("Status") not in ("SUCCESS", "FAILED"):
            return "Invalid Response object: Value of property Status must be SUCCESS or FAILED"
        expected = {
            "StackId": request.stack_id,
            "RequestId": request.request_id,
            "LogicalResourceId": request.logical_id,
        }
        for name, value in expected.items():
            if self.document.get(name) != value:
                return f"Invalid Response object: property {name} must be that of the request"
        return self._physical_id_fault(request)

    def _physical_id_fault(self, request: CustomResourceRequest) -> str | None:
        given = self.document.get("PhysicalResourceId")
        if request.request_type is RequestType.DELETE and given is None:
            return None
        if (
            not isinstance(given, str)
            or not given
            or len(given.encode()) > LONGEST_PHYSICAL_ID_BYTES
        ):
            return "Invalid PhysicalResourceId"
        return None


def provisioned(request: CustomResourceRequest, response: CustomResourceResponse) -> Provisioned:
    """Return what the response provisioned.

    Raises:
        PartlyCreatedError: a creation failed that a rollback must delete again.
        ResourceError: the response says or means failure.
    """
    fault = response.fault(request)
    document = response.document
    if fault is None and document["Status"] == "FAILED":
        fault = (
            "Received response status [FAILED] from custom resource. Message returned: "
            f"{document.get('Reason', '')} (RequestId: {request.request_id})"
        )
    physical_id = str(document.get("PhysicalResourceId") or request.physical_id or "")
    if fault is not None:
        raise _failure(request, fault, physical_id)
    return Provisioned(physical_id=physical_id, attributes=document.get("Data") or {})


def no_response(request: CustomResourceRequest) -> ResourceError:
    """Return the failure of a request that nobody answered in time."""
    reason = (
        "CloudFormation did not receive a response from your Custom Resource. Please check your "
        f"logs for requestId [{request.request_id}]."
    )
    return _failure(request, reason, "")


def crashed(request: CustomResourceRequest, function_error: str) -> ResourceError:
    """Return the failure of a request whose function ended with an error and no response.

    AWS retries the function and then waits for the whole timeout; nothing more can come here.
    """
    reason = f"{no_response(request)} The function failed: {function_error}"
    return _failure(request, reason, "")


def needs_delete(physical_id: str) -> bool:
    """Tell whether a resource of that identifier was ever made by its function."""
    return physical_id not in _FAILED_CREATE_MARKERS


def as_strings(value: Any) -> Any:
    """Return a property value as it arrives at the function: every primitive is a string."""
    if isinstance(value, Mapping):
        return {key: as_strings(member) for key, member in value.items()}
    if isinstance(value, list):
        return [as_strings(member) for member in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value


def _failure(request: CustomResourceRequest, reason: str, physical_id: str) -> ResourceError:
    """A failed creation still gets a Delete on rollback, with an identifier made up if need be."""
    if request.request_type is not RequestType.CREATE:
        return ResourceError(reason)
    stack_name = request.stack_id.split("/")[1] if "/" in request.stack_id else request.stack_id
    made_up = f"{stack_name}-{request.logical_id}-{request.request_id[:8].upper()}"
    return PartlyCreatedError(reason, physical_id=physical_id or made_up)

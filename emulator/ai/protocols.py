"""How requests of a service become members of its model, and answers bytes: JSON 1.1 and REST-JSON.

Which of the two a service speaks is in botocore's model of it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Protocol

from botocore.model import NoShapeFoundError

from emulator import apimodels
from emulator.ai.restjson import RestJson
from emulator.jsonapi import Json
from emulator.seams.services import Request, Response, json_response


class WireProtocol(Protocol):
    """What all protocols do; paths are as they were sent, percent-encoded."""

    denied_status: int
    """HTTP status of AccessDeniedException."""

    def operation_at(self, method: str, path: str, headers: Mapping[str, str]) -> str | None:
        """The operation that such a request is for, None if it is not the service's."""
        ...

    def members(self, request: Request, operation: str) -> Json:
        """The request by the names of its shape; ValueError if it can't be read."""
        ...

    def response(self, operation: str, answer: Json) -> Response:
        """The answer, whose members have the names of its shape."""
        ...

    def refusal(self, code: str, message: str, status: int) -> Response:
        """An error in the shape that the model gives it."""
        ...


@cache
def protocol_of(service: str) -> WireProtocol:
    """The protocol of a service by its botocore name; ValueError if it is not emulated."""
    protocol = apimodels.service_model(service).metadata["protocol"]
    if protocol == "json":
        return TargetJson(service)
    if protocol == "rest-json":
        return RestJson(service)
    raise ValueError(f"protocols are json and rest-json, {service} speaks {protocol}")


class TargetJson:
    """JSON 1.1: the operation is in the header `X-Amz-Target`, all members are in the body."""

    denied_status = 400

    def __init__(self, service: str) -> None:
        self._model = apimodels.service_model(service)
        self._prefix = self._model.metadata["targetPrefix"]

    def operation_at(self, _method: str, _path: str, headers: Mapping[str, str]) -> str | None:
        """The part of the target behind the service's prefix."""
        prefix, _, operation = headers.get("x-amz-target", "").rpartition(".")
        return operation if prefix == self._prefix else None

    def members(self, request: Request, _operation: str) -> Json:
        """The body."""
        return request.json()

    def response(self, _operation: str, answer: Json) -> Response:
        """The answer as the body."""
        return json_response(answer)

    def refusal(self, code: str, message: str, status: int) -> Response:
        """Its sentence in the member that the error has: some say `Message`, others `message`."""
        plain = json_response({"__type": code, self._message_member(code): message}, status=status)
        headers = {**plain.headers, "x-amzn-ErrorType": code}
        return Response(status=status, headers=headers, body=plain.body)

    def _message_member(self, code: str) -> str:
        try:
            shape = self._model.shape_for(code)
        except NoShapeFoundError:
            return "message"
        members = getattr(shape, "members", {})
        return next((name for name in members if name.lower() == "message"), "message")

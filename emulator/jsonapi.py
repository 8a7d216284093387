"""Services that speak JSON 1.1: operations in a table, requests held to the service's model."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from emulator import apimodels
from emulator.seams.services import Request, Response, error_response, json_response

Json = dict[str, Any]
TenantT = TypeVar("TenantT")
Operation = Callable[[TenantT, Mapping[str, Any]], Awaitable[Json]]


class RefusedRequestError(Exception):
    """A request that is refused: the code and sentence that the caller reads."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


NOT_EMULATED = "NotEmulatedException"
"""A code that AWS never sends: the request is legal there."""


def not_emulated(what: str) -> str:
    """The sentence beside `NOT_EMULATED`."""
    return f"The embedded cloud does not emulate {what}. AWS may accept it."


async def call(
    name: str,
    tenant: TenantT,
    request: Mapping[str, Any],
    *,
    service: str,
    operations: Mapping[str, Operation[TenantT]],
    refused: Callable[[str, str], RefusedRequestError],
) -> Json:
    """The operation's answer to a request that satisfies every constraint of its shape.

    `refused` makes the service's own error of a code and a sentence.
    """
    operation = operations.get(name)
    if operation is None:
        raise refused(NOT_EMULATED, not_emulated(f"the operation {name}"))
    try:
        failures = apimodels.constraint_failures(service, name, request)
    except apimodels.MalformedRequestError as error:
        raise refused("SerializationException", str(error)) from error
    if failures:
        raise refused("ValidationException", apimodels.listed(failures))
    return await operation(tenant, request)


async def respond(request: Request, answer: Callable[[Json], Awaitable[Json]]) -> Response:
    """The response to a request: what `answer` makes of its body, or the refusal."""
    try:
        return json_response(await answer(request.json()))
    except RefusedRequestError as error:
        return error_response(error.code, error.message)

"""What all AI services that speak JSON 1.1 have in common.

A service is a name of botocore's and a table of operations. Requests and answers are held to the
service's model, every operation needs the IAM action of its name, errors have the service's shape,
and the engine that made an answer is named in a header of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.model import NoShapeFoundError

from emulator import apimodels
from emulator.ai.faults import FaultSource
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated
from emulator.seams.services import Permission, Request, Response, Service, json_response

ENGINE_HEADER = "x-emulated-engine"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an operation found, and the engine that found it (`vaderSentiment`, `recorded`)."""

    body: Json
    engine: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request that satisfies its shape; `fails_item` draws whether a batch's next item fails."""

    request: Mapping[str, Any]
    fails_item: Callable[[], bool]
    tenant: tuple[str, str]
    """The caller's account and region."""


Operation = Callable[[Call], Answer]
"""May block: it runs in a thread. RefusedRequestError is the caller's fault."""


class WrongAnswerError(Exception):
    """An answer that the service's model does not allow: a fault of the embedded cloud."""


def _nothing_more(_operation: str, _request: Mapping[str, Any]) -> Sequence[str]:
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AiService:
    """One line of the table of services.

    `name` is botocore's, which is also the prefix of its IAM actions and its name in signatures.
    `throttling_code` is the error of a throttled call. `resource_member` names a resource in
    requests that permission is asked on; without it, permission is asked on `*`. Operations that
    are `left` are answered by ministack, in its own way. `also_asked` are the actions that a
    request of an operation needs besides.
    """

    name: str
    operations: Mapping[str, Operation]
    throttling_code: str = "ThrottlingException"
    resource_member: str = ""
    left: frozenset[str] = frozenset()
    also_asked: Callable[[str, Mapping[str, Any]], Sequence[str]] = _nothing_more

    def served(self, faults: FaultSource) -> Service:
        """The service behind the front door, with these faults."""

        async def handle(request: Request) -> Response:
            try:
                answer = await self._answer(request, faults)
            except RefusedRequestError as error:
                return self.refusal(error.code, error.message, 400)
            plain = json_response(answer.body)
            headers = {**plain.headers, ENGINE_HEADER: answer.engine}
            return Response(status=200, headers=headers, body=plain.body)

        return Service(
            name=self.name,
            signing_name=self.name,
            claims=self._claims,
            permissions=self._permissions,
            handle=handle,
            refuse=self.refusal,
        )

    def refusal(self, code: str, message: str, status: int) -> Response:
        """An error in the shape that the model gives it: some say `Message`, others `message`."""
        headers = {"x-amzn-ErrorType": code}
        member = self._message_member(code)
        plain = json_response({"__type": code, member: message}, status=status)
        return Response(status=status, headers={**plain.headers, **headers}, body=plain.body)

    def _claims(self, _method: str, _path: str, headers: Mapping[str, str]) -> bool:
        prefix, _, operation = headers.get("x-amz-target", "").rpartition(".")
        known = apimodels.service_model(self.name).metadata["targetPrefix"]
        return prefix == known and operation not in self.left

    def _message_member(self, code: str) -> str:
        try:
            shape = apimodels.service_model(self.name).shape_for(code)
        except NoShapeFoundError:
            return "message"
        members = getattr(shape, "members", {})
        return next((name for name in members if name.lower() == "message"), "message")

    def _permissions(self, request: Request) -> Sequence[Permission]:
        body = request.json()
        resource = str(body.get(self.resource_member, "*"))
        own = Permission(action=f"{self.name}:{request.operation}", resource=resource)
        more = self.also_asked(request.operation, body)
        return [own, *(Permission(action=action) for action in more)]

    async def _answer(self, request: Request, faults: FaultSource) -> Answer:
        if faults.throttles():
            raise RefusedRequestError(self.throttling_code, "Rate exceeded")
        body = request.json()
        operation = self._checked(request.operation, body)
        call = Call(
            request=body, fails_item=faults.fails_item, tenant=(request.account, request.region)
        )
        answer = await asyncio.to_thread(operation, call)
        failures = apimodels.answer_failures(self.name, request.operation, answer.body)
        if failures:
            raise WrongAnswerError(f"{request.operation}: {apimodels.listed(failures)}")
        return answer

    def _checked(self, name: str, body: Json) -> Operation:
        """The operation of that name, for a request that satisfies every constraint of it."""
        operation = self.operations.get(name)
        if operation is None:
            raise RefusedRequestError(NOT_EMULATED, not_emulated(f"the operation {name}"))
        try:
            failures = apimodels.constraint_failures(self.name, name, body)
        except apimodels.MalformedRequestError as error:
            raise RefusedRequestError("SerializationException", str(error)) from error
        if failures:
            raise RefusedRequestError("ValidationException", apimodels.listed(failures))
        return operation

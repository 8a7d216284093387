"""What all AI services have in common.

A service is a name of botocore's and a table of operations. Requests and answers are held to the
service's model and sent in its protocol, every operation needs an IAM action, errors have the
service's shape, and the engine that made an answer is named in a header of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator import apimodels
from emulator.ai.faults import Fate, FaultSource
from emulator.ai.protocols import WireProtocol, protocol_of
from emulator.ai.site import ClientOf, Site, Tenant
from emulator.cloudformation.registry import ResourceHandler
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated
from emulator.seams.services import Permission, Request, Response, Service
from emulator.seams.threads import on_own_thread

ENGINE_HEADER = "x-emulated-engine"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an operation found, and the engine that found it (`vaderSentiment`, `recorded`).

    Moments are Unix seconds, a blob inside a JSON body is Base64 text, one that is the whole body
    is bytes.
    """

    body: Json
    engine: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request that satisfies its shape, by the names of its members."""

    request: Mapping[str, Any]
    fails_item: Callable[[], bool]
    """Draws whether a batch's next item fails."""
    fate: Callable[[], Fate]
    """Draws what becomes of a job that the request starts (for `Jobs.start`)."""
    tenant: Tenant
    """The caller's account and region."""
    client: ClientOf
    """Clients of other services with the caller's rights, as AWS's forward access sessions."""


Operation = Callable[[Call], Answer]
"""May block: it runs in a thread. RefusedRequestError is the caller's fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request before anybody knows whether it is allowed and right."""

    operation: str
    request: Mapping[str, Any]
    tenant: Tenant


class WrongAnswerError(Exception):
    """An answer that the service's model does not allow: a fault of the embedded cloud."""


def _on_all(_asked: Asked) -> str:
    return "*"


def _nothing_more(_asked: Asked) -> Sequence[Permission]:
    return ()


def resource_in(member: str) -> Callable[[Asked], str]:
    """Permission is asked on the ARN in that member of requests, on `*` without it."""
    return lambda asked: str(asked.request.get(member, "*"))


@dataclass(frozen=True, kw_only=True, slots=True)
class AiService:
    """One line of the table of services.

    `name` is botocore's. `signing_name` is its name in signatures and `iam_prefix` that of its
    actions, where they differ from it (`lexv2-runtime` signs as `lex`, its actions are `lex:`);
    `actions` are those of operations whose action has another name than the operation.
    `throttling_code` is the error of a throttled call. `resource` is the ARN that permission is
    asked on, `also_asked` what a request needs besides its own action. Operations that are `left`
    are answered by ministack, in its own way; those that it `waits` for may wait for functions that
    call the cloud in turn, and have a thread of their own. `companions` are services of the
    embedded cloud alone that belong to it, `resource_types` what it makes of resources in
    templates.
    """

    name: str
    operations: Mapping[str, Operation]
    signing_name: str = ""
    iam_prefix: str = ""
    actions: Mapping[str, str] | None = None
    throttling_code: str = "ThrottlingException"
    validation_code: str = "ValidationException"
    resource: Callable[[Asked], str] = _on_all
    left: frozenset[str] = frozenset()
    waits: frozenset[str] = frozenset()
    also_asked: Callable[[Asked], Sequence[Permission]] = _nothing_more
    wrong_patterns: frozenset[str] = frozenset()
    """Members, in lower camel case, whose pattern in botocore's model right values do not match."""
    companions: Sequence[Service] = ()
    resource_types: Mapping[str, ResourceHandler] = field(default_factory=dict)

    @property
    def protocol(self) -> WireProtocol:
        """How the service is spoken to."""
        return protocol_of(self.name)

    def served(self, faults: FaultSource, site: Site) -> Service:
        """The service behind the front door of that cloud, with these faults."""

        async def handle(request: Request) -> Response:
            try:
                return await self._answer(request, faults, site)
            except RefusedRequestError as error:
                return self.protocol.refusal(error.code, error.message, 400)

        return Service(
            name=self.name,
            signing_name=self.signing_name or self.name,
            claims=self._claims,
            permissions=self._permissions,
            handle=handle,
            denied_status=self.protocol.denied_status,
            refuse=self.protocol.refusal,
        )

    def _claims(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        operation = self.protocol.operation_at(method, path, headers)
        return operation is not None and operation not in self.left

    def _asked(self, request: Request) -> Asked:
        """ValueError if the request can't be read."""
        protocol = self.protocol
        path = request.raw_path or request.path
        operation = protocol.operation_at(request.method, path, request.headers) or ""
        return Asked(
            operation=operation,
            request=protocol.members(request, operation),
            tenant=(request.account, request.region),
        )

    def _permissions(self, request: Request) -> Sequence[Permission]:
        asked = self._asked(request)
        known = {} if self.actions is None else self.actions
        action = known.get(asked.operation, f"{self.iam_prefix or self.name}:{asked.operation}")
        own = Permission(action=action, resource=self.resource(asked))
        return [own, *self.also_asked(asked)]

    async def _answer(self, request: Request, faults: FaultSource, site: Site) -> Response:
        if faults.throttles():
            raise RefusedRequestError(self.throttling_code, "Rate exceeded")
        asked = self._asked(request)
        operation = self._checked(asked)
        call = Call(
            request=asked.request,
            fails_item=faults.fails_item,
            fate=faults.fate,
            tenant=asked.tenant,
            client=site.clients_of_caller(request),
        )
        answer = await self._done(asked.operation, operation, call)
        failures = self._real(apimodels.answer_failures(self.name, asked.operation, answer.body))
        if failures:
            raise WrongAnswerError(f"{asked.operation}: {apimodels.listed(failures)}")
        plain = self.protocol.response(asked.operation, answer.body)
        headers = {**plain.headers, ENGINE_HEADER: answer.engine}
        return Response(status=plain.status, headers=headers, body=plain.body)

    def _real(self, failures: Sequence[str]) -> list[str]:
        """The failures that are none of the model's own."""
        return [
            failure
            for failure in failures
            if "regular expression" not in failure
            or not any(f"{member}' failed" in failure for member in self.wrong_patterns)
        ]

    async def _done(self, name: str, operation: Operation, call: Call) -> Answer:
        if name in self.waits:
            return await on_own_thread(operation, call, name=f"{self.name}-{name}")
        return await asyncio.to_thread(operation, call)

    def _checked(self, asked: Asked) -> Operation:
        """The operation, for a request that satisfies every constraint of it."""
        operation = self.operations.get(asked.operation)
        if operation is None:
            what = f"the operation {asked.operation}"
            raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
        try:
            failures = self._real(
                apimodels.constraint_failures(self.name, asked.operation, asked.request)
            )
        except apimodels.MalformedRequestError as error:
            raise RefusedRequestError("SerializationException", str(error)) from error
        if failures:
            raise RefusedRequestError(self.validation_code, apimodels.listed(failures))
        return operation
